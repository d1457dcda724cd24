import { expect } from "chai";

import { FIELD_ORDER } from "../../prover/src/field.ts";
import { ethers, networkHelpers, nextBlockAt, stakeFor } from "./support/deployment.ts";
import { MerkleVector } from "./support/merkle-vector.ts";
import {
  DRAW_DELAY_BLOCKS,
  fieldValue,
  initKey,
  postTraining,
  Run,
  stepKey,
  trainingDeployed,
} from "./support/training.ts";
import { g1, randomScalar } from "./support/trapdoor-key.ts";

import type { StepAnswer, TrainingDeployment } from "./support/training.ts";

interface Game {
  readonly d: TrainingDeployment;
  readonly run: Run;
  readonly taskId: bigint;
  readonly prover: string;
}

/** A run of alice's whose challenge is drawn. */
async function challenged(change: (run: Run) => Run = (run) => run): Promise<Game> {
  const d = await trainingDeployed();
  const task = await postTraining(d);
  const run = change(new Run(d, task, d.alice));
  await run.start();
  return { d, run, taskId: task.taskId, prover: d.alice.address };
}

/** A drawn step that is neither first nor last. */
async function middleStep(run: Run): Promise<bigint> {
  const step = (await run.challengedSteps()).find((each) => each !== 0n && each !== run.stepCount - 1n);
  return step!;
}

/** The answer with another statement proved and shown. */
function reprove(answer: StepAnswer, statement: readonly bigint[]): StepAnswer {
  return { ...answer, proof: stepKey.prove({ statement, data: 0n }) };
}

