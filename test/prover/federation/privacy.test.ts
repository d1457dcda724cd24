import { expect } from "chai";

import { decodeDocument } from "../../../prover/src/data/document.ts";
import { federationWord } from "../../../prover/src/chain/context.ts";
import { readRound } from "../../../prover/src/chain/rounds.ts";
import { readFederation, roundsContract } from "../../../prover/src/chain/federations.ts";
import { toField } from "../../../prover/src/field.ts";
import { readGlobalModel } from "../../../prover/src/federation/federation-files.ts";
import { trainLocal } from "../../../prover/src/federation/local-training.ts";
import { MASKED_VECTOR } from "../../../prover/src/federation/masked-vector.ts";
import { pairMasks } from "../../../prover/src/federation/masks.ts";
import { localTrainingSeed, type MemberSecrets } from "../../../prover/src/federation/member-key.ts";
import { pairSecret } from "../../../prover/src/federation/pair-keys.ts";
import { parameterVector } from "../../../prover/src/federation/parameter-vector.ts";
import { RoundFolder } from "../../../prover/src/federation/round-folder.ts";
import { LOCAL_MODEL, type LocalModel, MASKED_MODEL } from "../../../prover/src/federation/round-stages.ts";
import { modelDigest, roundNullifier } from "../../../prover/src/model/commitment.ts";
import { openBackend } from "../../../prover/src/training/backend.ts";
import { FederationStage } from "../../support/federation.ts";
import { castOf, playRounds, vanish } from "../../support/play-rounds.ts";
import { RoundMembers } from "../../support/round-members.ts";
import { TINY_RULE } from "../support/training-rules.ts";

const ALL = [0, 1, 2, 3];
const VICTIM = 1;

/** A member with all that it keeps to itself. */
interface Insider {
  readonly index: number;
  readonly secrets: MemberSecrets;
  readonly local: LocalModel;
  /** Its model times its factor, without masks. */
  readonly vector: readonly bigint[];
}

let stage: FederationStage;
let members: RoundMembers;

/** Gives a group of tests a chain of their own, and removes the folders of each test's members. */
function useStage(): void {
  before(async () => {
    stage = await FederationStage.start();
  });

  after(async () => {
    await stage.stop();
  });

  afterEach(() => {
    members.clear();
  });
}

describe("what the leader of a round receives", () => {
  useStage();

  it("is the vectors of all and whatever else is public, and has nobody's model", async () => {
    members = await RoundMembers.create(stage, { maxRounds: 1 });
    await playRounds(stage, castOf(members, ALL));
    const received = await publicRecord();
    const insiders = await Promise.all(ALL.map(openInsider));
    expect(vectorsIn(received)).to.have.lengthOf(4);
    for (const { local, vector } of insiders) {
      for (const secret of secretWords(local, vector)) expect(holds(received, secret)).to.equal(false);
    }
    for (const leader of insiders) {
      expect(
        await modelsFound(leader, insiders, vectorsIn(received)),
        `by member ${leader.index}`,
      ).to.deep.equal([]);
    }
    // The search is not blind: what is in the record is found.
    const { commitment } = (await readFederation(stage.market.contracts, members.federation.federationId))
      .globalModel;
    expect(holds(received, commitment)).to.equal(true);
    const { local, vector } = insiders[2]!;
    for (const secret of secretWords(local, vector)) {
      expect(holds([...received, JSON.stringify({ word: String(secret) })], secret)).to.equal(true);
    }
  });

  it("has no model of a member that dropped out before all had masked: vectors are shown but once", async () => {
    members = await RoundMembers.create(stage, { maxRounds: 1 });
    // It has made its vector, and dies before it masks; the others mask again without it.
    const cast = castOf(members, ALL, (index, member) => ({
      ...member,
      chain: {
        ...member.chain,
        mask: async (round, update) => {
          if (index === 3) return await vanish();
          return await member.chain.mask(round, update);
        },
      },
    }));
    await playRounds(stage, cast);
    const insiders = await Promise.all(ALL.map(openInsider));
    const vectors = vectorsIn(await publicRecord());
    expect(vectors).to.have.lengthOf(3);
    const unshown = await Promise.all(
      ALL.map(async (index) => (await (await folderOf(index)).load("mask-1", MASKED_MODEL))!.vector),
    );
    for (const leader of insiders.slice(0, 3)) {
      expect(await modelsFound(leader, insiders, vectors), `by member ${leader.index}`).to.deep.equal([]);
      // Were the first masking's vectors shown, too, that of the one who is gone would be its model.
      expect(await modelsFound(leader, insiders, [...vectors, ...unshown])).to.include(3);
    }
  });

  it("has no model of a member whose vector comes too late: the others do not mask again", async () => {
    members = await RoundMembers.create(stage, { maxRounds: 1 });
    const cast = castOf(members, ALL, (index, member) =>
      index === 3 ? { ...member, artifacts: { ...member.artifacts, publish: vanish } } : member,
    );
    await playRounds(stage, cast);
    const insiders = await Promise.all(ALL.map(openInsider));
    const vectors = vectorsIn(await publicRecord());
    expect(vectors).to.have.lengthOf(3);
    const late = (await (await folderOf(3)).load("mask-1", MASKED_MODEL))!.vector;
    for (const leader of insiders.slice(0, 3)) {
      expect(
        await modelsFound(leader, insiders, [...vectors, late]),
        `by member ${leader.index}`,
      ).to.deep.equal([]);
    }
  });
});

