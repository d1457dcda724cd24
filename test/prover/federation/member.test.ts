import { expect } from "chai";

import { ArtifactError } from "../../../prover/src/artifacts/artifact-error.ts";
import { documentCid } from "../../../prover/src/artifacts/documents.ts";
import { ChainError } from "../../../prover/src/chain/chain-error.ts";
import { ROUND_GLOBAL_PURPOSE } from "../../../prover/src/chain/context.ts";
import {
  joinFederation,
  leaveFederation,
  readFederation,
  readFederationCredit,
  readMember,
} from "../../../prover/src/chain/federations.ts";
import { readRound } from "../../../prover/src/chain/rounds.ts";
import { depositStake } from "../../../prover/src/chain/stake.ts";
import { GLOBAL_MODEL } from "../../../prover/src/federation/global-model.ts";
import { deriveMemberSecrets } from "../../../prover/src/federation/member-key.ts";
import { type Member, stepMember } from "../../../prover/src/federation/member.ts";
import { readGlobalModel } from "../../../prover/src/federation/federation-files.ts";
import { MASKED_VECTOR } from "../../../prover/src/federation/masked-vector.ts";
import type { MemberStages } from "../../../prover/src/federation/member-stages.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import type { TrainingRule } from "../../../prover/src/verifiable/training-rule.ts";
import { FederationStage, MEMBER_STAKE_WEI } from "../../support/federation.ts";
import { castOf, type Done, playRounds, vanish } from "../../support/play-rounds.ts";
import { RoundMembers } from "../../support/round-members.ts";
import { errorOf } from "../../support/error-of.ts";
import { TINY_RULE } from "../support/training-rules.ts";

const NATIVE = "0x0000000000000000000000000000000000000000";

/** What a member proves of its masked model. */
type MaskedModelProof = Awaited<ReturnType<MemberStages["proveMaskedModel"]>>;

let stage: FederationStage;

before(async () => {
  stage = await FederationStage.start();
});

after(async () => {
  await stage.stop();
});

/** A model that finds every other class more likely. */
function reversed({ architecture, layers }: IntegerModel): IntegerModel {
  const [hidden, output] = layers;
  const negated = (values: Int32Array): Int32Array => values.map((value) => -value);
  return {
    architecture,
    layers: [hidden!, { weights: negated(output!.weights), biases: negated(output!.biases) }],
  };
}

/** A member whose models nobody else finds. */
function hidingModels(_: number, member: Member): Member {
  const { put } = member.artifacts;
  const hide: typeof put = async (kind, value) =>
    kind.format === GLOBAL_MODEL.format ? await documentCid(kind, value) : await put(kind, value);
  return { ...member, artifacts: { ...member.artifacts, put: hide } };
}

/** An artifact node that does not answer. */
async function unreachable(): Promise<never> {
  return await Promise.reject(new ArtifactError("artifact.node-failed", "the node is away", "Wait for it."));
}

/** A model in range, of a kind by index: the average of both kinds is out of range. */
function halfOfAnOverflow(index: number): IntegerModel {
  const { architecture } = TINY_RULE;
  const [hidden, output] = index % 2 === 0 ? [8_000_000, 0] : [index, 32_767];
  return {
    architecture,
    layers: [
      { weights: new Int32Array(12).fill(index), biases: new Int32Array(3).fill(hidden) },
      {
        weights: Int32Array.from({ length: 9 }, (_, weight) => (weight % 3 === 0 ? output : -output)),
        biases: Int32Array.of(0, 0, 0),
      },
    ],
  };
}

function kindsOf(done: Done, index: number): string[] {
  return done.filter((step) => step.index === index).map(({ kind }) => kind);
}

