import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { answerChallenge } from "../../prover/src/audit/answer-challenge.ts";
import {
  ANSWER_INIT_GAS,
  ANSWER_STEP_GAS,
  ANSWER_STEPS_GAS,
  COMMIT_TRACE_GAS,
} from "../../prover/src/audit/gas.ts";
import { AuditError } from "../../prover/src/audit/audit-error.ts";
import { proveInit, proveStep } from "../../prover/src/audit/prove-stage.ts";
import { initStage, initStatement, stepStage, stepStatement } from "../../prover/src/audit/stages.ts";
import { batchOfStep, type RunBatches, type TrainedRun } from "../../prover/src/audit/trained-run.ts";
import {
  answerInit,
  answerSteps,
  type Audit,
  commitTrace,
  readRun,
  slashStake,
} from "../../prover/src/chain/audits.ts";
import { ChainError } from "../../prover/src/chain/chain-error.ts";
import { toChainProof } from "../../prover/src/chain/chain-proof.ts";
import { ACCURACY_PURPOSE, proofContext } from "../../prover/src/chain/context.ts";
import { readStake } from "../../prover/src/chain/stake.ts";
import {
  readSubmission,
  readTask,
  releaseStake,
  submitProofs,
  withdrawReward,
} from "../../prover/src/chain/tasks.ts";
import { accuracyLayout } from "../../prover/src/circuits/accuracy.ts";
import { circuitLayout } from "../../prover/src/circuits/instance.ts";
import { ProverError } from "../../prover/src/errors.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import { SNARKJS_BACKEND } from "../../prover/src/proof/backend.ts";
import type { Groth16Proof } from "../../prover/src/proof/challenge.ts";
import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { proveCircuit } from "../../prover/src/proof/prove.ts";
import { initialModel } from "../../prover/src/verifiable/initial-model.ts";
import { measure } from "../../prover/src/verifiable/measure.ts";
import { derivedSalt } from "../../prover/src/verifiable/salts.ts";
import { sgdStep } from "../../prover/src/verifiable/sgd-step.ts";
import { learningRateFactor } from "../../prover/src/verifiable/training-rule.ts";
import { accuracyCommittedBlock, accuracyDatasetBlock } from "../../prover/src/witness/accuracy-witness.ts";
import { trainStepCommittedBlock } from "../../prover/src/witness/train-step-witness.ts";
import { type OpenRun, REWARD_WEI, STAKE_WEI, TrainingMarket } from "./training-market.ts";

const HONEST = 1;
const CHEAT = 2;
const POSTER = 0;