describe("the nullifier of a member's model", () => {
  useStage();

  for (const [kind, rule] of [
    ["floats", undefined],
    ["integers", TINY_RULE],
  ] as const) {
    it(`tells nobody that it guessed a sample, where members train with ${kind}, without the member's secret`, async () => {
      members = await RoundMembers.create(stage, { maxRounds: 1 }, ALL, rule);
      await playRounds(stage, castOf(members, ALL));
      const { chainId, address, federationId } = members.federation;
      const account = stage.address(VICTIM);
      const nullifier = await publishedNullifier(account);
      // All of the sample's labels, with the seeds that follow from what is public.
      const publicSeeds = [
        `${chainId} ${address} ${federationId} 1 ${account}`,
        `${account} 1`,
        localTrainingSeed(new Uint8Array(32), 1n),
      ];
      for (const seed of publicSeeds) {
        expect(await labelsFound(nullifier, seed), seed).to.deep.equal([]);
      }
      // The attack is no straw man: with the member's own seed it finds the label, and no other.
      const { trainingKey } = await members.secretsOf(VICTIM);
      const seed = localTrainingSeed(trainingKey, 1n);
      expect(await labelsFound(nullifier, seed)).to.deep.equal([members.samplesOf(VICTIM).labels[0]]);
      // And what that seed comes from is nowhere.
      const published = await publicRecord();
      for (const secret of [Buffer.from(trainingKey).toString("hex"), seed]) {
        expect(published.some((text) => text.includes(secret))).to.equal(false);
      }
    });
  }
});

/** What a member's proof said of its model in the first round. */
async function publishedNullifier(account: string): Promise<bigint> {
  const contract = roundsContract(stage.market.contracts);
  const { federationId, createdAtBlock } = members.federation;
  const filter = contract.filters.LocalScoreProven(federationId, 1n, account);
  const [event] = await contract.queryFilter(filter, createdAtBlock);
  return event!.args.nullifier;
}

/** Labels of the victim's first sample with which training from a seed comes to a nullifier, all other samples being known. */
async function labelsFound(nullifier: bigint, seed: string): Promise<number[]> {
  const { artifacts, files, federation } = members;
  const { document, shards } = files;
  const samples = members.samplesOf(VICTIM);
  const globalModel = await readGlobalModel(artifacts.read, files, federation.globalModel);
  const found: number[] = [];
  for (let label = 0; label < samples.classCount; label++) {
    const labels = samples.labels.slice();
    labels[0] = label;
    const { model } = await trainLocal({
      ...{ document, globalModel, seed },
      samples: { ...samples, labels },
      testSamples: shards[0]!.testSet.samples,
      openBackend: () => openBackend("wasm"),
    });
    if (roundNullifier(federationWord(federation), 1n, model) === nullifier) found.push(label);
  }
  return found;
}