describe("stepMember", () => {
  const casts: RoundMembers[] = [];
  const create = async (
    changes?: Parameters<typeof RoundMembers.create>[1],
    rule?: TrainingRule,
  ): Promise<RoundMembers> => {
    const created = await RoundMembers.create(stage, changes, undefined, rule);
    casts.push(created);
    return created;
  };
  after(() => {
    for (const created of casts) created.clear();
  });

  it("takes members through rounds, to a global model that is better and to their rewards", async () => {
    const members = await create();
    const done = await playRounds(stage, castOf(members, [0, 1, 2, 3]));
    const { contracts } = stage.market;
    const { federationId, globalModel } = members.federation;
    const ended = await readFederation(contracts, federationId);
    expect(ended.round).to.equal(2n);
    expect(ended.globalModel.round).to.equal(2n);
    expect(ended.globalModel.correct).to.be.above(globalModel.correct);
    const model = await readGlobalModel(members.artifacts.read, members.files, ended.globalModel);
    const { samples } = members.files.shards[0]!.testSet;
    expect(runReference(model, samples).correctCount).to.equal(ended.globalModel.correct);
    for (const index of [0, 1, 2, 3]) {
      const kinds = kindsOf(done, index);
      for (const kind of ["train", "commit", "prove", "mask", "publish-vector"]) {
        expect(
          kinds.filter((other) => other === kind),
          `${kind} of member ${index}`,
        ).to.have.lengthOf(2);
      }
    }
    expect(done.filter(({ kind }) => kind === "aggregate")).to.have.lengthOf(2);
    expect(done.some(({ kind }) => kind === "claim")).to.equal(true);
    const credits = await Promise.all(
      [0, 1, 2, 3].map((index) => readFederationCredit(contracts, stage.address(index), NATIVE)),
    );
    expect(credits.some((credit) => credit > 0n)).to.equal(true);
  });

  it("goes on after being killed before and after whatever it computes and sends, and sends nothing twice", async () => {
    const members = await create({ maxRounds: 1 });
    const done: string[] = [];
    const interrupted = new Set<string>();
    /** Every call fails once before it is made, and once after it has taken effect. */
    const killed = <Port extends object>(index: number, port: Port): Port =>
      new Proxy(port, {
        get: (target, name: string) => {
          if (["account", "settle", "read", "vectors"].includes(name))
            return Reflect.get(target, name) as unknown;
          return async (...values: unknown[]) => {
            const interrupt = (when: string): void => {
              const point = `${index} ${name} ${when}`;
              if (interrupted.has(point)) return;
              interrupted.add(point);
              throw new Error("killed");
            };
            interrupt("before");
            const act = Reflect.get(target, name) as (...given: unknown[]) => Promise<unknown>;
            const result = await act(...values);
            done.push(`${index} ${name}`);
            interrupt("after");
            return result;
          };
        },
      });
    const cast = castOf(members, [0, 1, 2, 3], (index, member) => ({
      ...member,
      chain: killed(index, member.chain),
      stages: killed(index, member.stages),
    }));
    for (let run = 0; ; run++) {
      expect(run, "runs").to.be.below(90);
      try {
        await playRounds(stage, cast);
        break;
      } catch (error) {
        expect((error as Error).message).to.equal("killed");
      }
    }
    for (const action of ["commit", "prove", "mask"]) {
      for (const index of [0, 1, 2, 3]) {
        expect(
          done.filter((name) => name === `${index} ${action}`),
          `${index} ${action}`,
        ).to.have.lengthOf(1);
      }
    }
    const { globalModel } = await readFederation(stage.market.contracts, members.federation.federationId);
    expect(globalModel.round).to.equal(1n);
  });

  it("masks again without a member that vanishes after its proof", async () => {
    const members = await create({ maxRounds: 1 });
    const gone = castOf(members, [0, 1, 2, 3], (index, member) =>
      index === 3 ? { ...member, stages: { ...member.stages, proveMaskedModel: vanish } } : member,
    );
    const done = await playRounds(stage, gone);
    for (const index of [0, 1, 2])
      expect(kindsOf(done, index).filter((kind) => kind === "mask")).to.have.lengthOf(2);
    expect(kindsOf(done, 3)).to.not.include("mask");
    const { globalModel } = await readFederation(stage.market.contracts, members.federation.federationId);
    expect(globalModel.round).to.equal(1n);
  });

  it("masks again without a member that masked for another roster and showed its vector at once", async () => {
    const members = await create({ maxRounds: 1 });
    const { artifacts } = members;
    let other: MaskedModelProof | undefined;
    const cast = castOf(members, [0, 1, 2, 3], (index, member) => ({
      ...member,
      stages: {
        ...member.stages,
        proveMaskedModel: async (site, opened, masking) => {
          const [first, second, ...rest] = masking.roster;
          const roster = [second!, first!, ...rest];
          if (index === 3) other = await member.stages.proveMaskedModel(site, opened, { ...masking, roster });
          return await member.stages.proveMaskedModel(site, opened, masking);
        },
      },
      chain: {
        ...member.chain,
        mask: async (round, update) => {
          if (index !== 3) return await member.chain.mask(round, update);
          const uri = `ipfs://${await artifacts.put(MASKED_VECTOR, other!.vector)}`;
          return await member.chain.mask(round, { ...update, ...other!, uri });
        },
      },
    }));
    const done = await playRounds(stage, cast);
    for (const index of [0, 1, 2]) {
      expect(kindsOf(done, index).filter((kind) => kind === "mask")).to.have.lengthOf(2);
    }
    const { globalModel } = await readFederation(stage.market.contracts, members.federation.federationId);
    expect(globalModel.round).to.equal(1n);
  });

  it("gives up a round in which nobody finds a member's vector, and goes on without that member", async () => {
    const members = await create({ maxRounds: 2 });
    const hidden = castOf(members, [0, 1, 2, 3], (index, member) =>
      index === 3 ? { ...member, artifacts: { ...member.artifacts, publish: unreachable } } : member,
    );
    const done = await playRounds(stage, hidden);
    expect(done.filter(({ kind }) => kind === "report").length).to.equal(3);
    for (const index of [0, 1, 2]) {
      expect(kindsOf(done, index).filter((kind) => kind === "mask")).to.have.lengthOf(2);
    }
    expect(kindsOf(done, 3).filter((kind) => kind === "commit")).to.have.lengthOf(1);
    const { contracts } = stage.market;
    const { globalModel } = await readFederation(contracts, members.federation.federationId);
    expect(globalModel.round).to.equal(2n);
    const { firstRound } = await readMember(contracts, members.federation, stage.address(3));
    expect(firstRound).to.equal(3n);
  });

  it("lets nobody lead with a vector that it keeps to itself", async () => {
    // The best stays so until it is elected, and tries to lead as soon as the contract lets it.
    const members = await create({ maxRounds: 1 });
    const done: string[] = [];
    const cast = castOf(members, [0, 1, 2, 3], (index, member) => ({
      ...member,
      artifacts: {
        ...member.artifacts,
        publish: async (kind, value) => {
          const round = (await member.chain.read()).round!;
          if (round.leaderPlace !== round.own.place) return await member.artifacts.publish(kind, value);
          const error = await errorOf(member.chain.takeLead(round));
          done.push(`${index} ${error.code}`);
          return await documentCid(kind, value);
        },
      },
    }));
    await playRounds(stage, cast);
    expect(done).to.have.lengthOf(1);
    expect(done[0]).to.include("contract.RoundTooEarly");
    const { federationId } = members.federation;
    const { round, globalModel } = await readFederation(stage.market.contracts, federationId);
    expect([round, globalModel.round]).to.deep.equal([1n, 0n]);
  });

  it("tries again to publish what a node refused", async () => {
    const members = await create({ maxRounds: 1 });
    let refused = 0;
    const cast = castOf(members, [0, 1, 2, 3], (index, member) => ({
      ...member,
      artifacts: {
        ...member.artifacts,
        publish: async (kind, value) =>
          index === 3 && refused++ < 2 ? await unreachable() : await member.artifacts.publish(kind, value),
      },
    }));
    const done = await playRounds(stage, cast);
    expect(refused).to.equal(3);
    expect(kindsOf(done, 3).filter((kind) => kind === "publish-vector")).to.have.lengthOf(1);
    const { globalModel } = await readFederation(stage.market.contracts, members.federation.federationId);
    expect(globalModel.round).to.equal(1n);
  });

  it("passes the lead where the average cannot be counted", async () => {
    const members = await create({ maxRounds: 1 }, TINY_RULE);
    const cast = castOf(members, [0, 1, 2, 3], (index, member) => ({
      ...member,
      stages: { ...member.stages, train: async () => await Promise.resolve(halfOfAnOverflow(index)) },
    }));
    const done = await playRounds(stage, cast);
    expect(done.map(({ kind }) => kind))
      .to.include("prove")
      .and.not.include("take-lead");
    const { federationId } = members.federation;
    const { round, globalModel } = await readFederation(stage.market.contracts, federationId);
    expect([round, globalModel.round]).to.deep.equal([1n, 0n]);
  });

  it("replaces a leader that takes the lead and vanishes, at the cost of its bond", async () => {
    const members = await create({ maxRounds: 1 });
    let vanished: number | undefined;
    const all = castOf(members, [0, 1, 2, 3], (index, member) => ({
      ...member,
      stages: {
        ...member.stages,
        proveAverage: async (...values: Parameters<typeof member.stages.proveAverage>) => {
          vanished ??= index;
          if (vanished === index) return await vanish();
          return await member.stages.proveAverage(...values);
        },
      },
    }));
    const done = await playRounds(stage, all);
    expect(done.filter(({ kind }) => kind === "aggregate").map(({ index }) => index)).to.not.include(
      vanished,
    );
    const { contracts } = stage.market;
    const { globalModel, bondWei } = await readFederation(contracts, members.federation.federationId);
    expect(globalModel.round).to.equal(1n);
    const { weightWei } = await readMember(contracts, members.federation, stage.address(vanished!));
    expect(weightWei).to.equal(MEMBER_STAKE_WEI - bondWei);
  });

  it("raises a count of the average that a leader proved too small", async () => {
    const members = await create({ maxRounds: 1 });
    let leader: number | undefined;
    const all = castOf(members, [0, 1, 2, 3], (index, member) => ({
      ...member,
      stages: {
        ...member.stages,
        proveGlobalCount: async (site, opened) => {
          leader ??= index;
          const honest = await member.stages.proveGlobalCount(site, opened);
          if (leader !== index) return honest;
          return await members.score(ROUND_GLOBAL_PURPOSE, site, opened, honest.counts[0]);
        },
      },
      chain: {
        ...member.chain,
        // It is content with the count it has proven.
        scoreGlobal: async (round, score) =>
          index === leader && round.isScored ? await vanish() : await member.chain.scoreGlobal(round, score),
      },
    }));
    const done = await playRounds(stage, all);
    const raised = done.filter(({ kind }) => kind === "score-global").map(({ index }) => index);
    expect(raised).to.have.lengthOf(2);
    expect(raised[0]).to.equal(leader);
    expect(raised[1]).to.not.equal(leader);
    const { globalModel } = await readFederation(stage.market.contracts, members.federation.federationId);
    const model = await readGlobalModel(members.artifacts.read, members.files, globalModel);
    const { samples } = members.files.shards[0]!.testSet;
    expect(globalModel.correct).to.equal(runReference(model, samples).correctCount);
  });

  it("trains with integers where the federation does", async () => {
    const members = await create({ maxRounds: 1 }, { ...TINY_RULE, epochs: 20 });
    await playRounds(stage, castOf(members, [0, 1, 2, 3]));
    const { globalModel } = await readFederation(stage.market.contracts, members.federation.federationId);
    const model = await readGlobalModel(members.artifacts.read, members.files, globalModel);
    expect(model.architecture).to.deep.equal(TINY_RULE.architecture);
    expect(globalModel.correct).to.be.above(members.federation.globalModel.correct);
  });

  it("goes on without a member that never commits and a leader that does not take the lead", async () => {
    const members = await create({ maxRounds: 1 });
    let passing: number | undefined;
    const cast = castOf(members, [0, 1, 2, 3], (index, member) => ({
      ...member,
      chain: {
        ...member.chain,
        commit: async (...values) => (index === 3 ? await vanish() : await member.chain.commit(...values)),
        takeLead: async (round) => {
          passing ??= index;
          return passing === index ? await vanish() : await member.chain.takeLead(round);
        },
      },
    }));
    const done = await playRounds(stage, cast);
    expect(kindsOf(done, 3)).to.not.include("prove");
    expect(done.filter(({ kind }) => kind === "take-lead").map(({ index }) => index)).to.not.include(passing);
    const { contracts } = stage.market;
    const { globalModel } = await readFederation(contracts, members.federation.federationId);
    expect(globalModel.round).to.equal(1n);
    const { weightWei } = await readMember(contracts, members.federation, stage.address(passing!));
    expect(weightWei).to.equal(MEMBER_STAKE_WEI);
  });

  it("keeps the leader's own model where the average is worse, if federation and leader want it", async () => {
    const members = await create({ maxRounds: 1, keepBetter: true });
    const cast = castOf(members, [0, 1, 2, 3], (index, member) => ({
      ...member,
      publishesOwnModel: index === 3,
      stages: {
        ...member.stages,
        train: async (site, globalModel) => {
          const trained = await member.stages.train(site, globalModel);
          return index === 3 ? trained : reversed(trained);
        },
      },
    }));
    const done = await playRounds(stage, cast);
    expect(kindsOf(done, 3)).to.include.members(["aggregate", "score-global", "keep-own"]);
    const { globalModel } = await readFederation(stage.market.contracts, members.federation.federationId);
    expect(globalModel.round).to.equal(1n);
    const model = await readGlobalModel(members.artifacts.read, members.files, globalModel);
    const { samples } = members.files.shards[0]!.testSet;
    expect(runReference(model, samples).correctCount).to.equal(globalModel.correct);
  });

  it("starts from the average that it computed itself when the leader published it nowhere", async () => {
    const members = await create();
    await playRounds(stage, castOf(members, [0, 1, 2, 3], hidingModels));
    const { globalModel } = await readFederation(stage.market.contracts, members.federation.federationId);
    expect(globalModel.round).to.equal(2n);
    const error = await errorOf(readGlobalModel(members.artifacts.read, members.files, globalModel));
    expect(error.code).to.equal("artifact.missing");
  });

  it("starts from the average, too, when a leader kept its own model and published it nowhere", async () => {
    const members = await create({ keepBetter: true });
    const cast = castOf(members, [0, 1, 2, 3], (index, member) => ({
      ...hidingModels(index, member),
      publishesOwnModel: index === 3,
      stages: {
        ...member.stages,
        train: async (site, globalModel) => {
          const trained = await member.stages.train(site, globalModel);
          return index === 3 || site.place.round > 1n ? trained : reversed(trained);
        },
      },
    }));
    const done = await playRounds(stage, cast);
    expect(kindsOf(done, 3)).to.include("keep-own");
    for (const index of [0, 1, 2]) {
      expect(kindsOf(done, index).filter((kind) => kind === "train")).to.have.lengthOf(2);
    }
  });

  it("takes part with its next key when somebody else has registered the first one", async () => {
    const members = await RoundMembers.create(stage, { maxRounds: 1 }, [0, 1]);
    casts.push(members);
    const { federation } = members;
    const { contracts } = stage.market;
    const [attacker, victim] = [stage.sender(3), stage.sender(2)];
    const { maskKey } = await deriveMemberSecrets(victim.wallet, federation);
    await depositStake(attacker, contracts, NATIVE, MEMBER_STAKE_WEI, 10n ** 20n);
    await joinFederation(attacker, contracts, federation, MEMBER_STAKE_WEI, maskKey.publicKey);
    await leaveFederation(attacker, federation);
    await members.join(2);
    await playRounds(stage, castOf(members, [0, 1, 2]));
    const time = await stage.time();
    const round = await readRound(contracts, federation, 1n, stage.address(2), time);
    expect(round.state).to.equal("final");
    expect(round.places.map(({ member }) => member)).to.include(stage.address(2));
    expect(round.peers).to.have.lengthOf(3);
    const own = round.places[round.own.place!]!;
    expect(own.key).to.deep.equal((await members.secretsOf(2)).maskKey.publicKey);
    expect(own.key).to.not.deep.equal(maskKey.publicKey);
  });

  it("takes it for no failure that another was quicker", async () => {
    const members = await create({ maxRounds: 1 });
    // All have seen that no round runs before the first of them starts one.
    let looks = 0;
    const allHaveLooked = Promise.withResolvers<undefined>();
    const cast = castOf(members, [0, 1, 2, 3], (_, member) => ({
      ...member,
      chain: {
        ...member.chain,
        read: async () => {
          const view = await member.chain.read();
          if (++looks === 4) allHaveLooked.resolve(undefined);
          return view;
        },
        start: async (federation) => {
          await allHaveLooked.promise;
          return await member.chain.start(federation);
        },
      },
    }));
    const together = await Promise.all(
      [...cast.values()].map(async (open) => await stepMember(await open())),
    );
    const kinds = together.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "start").length, kinds.join()).to.equal(1);
    for (const action of together) {
      if (action.kind !== "start") expect(action).to.include({ kind: "wait", until: null });
    }
    // What nobody else has done is a failure.
    const chain = (await members.open(0)).chain;
    const refusing = {
      ...chain,
      commit: async () =>
        await Promise.reject(new ChainError("contract.RoundInvalidFactor", "refused", "Use another one.")),
    };
    const alone = await members.open(0, { chain: refusing });
    expect((await stepMember(alone)).kind).to.equal("train");
    await stage.market.pass(1_001);
    const error = await errorOf(stepMember(alone));
    expect(error.code).to.equal("contract.RoundInvalidFactor");
  });

  it("says what to do when the model that it committed to is gone", async () => {
    const members = await create({ maxRounds: 1 });
    const alone = await members.open(0);
    const kinds: string[] = [];
    while (!kinds.includes("commit")) {
      const action = await stepMember(alone);
      kinds.push(action.kind);
      if (action.kind === "wait") await stage.market.pass(1_001);
    }
    const elsewhere = await members.open(0, { workingFolder: members.folderOf(9) });
    const error = await errorOf(stepMember(elsewhere));
    expect(error.code).to.equal("federation.model-lost");
    expect(error.nextStep).to.match(/folder in which it was trained/);
  });
});