/** The code and message of the ProverError that `work` ends with. */
async function refusal(work: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ProverError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("training proof", function () {
  this.timeout(300_000);

  let market: TrainingMarket;

  before(async () => {
    market = await TrainingMarket.start();
  });

  after(async () => {
    await market.stop();
    await releaseCurve();
  });

  const address = (index: number): string => market.sender(index).wallet.address;

  /** Test samples that a run's last model classifies correctly. */
  const scoreOf = ({ rule, models }: OpenRun): number =>
    Math.round(measure(rule, models.at(-1)!, market.testSamples).accuracy * market.testSamples.sampleCount);

  /** The market's proof that a run's last model classifies as many test samples correctly as it does. */
  async function accuracyProof(audit: Audit, index: number, run: OpenRun): Promise<Groth16Proof> {
    const { circuit, keys } = market.accuracy;
    const { instance } = circuit;
    const correct = scoreOf(run);
    const last = run.models.length - 1;
    const { dataPoints } = await readTask(market.contracts, audit.taskId);
    const { committed } = accuracyCommittedBlock(instance, run.models[last]!, market.testSamples, correct);
    return await proveCircuit({
      circuit,
      keys,
      layout: accuracyLayout(instance),
      statement: {
        context: [proofContext({ ...market.place(audit, index), round: 0n, purpose: ACCURACY_PURPOSE })],
        modelCommitment: [run.checkpoints[last]!],
        correct: [BigInt(correct)],
      },
      dataset: accuracyDatasetBlock(instance, market.testSamples),
      committed,
      private: { salt: [derivedSalt(run.runKey, "checkpoint", last)] },
      dataPoint: dataPoints[0]!,
    });
  }

  describe("of an honest run", () => {
    let audit: Audit;
    let run: OpenRun;

    before(async () => {
      audit = await market.post();
      const batches = market.batches();
      run = await market.train(batches, await market.seed(audit, HONEST, batches));
    });

    it("cannot be answered for before a trace is committed and a challenge drawn", async () => {
      const error = await refusal(answerChallenge(market.challenge(audit, HONEST, run)));
      expect(error.code).to.equal("audit.no-challenge");
    });

    it("asks for the initialisation, the first, the last and random steps", async () => {
      const gasUsed = await market.commit(audit, HONEST, run);
      expect(gasUsed <= COMMIT_TRACE_GAS, `${gasUsed} gas to commit`).to.equal(true);
      const { state, challengedSteps, pendingSteps, isInitAnswered, stepCount } = await readRun(
        audit,
        address(HONEST),
      );
      expect(state).to.equal("challenged");
      expect(isInitAnswered).to.equal(false);
      expect(stepCount).to.equal(24);
      expect(challengedSteps.slice(0, 2)).to.deep.equal([0, 23]);
      expect(new Set(challengedSteps).size).to.equal(challengedSteps.length);
      expect(pendingSteps).to.deep.equal(challengedSteps);
    });

    it("refuses the accuracy proof before the audit is passed", async () => {
      const proof = toChainProof(await accuracyProof(audit, HONEST, run));
      const error = await refusal(
        submitProofs(market.sender(HONEST), market.contracts, audit.taskId, [
          { shard: 0, correct: scoreOf(run), proof },
        ]),
      );
      expect(error.message).to.match(/TaskMarketAuditNotPassed/);
    });

    it("refuses to answer with another run than the committed one", async () => {
      const other = await market.train(market.batches(), run.seed);
      const error = await refusal(answerChallenge(market.challenge(audit, HONEST, other)));
      expect(error).to.include({ code: "audit.mismatch" });
      expect(error.message).to.match(/batch root/);
    });

    it("goes on after a crash without proving or answering anything twice", async () => {
      const challenge = market.challenge(audit, HONEST, run);
      // Proofs are in the folder when the connection breaks down before the first transaction.
      const broken = { ...challenge.sender, connection: { ...challenge.sender.connection } };
      Object.defineProperty(broken.connection, "provider", {
        get: () => {
          throw new ChainError("chain.unreachable", "gone", "Wait.");
        },
      });
      expect((await refusal(answerChallenge({ ...challenge, sender: broken }))).code).to.equal(
        "chain.unreachable",
      );
      let proved: string[] = [];
      const backend = {
        name: "counting",
        prove: async (...parameters: Parameters<typeof SNARKJS_BACKEND.prove>) => {
          proved.push(parameters[0]);
          return await SNARKJS_BACKEND.prove(...parameters);
        },
      };
      const transactions = await answerChallenge({ ...challenge, backend });
      const { challengedSteps, state } = await readRun(audit, address(HONEST));
      expect(state).to.equal("passed");
      expect(transactions).to.have.lengthOf(2);
      const [init, steps] = transactions.map(({ gasUsed }) => gasUsed);
      expect(init! <= ANSWER_INIT_GAS, `${init} gas for the initialisation`).to.equal(true);
      const most = ANSWER_STEPS_GAS + ANSWER_STEP_GAS * BigInt(challengedSteps.length);
      expect(steps! <= most, `${steps} gas for ${challengedSteps.length} steps`).to.equal(true);
      expect(proved, "the initialisation was proved before").to.have.lengthOf(challengedSteps.length);

      proved = [];
      expect(await answerChallenge({ ...challenge, backend })).to.deep.equal([]);
      expect(proved).to.deep.equal([]);
    });

    it("refuses the same answers once more", async () => {
      const { sender, place } = market.challenge(audit, HONEST, run);
      const init = toChainProof(await proveInit(market.provers.init, run, place));
      const again = await refusal(answerInit(sender, audit, initStage(run), init));
      expect(again.message).to.match(/TrainingAuditInitAnswered/);
      const step = toChainProof(await proveStep(market.provers.step, run, place, 0));
      const stepAgain = await refusal(answerSteps(sender, audit, [stepStage(run, 0)], [step]));
      expect(stepAgain.message).to.match(/TrainingAuditStepAnswered/);
    });

    it("is paid for the accuracy of the model that was trained, and gets its stake back", async () => {
      const { contracts } = market;
      const sender = market.sender(HONEST);
      const proof = toChainProof(await accuracyProof(audit, HONEST, run));
      await submitProofs(sender, contracts, audit.taskId, [{ shard: 0, correct: scoreOf(run), proof }]);
      expect(await contracts.market.creditOf(address(HONEST), ZeroAddress)).to.equal(REWARD_WEI);
      await withdrawReward(sender, contracts, ZeroAddress);
      await releaseStake(sender, contracts, audit.taskId, address(HONEST));
      expect((await readSubmission(contracts, audit.taskId, address(HONEST))).lockId).to.equal(0n);
      expect((await readStake(contracts, address(HONEST), ZeroAddress)).lockedWei).to.equal(0n);
    });

    it("cannot be slashed, not even after the deadline", async () => {
      await market.pass(7_300);
      const error = await refusal(
        slashStake(market.sender(POSTER), market.contracts, audit.taskId, address(HONEST)),
      );
      expect(error.message).to.match(/TaskMarketNoStakeLocked|TaskMarketAuditNotFailed/);
    });
  });

  describe("of a faked run", () => {
    /** The circuit's refusal of a start that is not the initialisation from `run.seed`. */
    async function forgeInit(audit: Audit, run: OpenRun): Promise<string> {
      const { circuit, keys } = market.provers.init;
      const { code } = await refusal(
        proveCircuit({
          circuit,
          keys,
          layout: circuitLayout(circuit.instance),
          statement: initStatement(market.place(audit, CHEAT), initStage(run), run.seed),
          dataset: {},
          committed: {},
          private: { salt: [derivedSalt(run.runKey, "checkpoint", 0)] },
          dataPoint: { x: 0n, y: 0n },
        }),
      );
      return code;
    }

    /** The circuit's refusal of a step, all values as the cheat would like them. */
    async function forgeStep(
      audit: Audit,
      run: OpenRun,
      step: number,
      changes: {
        readonly batchNumber?: number;
        readonly factor?: number;
        readonly after?: IntegerModel;
      } = {},
    ): Promise<string> {
      const { circuit, keys } = market.provers.step;
      const stage = stepStage(run, step);
      const before = run.models[step]!;
      const batchNumber = changes.batchNumber ?? batchOfStep(run, step);
      const batch = run.batches[batchNumber]!;
      const factor = changes.factor ?? learningRateFactor(run.rule, step);
      const taken = sgdStep(run.rule, before, batch, factor, step);
      const { code } = await refusal(
        proveCircuit({
          circuit,
          keys,
          layout: circuitLayout(circuit.instance),
          statement: stepStatement(market.place(audit, CHEAT), stage, run.rule),
          dataset: {},
          committed: trainStepCommittedBlock(circuit.instance, {
            before,
            batch,
            step: { ...taken, model: changes.after ?? taken.model },
          }),
          private: {
            saltBefore: [derivedSalt(run.runKey, "checkpoint", step)],
            saltAfter: [derivedSalt(run.runKey, "checkpoint", step + 1)],
            batchSalt: [derivedSalt(run.runKey, "batch", batchNumber)],
          },
          dataPoint: { x: 0n, y: 0n },
        }),
      );
      return code;
    }

    /** Commits account CHEAT to what `fake` makes of an honest run, for a task of its own. */
    async function cheat(
      fake: (run: OpenRun, batches: RunBatches) => OpenRun | Promise<OpenRun>,
    ): Promise<{ readonly audit: Audit; readonly run: OpenRun }> {
      const audit = await market.post();
      const batches = market.batches();
      const honest = await market.train(batches, await market.seed(audit, CHEAT, batches));
      const run = await fake(honest, batches);
      await market.commit(audit, CHEAT, run);
      return { audit, run };
    }

    /** Lets the deadline pass; half of the stake burns, the poster gets the other half, the cheat keeps nothing. */
    async function expectSlashed(audit: Audit): Promise<void> {
      const { contracts } = market;
      const slash = slashStake.bind(
        undefined,
        market.sender(POSTER),
        contracts,
        audit.taskId,
        address(CHEAT),
      );
      expect((await refusal(slash())).message).to.match(/TaskMarketAuditNotFailed/);
      expect((await readRun(audit, address(CHEAT))).state).to.equal("challenged");
      await market.pass(7_300);
      expect((await readRun(audit, address(CHEAT))).state).to.equal("failed");
      const [poster, before] = await Promise.all(
        [POSTER, CHEAT].map((index) => readStake(contracts, address(index), ZeroAddress)),
      );
      await slash();
      const after = await readStake(contracts, address(CHEAT), ZeroAddress);
      expect(before!.lockedWei - after.lockedWei).to.equal(STAKE_WEI);
      expect(after.freeWei).to.equal(before!.freeWei);
      const { creditWei } = await readStake(contracts, address(POSTER), ZeroAddress);
      expect(creditWei - poster!.creditWei).to.equal(STAKE_WEI / 2n);
      expect((await refusal(slash())).message).to.match(/TaskMarketNoStakeLocked/);
    }

    it("from another seed has no proof of its start, and is slashed", async () => {
      const { audit, run } = await cheat(async (honest, batches) => ({
        ...(await market.train(batches, honest.seed + 1n)),
        seed: honest.seed,
      }));
      expect(await forgeInit(audit, run)).to.equal("proof.unsatisfied");
      // A valid proof about the other seed: the contract puts the drawn one into the statement.
      const { sender, place } = market.challenge(audit, CHEAT, run);
      const proof = await proveInit(market.provers.init, { ...run, seed: run.seed + 1n }, place);
      const error = await refusal(answerInit(sender, audit, initStage(run), toChainProof(proof)));
      expect(error.message).to.match(/TrainingAuditInvalidProof/);
      await expectSlashed(audit);
    });

    it("around a model trained elsewhere has no proof of start or end, and is slashed", async () => {
      const { audit, run } = await cheat(async (honest, batches) => {
        const better = honest.models.at(-1)!;
        return await market.runOf(
          batches,
          honest.seed,
          honest.models.map(() => better),
        );
      });
      expect(await forgeInit(audit, run)).to.equal("proof.unsatisfied");
      expect(await forgeStep(audit, run, 0)).to.equal("proof.unsatisfied");
      expect(await forgeStep(audit, run, 0, { after: run.models[1]! })).to.equal("proof.unsatisfied");
      expect((await refusal(answerChallenge(market.challenge(audit, CHEAT, run)))).code).to.equal(
        "audit.not-in-trace",
      );
      await expectSlashed(audit);
    });

    it("that skips a step has no proof of it, whatever else is proved", async () => {
      const { audit, run } = await cheat(async (honest, batches) => {
        const models = [...honest.models];
        models[1] = models[0]!;
        return await market.runOf(batches, honest.seed, models);
      });
      expect(await forgeStep(audit, run, 0, { after: run.models[1]! })).to.equal("proof.unsatisfied");
      const error = await refusal(answerChallenge(market.challenge(audit, CHEAT, run)));
      expect(error).to.be.instanceOf(AuditError);
      expect(error.message).to.match(/checkpoint 1 /);
      expect((await readRun(audit, address(CHEAT))).isInitAnswered).to.equal(true);
      await expectSlashed(audit);
    });

    it("on another batch or with another learning rate than prescribed has no proof of the step", async () => {
      for (const what of ["batch", "rate"] as const) {
        let changes: { readonly batchNumber?: number; readonly factor?: number } = {};
        const { audit, run } = await cheat(async (honest, batches) => {
          const prescribed = batchOfStep(honest, 0);
          const factor = learningRateFactor(honest.rule, 0);
          changes =
            what === "batch"
              ? { batchNumber: (prescribed + 1) % batches.batches.length }
              : { factor: factor / 2 };
          const batch = batches.batches[changes.batchNumber ?? prescribed]!;
          const taken = sgdStep(honest.rule, honest.models[0]!, batch, changes.factor ?? factor, 0);
          return await market.runOf(batches, honest.seed, [
            honest.models[0]!,
            taken.model,
            ...honest.models.slice(2),
          ]);
        });
        expect(await forgeStep(audit, run, 0, changes), what).to.equal("proof.unsatisfied");
        await expectSlashed(audit);
      }
    });

    it("with the last model swapped has no proof of the last step", async () => {
      const { audit, run } = await cheat(async (honest, batches) => {
        const other = initialModel(honest.rule, honest.seed + 5n);
        return await market.runOf(batches, honest.seed, [...honest.models.slice(0, -1), other]);
      });
      const last = run.models.length - 2;
      expect(await forgeStep(audit, run, last, { after: run.models[last + 1]! })).to.equal(
        "proof.unsatisfied",
      );
      await expectSlashed(audit);
    });

    it("whose trace ends in another model than the committed one is refused", async () => {
      const audit = await market.post();
      const batches = market.batches();
      const run = await market.train(batches, await market.seed(audit, CHEAT, batches));
      await market.commit(audit, CHEAT, run, run.checkpoints[3]);
      const error = await refusal(answerChallenge(market.challenge(audit, CHEAT, run)));
      expect(error.message).to.match(/TrainingAuditNotTheModel/);
      await expectSlashed(audit);
    });
  });

  describe("of an honest run, answered wrongly", () => {
    let audit: Audit;
    let run: OpenRun;

    before(async () => {
      audit = await market.post();
      const batches = market.batches();
      run = await market.train(batches, await market.seed(audit, HONEST, batches));
      await market.commit(audit, HONEST, run);
    });

    /** The refusal of an answer for step 0 by `index`, with the statement changed. */
    async function refuseStep(
      stage: Partial<ReturnType<typeof stepStage>>,
      proof: Groth16Proof,
      index = HONEST,
    ): Promise<string> {
      const answer = { ...stepStage(run, 0), ...stage };
      return (await refusal(answerSteps(market.sender(index), audit, [answer], [toChainProof(proof)])))
        .message;
    }

    const proveFirst = async (changed: TrainedRun = run): Promise<Groth16Proof> =>
      await proveStep(market.provers.step, changed, market.place(audit, HONEST), 0);

    it("is refused for a stage that was not asked for", async () => {
      const { challengedSteps } = await readRun(audit, address(HONEST));
      const step = run.models.findIndex((_, candidate) => !challengedSteps.includes(candidate));
      const proof = await proveStep(market.provers.step, run, market.place(audit, HONEST), step);
      expect(await refuseStep(stepStage(run, step), proof)).to.match(/TrainingAuditStepNotChallenged/);
    });

    it("is refused for another batch than the seed prescribes", async () => {
      const prescribed = batchOfStep(run, 0);
      const step = run.models.findIndex((_, candidate) => batchOfStep(run, candidate) !== prescribed);
      const { batchCommitment, batchPath } = stepStage(run, step);
      expect(await refuseStep({ batchCommitment, batchPath }, await proveFirst())).to.match(
        /TrainingAuditNotTheBatch/,
      );
    });

    it("is refused for a batch outside of the registered data", async () => {
      const { batchCommitment } = stepStage(
        await market.train(market.batches("other"), run.seed, "other"),
        0,
      );
      expect(await refuseStep({ batchCommitment }, await proveFirst())).to.match(/TrainingAuditNotTheBatch/);
    });

    it("is refused for checkpoints outside of the trace", async () => {
      const checkpointAfter = run.checkpoints[2]!;
      expect(await refuseStep({ checkpointAfter }, await proveFirst())).to.match(/TrainingAuditNotInTrace/);
    });

    it("is refused for another learning rate", async () => {
      // The same run under a rule with half the rate proves its first step, but for another factor.
      const rule = { ...run.rule, initialRateBits: run.rule.initialRateBits - 1 };
      const before = run.models[0]!;
      const taken = sgdStep(rule, before, run.batches[batchOfStep(run, 0)]!, learningRateFactor(rule, 0), 0);
      const slower = await market.runOf(run, run.seed, [before, taken.model, ...run.models.slice(2)]);
      const proof = await proveFirst({ ...slower, rule });
      const stage = stepStage(run, 0);
      expect(stage.checkpointAfter).to.not.equal(slower.checkpoints[1]);
      expect(await refuseStep({}, proof)).to.match(/TrainingAuditInvalidProof/);
    });

    it("is refused from another prover that committed to the same trace", async () => {
      await market.seed(audit, CHEAT, run);
      await market.commit(audit, CHEAT, run);
      const { sender } = market.challenge(audit, CHEAT, run);
      const proof = toChainProof(await proveInit(market.provers.init, run, market.place(audit, HONEST)));
      const error = await refusal(answerInit(sender, audit, initStage(run), proof));
      expect(error.message).to.match(/TrainingAuditInvalidProof/);
      const own = await readRun(audit, address(CHEAT));
      expect(own.seed).to.not.equal(run.seed);
    });

    it("cannot be committed to twice", async () => {
      const sender = market.sender(HONEST);
      const model = run.checkpoints.at(-1)!;
      const error = await refusal(
        commitTrace(sender, market.contracts, audit.taskId, model + 1n, run.traceRoot),
      );
      expect(error.message).to.match(/TaskMarketAlreadyCommitted/);
    });

    it("is refused after the deadline, and slashed although it was trained well", async () => {
      const init = toChainProof(await proveInit(market.provers.init, run, market.place(audit, HONEST)));
      const proof = await proveFirst();
      await market.pass(7_300);
      const late = await refusal(answerInit(market.sender(HONEST), audit, initStage(run), init));
      expect(late.message).to.match(/TrainingAuditDeadlinePassed/);
      expect(await refuseStep({}, proof)).to.match(/TrainingAuditDeadlinePassed/);
      expect((await refusal(answerChallenge(market.challenge(audit, HONEST, run)))).code).to.equal(
        "audit.failed",
      );
      await slashStake(market.sender(POSTER), market.contracts, audit.taskId, address(HONEST));
      expect((await readSubmission(market.contracts, audit.taskId, address(HONEST))).lockId).to.equal(0n);
    });
  });
});