describe("TrainingAudit answers", () => {
  it("pass once the initialisation and all steps are shown", async () => {
    const { d, run, taskId, prover } = await challenged();
    await expect(run.answerInit()).to.emit(d.audit, "InitAnswered").withArgs(taskId, prover);
    expect(await d.audit.hasPassed(taskId, d.alice)).to.equal(false);
    const steps = await run.challengedSteps();
    const transaction = run.answerSteps();
    await expect(transaction).to.emit(d.audit, "StepsAnswered").withArgs(taskId, prover, steps);
    await expect(transaction).to.emit(d.audit, "AuditPassed").withArgs(taskId, prover);
    expect(await d.audit.hasPassed(taskId, d.alice)).to.equal(true);
    const { answered } = await d.audit.run(taskId, d.alice);
    expect(answered).to.equal((1n << BigInt(1 + steps.length)) - 1n);
  });

  it("pass in any order and grouping", async () => {
    const { d, run, taskId, prover } = await challenged();
    const answers = (await run.stepAnswers()).reverse();
    await run.answerSteps(answers.slice(0, 2));
    await run.answerSteps(answers.slice(2));
    expect(await d.audit.hasPassed(taskId, d.alice)).to.equal(false);
    await expect(run.answerInit()).to.emit(d.audit, "AuditPassed").withArgs(taskId, prover);
  });

  it("pass for a run of a single step", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d, { epochs: 1n, minBatches: 1n, drawnSteps: 1n });
    const run = new Run(d, task, d.alice, 1);
    await run.start();
    expect(await run.challengedSteps()).to.deep.equal([0n]);
    await run.pass();
    expect(await d.audit.hasPassed(task.taskId, d.alice)).to.equal(true);
  });

  it("pass for every step of a run when all are drawn", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d, { drawnSteps: 20n });
    const run = new Run(d, task, d.alice);
    await run.start();
    expect(await run.challengedSteps()).to.have.length(20);
    await run.pass();
    expect(await d.audit.hasPassed(task.taskId, d.alice)).to.equal(true);
  });

  it("are taken until the deadline and not a second longer", async () => {
    const { d, run, taskId } = await challenged();
    const deadline = run.task.terms.answerDeadline;
    const answers = await run.stepAnswers();
    const initAnswer = await run.initAnswer();
    await nextBlockAt(deadline);
    await run.answerSteps(answers.slice(0, 1));
    for (const late of [
      async () => {
        await nextBlockAt(deadline + 1n);
        return await run.answerSteps(answers.slice(1));
      },
      async () => await run.answerInit(initAnswer),
    ]) {
      await expect(late()).to.be.revertedWithCustomError(d.audit, "TrainingAuditDeadlinePassed");
    }
    expect(await d.audit.hasPassed(taskId, d.alice)).to.equal(false);
  });

  it("are not taken before the challenge is drawn", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const run = new Run(d, task, d.alice);
    const expectRefused = async (): Promise<void> => {
      for (const call of [
        async () => await run.answerInit(await run.initAnswer()),
        async () => await run.answerSteps([await run.stepAnswer(0n)]),
      ]) {
        await expect(call())
          .to.be.revertedWithCustomError(d.audit, "TrainingAuditChallengeNotDrawn")
          .withArgs(task.taskId, d.alice.address);
      }
    };
    await expectRefused();
    await run.prepare();
    await stakeFor(d, d.alice);
    await run.commit();
    await networkHelpers.mine(DRAW_DELAY_BLOCKS);
    await expectRefused();
  });

  it("are taken once", async () => {
    const { d, run, taskId, prover } = await challenged();
    const [first, ...rest] = await run.stepAnswers();
    await expect(run.answerSteps([first!, first!]))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditStepAnswered")
      .withArgs(taskId, prover, first!.step);
    await run.answerSteps([first!]);
    await expect(run.answerSteps([...rest, first!]))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditStepAnswered")
      .withArgs(taskId, prover, first!.step);
    await run.answerInit();
    await expect(run.answerInit())
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditInitAnswered")
      .withArgs(taskId, prover);
  });

  it("need a proof each, and something to show", async () => {
    const { d, run, taskId } = await challenged();
    await expect(run.answerSteps([])).to.be.revertedWithCustomError(d.audit, "TrainingAuditNoAnswers");
    const [first, second] = await run.stepAnswers();
    for (const proofs of [[], [first!.proof, second!.proof]]) {
      await expect(d.audit.connect(d.alice).answerSteps(taskId, [first!], proofs))
        .to.be.revertedWithCustomError(d.audit, "TrainingAuditProofCount")
        .withArgs(proofs.length, 1n);
    }
  });

  it("of a whole batch fall with one invalid proof, and nothing is recorded", async () => {
    const { d, run, taskId, prover } = await challenged();
    const answers = await run.stepAnswers();
    for (const index of answers.keys()) {
      const bad = { ...answers[index]!, proof: { ...answers[index]!.proof, c: g1(randomScalar()) } };
      await expect(run.answerSteps(answers.with(index, bad)))
        .to.be.revertedWithCustomError(d.audit, "TrainingAuditInvalidProof")
        .withArgs(taskId, prover);
    }
    expect((await d.audit.run(taskId, d.alice)).answered).to.equal(0n);
    await run.answerSteps(answers);
  });

  it("do not change places: a proof holds for its own step", async () => {
    const { d, run } = await challenged();
    const [first, second] = await run.stepAnswers();
    const swapped = [
      { ...first!, proof: second!.proof },
      { ...second!, proof: first!.proof },
    ];
    await expect(run.answerSteps(swapped)).to.be.revertedWithCustomError(
      d.audit,
      "TrainingAuditInvalidProof",
    );
  });

  it("have the contexts that the views show", async () => {
    const { d, run, taskId } = await challenged();
    expect((await run.initStatement())[0]).to.equal(await d.audit.initContext(taskId, d.alice));
    expect((await run.stepStatement(5n))[0]).to.equal(await d.audit.stepContext(taskId, d.alice, 5n));
  });
});