/** The texts of all artifacts and, in hexadecimal, all transactions and events of the chain. */
async function publicRecord(): Promise<string[]> {
  const { provider } = stage.market.connection;
  const record = [...members.artifacts.texts.values()];
  const latest = await provider.getBlockNumber();
  for (let number = members.federation.createdAtBlock; number <= latest; number++) {
    const block = await provider.getBlock(number, true);
    for (const transaction of block!.prefetchedTransactions) {
      const receipt = await provider.getTransactionReceipt(transaction.hash);
      record.push(transaction.data, ...receipt!.logs.flatMap(({ data, topics }) => [data, ...topics]));
    }
  }
  return record;
}

function vectorsIn(record: readonly string[]): (readonly bigint[])[] {
  return record
    .filter((text) => text.includes(`"format":"${MASKED_VECTOR.format}"`))
    .map((text) => decodeDocument(MASKED_VECTOR, text));
}

/** What a model could be known by: its packed parameters, its digest, the salt of its commitment. */
function secretWords({ model, salt }: LocalModel, vector: readonly bigint[]): bigint[] {
  return [...vector, modelDigest(model), salt];
}

/** Whether a record has a field element, in decimal or as 32 bytes in hexadecimal. */
function holds(record: readonly string[], word: bigint): boolean {
  const [decimal, hexadecimal] = [`"${word}"`, word.toString(16).padStart(64, "0")];
  return record.some((text) => text.includes(decimal) || text.includes(hexadecimal));
}

async function folderOf(index: number): Promise<RoundFolder> {
  const sender = stage.sender(index);
  const { folderKey } = await members.secretsOf(index);
  const place = { ...members.federation, round: 1n };
  return new RoundFolder(members.folderOf(index), place, sender.wallet.address, folderKey);
}

async function openInsider(index: number): Promise<Insider> {
  const secrets = await members.secretsOf(index);
  const local = (await (await folderOf(index)).load("local-model", LOCAL_MODEL))!;
  return {
    index,
    secrets,
    local,
    vector: parameterVector(local.model, local.factor, members.federation.maxFactorSum),
  };
}

/**
 * Members other than `leader` whose unmasked vectors are combinations, with factors −1, 0 and 1, of the vectors received, the
 * leader's own and the masks that the leader shares with each of the others.
 */
async function modelsFound(
  leader: Insider,
  insiders: readonly Insider[],
  vectors: readonly (readonly bigint[])[],
): Promise<number[]> {
  const { contracts } = stage.market;
  const { federation } = members;
  const round = await readRound(contracts, federation, 1n, stage.address(0), await stage.time());
  const words = leader.vector.length;
  const others = insiders.filter(({ index }) => index !== leader.index);
  const masks = others.map(({ secrets }) => {
    const secret = pairSecret(leader.secrets.maskKey, secrets.maskKey.publicKey);
    return pairMasks(secret, federationWord(federation), round.round, words);
  });
  const known = [...vectors, leader.vector, ...masks];
  // One word decides, as a combination of the wrong masks is a uniform field element: the last one, which has the biases. They
  // are finer than weights, so that no two of these small models have the same.
  const targets = new Map(others.map(({ index, vector }) => [vector[words - 1]!, index]));
  const found = new Set<number>();
  const search = (next: number, sum: bigint): void => {
    if (next === known.length) {
      const owner = targets.get(sum) ?? targets.get(toField(-sum));
      if (owner !== undefined) found.add(owner);
      return;
    }
    const word = known[next]![words - 1]!;
    search(next + 1, sum);
    search(next + 1, toField(sum + word));
    search(next + 1, toField(sum - word));
  };
  search(0, 0n);
  return [...found];
}
