import { ZeroAddress } from "ethers";

import { formatArtifactUri } from "../../../prover/src/artifacts/artifact-uri.ts";
import { getDocument, putDocument } from "../../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import {
  createFederation,
  type FederationRecord,
  fundFederation,
  readFederation,
  readMember,
} from "../../../prover/src/chain/federations.ts";
import { registerKey } from "../../../prover/src/chain/registry.ts";
import type { RoundTiming } from "../../../prover/src/chain/round-state.ts";
import {
  checkFederation,
  type FederationFiles,
  type FederationProvers,
  readFederationFiles,
} from "../../../prover/src/federation/federation-files.ts";
import { joinWithOwnKey } from "../../../prover/src/federation/join.ts";
import { findMemberSecrets } from "../../../prover/src/federation/member-key.ts";
import { publishFederation } from "../../../prover/src/federation/publish-federation.ts";
import { defaultWeightScales } from "../../../prover/src/federation/start-model.ts";
import { architectureId } from "../../../prover/src/model/architecture.ts";
import { taskDataPoints } from "../../../prover/src/task/check-task.ts";
import { emptyVectorDigest } from "../../../prover/src/witness/aggregate-witness.ts";
import { layDown } from "../sealed-auction/money.ts";
import type { Stage } from "../stage.ts";
import { ether } from "../task.ts";
import { CAST } from "./cast.ts";
import type { FederationData } from "./partition.ts";
import type { FederationScenario } from "./scenarios.ts";
import type { Player } from "./setting.ts";
import { demoTrainingKey } from "./trainers.ts";

/** Of each round, divided by improvement. */
export const ROUND_REWARD_WEI = 10n ** 18n;
/** Least stake of a member, the most that counts, and what a leader that does not deliver loses. */
export const MIN_STAKE_WEI = 5n * 10n ** 17n;
/** A member that has lost its bond still has the least stake. */
const STAKE_WEI = 10n ** 18n;
const CAP_WEI = 2n * 10n ** 18n;
export const BOND_WEI = 25n * 10n ** 16n;
/** Longer than all members together need on one machine, one after the other. */
const TIMING: RoundTiming = {
  trainSeconds: 600,
  commitSeconds: 3_600,
  proveSeconds: 7_200,
  maskSeconds: 7_200,
  takeSeconds: 1_800,
  leadSeconds: 3_600,
};

/** A federation as its sponsor made it. */
export interface FoundedFederation {
  readonly federation: FederationRecord;
  readonly files: FederationFiles;
  readonly store: ArtifactStore;
}

/** The operator registers the keys of all three circuits but the first, which the stage has registered. */
export async function registerOtherKeys(stage: Stage, { mask, aggregate }: FederationProvers): Promise<void> {
  for (const [name, { keys }] of [
    ["masked updates", mask],
    ["averages", aggregate],
  ] as const) {
    await stage.transact(
      "operator",
      `register the verifying key for ${name}`,
      async (sender) => (await registerKey(sender, stage.contracts, keys.manifest))!,
      `registers the verifying key for ${name}`,
    );
  }
}