describe("Attacks on a training audit", () => {
  it("an answer for a step not asked for is refused", async () => {
    const { d, run, taskId, prover } = await challenged();
    const asked = await run.challengedSteps();
    for (let step = 0n; step <= run.stepCount; step++) {
      if (asked.includes(step)) continue;
      const answer = step < run.stepCount ? await run.stepAnswer(step) : await run.stepAnswer(0n);
      await expect(run.answerSteps([{ ...answer, step }]))
        .to.be.revertedWithCustomError(d.audit, "TrainingAuditStepNotChallenged")
        .withArgs(taskId, prover, step);
    }
  });

  it("a checkpoint that is not in the trace is refused, before or after the step", async () => {
    const { d, run, taskId, prover } = await challenged();
    const step = await middleStep(run);
    const answer = await run.stepAnswer(step);
    const [context, before, after, batch, factor] = (await run.stepStatement(step)) as [
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const other = fieldValue("a better checkpoint");
    for (const [checkpointBefore, checkpointAfter] of [
      [other, after],
      [before, other],
      [after, before],
    ] as const) {
      const statement = [context, checkpointBefore, checkpointAfter, batch, factor];
      await expect(run.answerSteps([{ ...reprove(answer, statement), checkpointBefore, checkpointAfter }]))
        .to.be.revertedWithCustomError(d.audit, "TrainingAuditNotInTrace")
        .withArgs(taskId, prover, step);
    }
  });

  it("a checkpoint of another step of the same trace is refused", async () => {
    const { run } = await challenged();
    const step = await middleStep(run);
    const other = await run.stepAnswer(step === 1n ? 2n : step - 1n);
    await expect(run.answerSteps([{ ...other, step }])).to.be.revert(ethers);
  });

  it("a path of another length is refused", async () => {
    const { d, run } = await challenged();
    const answer = await run.stepAnswer(await middleStep(run));
    for (const tracePath of [answer.tracePath.slice(1), [...answer.tracePath, answer.tracePath[0]!]]) {
      await expect(run.answerSteps([{ ...answer, tracePath }])).to.be.revertedWithCustomError(
        d.audit,
        "MerkleVectorPathLength",
      );
    }
  });

  it("another prover's trace cannot be answered for: the proofs name their prover", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const honest = new Run(d, task, d.alice);
    await honest.start();
    // Bob copies batches, trace and model, and every answer he can see.
    await d.audit.connect(d.bob).register(task.taskId, honest.batches.root, 5n);
    await networkHelpers.mine(DRAW_DELAY_BLOCKS);
    await d.audit.drawSeed(task.taskId, d.bob);
    await stakeFor(d, d.bob);
    await d.market.connect(d.bob).commitWithTrace(task.taskId, honest.modelCommitment, honest.trace.root);
    await networkHelpers.mine(DRAW_DELAY_BLOCKS);
    await d.audit.drawChallenge(task.taskId, d.bob);
    const { checkpoint, tracePath, proof } = await honest.initAnswer();
    await expect(d.audit.connect(d.bob).answerInit(task.taskId, checkpoint, tracePath, proof))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditInvalidProof")
      .withArgs(task.taskId, d.bob.address);
    const answer = await honest.stepAnswer(0n);
    await expect(
      d.audit.connect(d.bob).answerSteps(task.taskId, [answer], [answer.proof]),
      // Either the proof names another prover or the batch is not the one his seed prescribes.
    ).to.be.revert(ethers);
    expect(await d.audit.hasPassed(task.taskId, d.bob)).to.equal(false);
  });

  it("an initialisation from another seed is refused", async () => {
    const { d, run } = await challenged();
    const answer = await run.initAnswer();
    const [context, checkpoint, seed] = (await run.initStatement()) as [bigint, bigint, bigint];
    for (const statement of [
      [context, checkpoint, seed + 1n],
      [context, checkpoint, fieldValue("the seed of a trace made before")],
      [context + 1n, checkpoint, seed],
    ]) {
      const proof = initKey.prove({ statement, data: 0n });
      await expect(run.answerInit({ ...answer, proof })).to.be.revertedWithCustomError(
        d.audit,
        "TrainingAuditInvalidProof",
      );
    }
    expect(seed < FIELD_ORDER).to.equal(true);
  });

  it("an initialisation that is not checkpoint 0 of the trace is refused", async () => {
    const { d, run, taskId, prover } = await challenged();
    const [context, , seed] = (await run.initStatement()) as [bigint, bigint, bigint];
    const checkpoint = fieldValue("honest initial weights");
    const proof = initKey.prove({ statement: [context, checkpoint, seed], data: 0n });
    await expect(run.answerInit({ checkpoint, tracePath: run.trace.path(0), proof }))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditNotInTrace")
      .withArgs(taskId, prover, 0n);
  });

  it("the batches in another order are refused", async () => {
    const { d, run, taskId, prover } = await challenged();
    const step = await middleStep(run);
    const answer = await run.stepAnswer(step);
    const right = await run.batchIndex(step);
    const wrong = (right + 1) % 5;
    const batchCommitment = run.batchCommitments[wrong]!;
    const statement = (await run.stepStatement(step)).with(3, batchCommitment);
    await expect(
      run.answerSteps([
        { ...reprove(answer, statement), batchCommitment, batchPath: run.batches.path(wrong) },
      ]),
    )
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditNotTheBatch")
      .withArgs(taskId, prover, step, right);
  });

  it("a batch outside the committed data is refused", async () => {
    const { d, run, taskId, prover } = await challenged();
    const step = await middleStep(run);
    const answer = await run.stepAnswer(step);
    const batchCommitment = fieldValue("a batch of test samples");
    const statement = (await run.stepStatement(step)).with(3, batchCommitment);
    const index = await run.batchIndex(step);
    const changed = new MerkleVector(run.batchCommitments.with(index, batchCommitment));
    await expect(
      run.answerSteps([{ ...reprove(answer, statement), batchCommitment, batchPath: changed.path(index) }]),
    )
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditNotTheBatch")
      .withArgs(taskId, prover, step, index);
  });

  it("another learning rate is refused", async () => {
    const { d, run, taskId, prover } = await challenged();
    for (const step of await run.challengedSteps()) {
      const statement = await run.stepStatement(step);
      const answer = reprove(await run.stepAnswer(step), statement.with(4, 2n * statement[4]!));
      await expect(run.answerSteps([answer]))
        .to.be.revertedWithCustomError(d.audit, "TrainingAuditInvalidProof")
        .withArgs(taskId, prover);
    }
  });

  it("a proof for another round, purpose or prover is refused", async () => {
    const { d, run, taskId } = await challenged();
    const step = await middleStep(run);
    const answer = await run.stepAnswer(step);
    const statement = await run.stepStatement(step);
    for (const context of [
      await d.audit.stepContext(taskId, d.alice, step + 1n),
      await d.audit.stepContext(taskId + 1n, d.alice, step),
      await d.audit.stepContext(taskId, d.bob, step),
      await d.audit.initContext(taskId, d.alice),
      await d.market.proofContext(taskId, d.alice),
    ]) {
      await expect(
        run.answerSteps([reprove(answer, statement.with(0, context))]),
      ).to.be.revertedWithCustomError(d.audit, "TrainingAuditInvalidProof");
    }
  });

  it("a commitment not below the field order is refused even inside the trace", async () => {
    const { d, run } = await challenged((each) => {
      const aliased = each.checkpoints[0]! + FIELD_ORDER;
      each.checkpoints[0] = aliased;
      Object.assign(each, { trace: new MerkleVector(each.checkpoints) });
      return each;
    });
    await expect(run.answerSteps([await run.stepAnswer(0n)])).to.be.revertedWithCustomError(
      d.registry,
      "StatementWordTooLarge",
    );
  });

  it("a model other than the last checkpoint is refused: the last step cannot be swapped", async () => {
    const d = await trainingDeployed();
    const task = await postTraining(d);
    const run = new Run(d, task, d.alice);
    await run.prepare();
    await stakeFor(d, d.alice);
    const model = fieldValue("a model trained elsewhere");
    await d.market.connect(d.alice).commitWithTrace(task.taskId, model, run.trace.root);
    await networkHelpers.mine(DRAW_DELAY_BLOCKS);
    await run.drawChallenge();
    await expect(run.answerSteps([await run.stepAnswer(run.stepCount - 1n)]))
      .to.be.revertedWithCustomError(d.audit, "TrainingAuditNotTheModel")
      .withArgs(task.taskId, d.alice.address, run.modelCommitment, model);
  });
});