/** The sponsor publishes test set, document and model of the start, creates the federation and pays for all rounds. */
export async function foundFederation(
  stage: Stage,
  scenario: FederationScenario,
  provers: FederationProvers,
  data: FederationData,
  folder: string,
  seed: string,
): Promise<FoundedFederation> {
  const { score, mask, aggregate } = provers;
  const { architecture } = score.circuit.instance;
  const rounds = scenario.poisoner.length;
  const store = new ArtifactStore(folder);
  const published = await publishFederation(
    (kind, value) => putDocument(store, kind, value),
    {
      title: scenario.title,
      circuits: {
        score: score.circuit.instance,
        scoreKeyId: score.keys.keyId,
        mask: mask.circuit.instance,
        maskKeyId: mask.keys.keyId,
        aggregate: aggregate.circuit.instance,
        aggregateKeyId: aggregate.keys.keyId,
      },
      licence: scenario.licence,
      weightScales: defaultWeightScales(architecture),
      training: scenario.training,
      samplesPerFactor: scenario.samplesPerFactor,
      start: { kind: "random", seed },
    },
    data.testSet,
  );
  const files = await readFederationFiles((cid, kind) => getDocument(store, cid, kind), published.document);
  const { result: dataPoints } = await stage.story.act(
    "sponsor",
    "publishing the test set and the model of the start",
    () => taskDataPoints(score.circuit.instance, files.shards, score.keys),
    () => ({
      text: `publishes ${files.document.sampleCount} test samples and a model drawn from a seed, which has ${published.startCorrect} of them correct`,
    }),
  );
  let federationId = 0n;
  await stage.transact(
    "sponsor",
    "create the federation",
    async (sender) => {
      const created = await createFederation(sender, stage.contracts, {
        scoreKeyId: score.keys.keyId,
        maskKeyId: mask.keys.keyId,
        aggregateKeyId: aggregate.keys.keyId,
        architectureId: architectureId(architecture),
        emptyVectorDigest: emptyVectorDigest(aggregate.circuit.instance),
        maxFactorSum: aggregate.circuit.instance.maxFactorSum,
        places: mask.circuit.instance.members,
        dataPoints,
        sampleCount: files.document.sampleCount,
        toleranceCount: scenario.toleranceCount,
        bandCount: scenario.bandCount,
        keepBetter: false,
        maxRounds: rounds,
        timing: TIMING,
        stakeToken: ZeroAddress,
        minStakeWei: MIN_STAKE_WEI,
        capWei: CAP_WEI,
        bondWei: BOND_WEI,
        rewardToken: ZeroAddress,
        rewardWei: ROUND_REWARD_WEI,
        globalCommitment: published.startCommitment,
        globalCorrect: published.startCorrect,
        globalUri: formatArtifactUri(published.start),
        documentHash: files.documentHash,
        documentUri: formatArtifactUri(published.document),
      });
      ({ federationId } = created);
      return created.transaction;
    },
    `creates a federation of ${mask.circuit.instance.members} places and ${rounds} rounds`,
  );
  const federation = await readFederation(stage.contracts, federationId);
  const poolWei = BigInt(rounds) * ROUND_REWARD_WEI;
  await stage.transact(
    "sponsor",
    "fund the rounds",
    (sender) => fundFederation(sender, federation, poolWei),
    `puts ${ether(poolWei)} into the pool, ${ether(ROUND_REWARD_WEI)} for each round`,
  );
  return { federation, files, store };
}

/** Everybody checks the federation against its published files, derives a mask key, stakes and joins. */
export async function joinAll(
  stage: Stage,
  { federation, files }: FoundedFederation,
  provers: FederationProvers,
  data: FederationData,
  seed: string,
): Promise<readonly Player[]> {
  const players: Player[] = [];
  for (const [index, { party, role }] of CAST.entries()) {
    const { result: agreed } = await stage.story.act(
      party,
      "checking the federation against its published files",
      () => checkFederation(federation, files, provers),
      (names) => ({ text: `checks the federation: ${names.length} published values agree with the chain` }),
    );
    if (agreed.length === 0) throw new Error("nothing of the federation was checked");
    const sender = stage.sender(party);
    await layDown(stage, party, federation.address, STAKE_WEI, "a member's stake");
    const part = data.parts[index];
    const count = part?.samples.sampleCount ?? 0;
    await stage.transact(
      party,
      "join the federation",
      (own) => joinWithOwnKey(own, stage.contracts, federation, STAKE_WEI),
      `joins with ${count === 0 ? "no data" : `${count} samples of its own`} and ${ether(STAKE_WEI)} of stake`,
    );
    const { key } = await readMember(stage.contracts, federation, sender.wallet.address);
    const secrets = {
      ...(await findMemberSecrets(sender.wallet, federation, key)),
      trainingKey: demoTrainingKey(seed, party),
    };
    players.push({ party, role, address: stage.address(party), secrets, part, stakeWei: STAKE_WEI });
  }
  return players;
}
