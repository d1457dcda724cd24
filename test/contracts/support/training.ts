/** Training audits under test: contracts, tasks, runs with made-up checkpoints, and answers by trapdoor keys. */
import { AbiCoder, solidityPackedKeccak256 } from "ethers";

import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { deploy, ethers, networkHelpers, NO_RULES, REWARD_WEI, stakeFor, taskSpec } from "./deployment.ts";
import { MerkleVector } from "./merkle-vector.ts";
import { drawTrapdoor, proofContext, TrapdoorKey } from "./trapdoor-key.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { Addressable, BytesLike } from "ethers";

import type { TaskSpec } from "./deployment.ts";
import type { Proof } from "./trapdoor-key.ts";

export const initKey = new TrapdoorKey(drawTrapdoor(3));
export const stepKey = new TrapdoorKey(drawTrapdoor(5));

export const DRAW_DELAY_BLOCKS = 8n;
export const WINDOW_BLOCKS = 256n;
export const MIN_ANSWER_SECONDS = 1_800n;

/** Registry with all keys, vault, market and audit. */
export async function deployTraining() {
  const d = await deploy();
  const audit = await ethers.deployContract("TrainingAudit", [d.market]);
  for (const { bytes } of [initKey, stepKey]) await d.registry.addKey(bytes);
  return { ...d, audit };
}

export type TrainingDeployment = Awaited<ReturnType<typeof deployTraining>>;

/** `deployTraining`, from a snapshot of the chain. */
export async function trainingDeployed(): Promise<TrainingDeployment> {
  return await networkHelpers.loadFixture(deployTraining);
}

/** Valid terms: 4 epochs of at least 5 batches, 3 steps drawn, answers until the earliest deadline. */
export function trainingTerms(spec: TaskSpec) {
  return {
    initKeyId: initKey.keyId as BytesLike,
    stepKeyId: stepKey.keyId as BytesLike,
    ruleHash: ethers.id("integer-sgd.v1") as BytesLike,
    epochs: 4n,
    minBatches: 5n,
    halvingSteps: 6n,
    learningRateExponent: 2n,
    drawnSteps: 3n,
    answerDeadline: spec.commitDeadline + MIN_ANSWER_SECONDS,
  };
}

export type TrainingTerms = ReturnType<typeof trainingTerms>;

export interface TrainingTask {
  readonly taskId: bigint;
  readonly spec: TaskSpec;
  readonly terms: TrainingTerms;
}

/** Rules of a task that asks for training proof and nothing else. */
export async function trainingRules(audit: Addressable, terms: TrainingTerms) {
  return { ...NO_RULES, trainingAudit: await audit.getAddress(), trainingTerms: terms };
}

/** Posts a task that asks for training proof. */
export async function postTraining(
  { market, audit, poster }: TrainingDeployment,
  changes: Partial<TrainingTerms> = {},
  specChanges: Partial<TaskSpec> = {},
): Promise<TrainingTask> {
  const spec = { ...(await taskSpec()), ...specChanges };
  const terms = { ...trainingTerms(spec), ...changes };
  await market.connect(poster).postWithRules(spec, await trainingRules(audit, terms), { value: REWARD_WEI });
  return { taskId: await market.taskCount(), spec, terms };
}

/** The swap-or-not shuffle, straight from its description. */
export function shuffledIndex(seed: BytesLike, epoch: bigint, position: bigint, count: bigint): bigint {
  let index = position;
  for (let round = 0; round < 32; round++) {
    const pivot =
      BigInt(solidityPackedKeccak256(["bytes32", "uint64", "uint8"], [seed, epoch, round])) % count;
    const flip = (pivot + count - index) % count;
    const larger = index > flip ? index : flip;
    const bits = solidityPackedKeccak256(
      ["bytes32", "uint64", "uint8", "uint64"],
      [seed, epoch, round, larger],
    );
    if (BigInt(bits) % 2n === 1n) index = flip;
  }
  return index;
}

/** The learning-rate factor, by halving. */
export function learningRateFactor(terms: TrainingTerms, step: bigint): bigint {
  let factor = 2n ** terms.learningRateExponent;
  for (let halved = terms.halvingSteps; halved <= step && factor > 1n; halved += terms.halvingSteps)
    factor /= 2n;
  return factor;
}

/** A value in the field that differs from label to label. */
export function fieldValue(...label: readonly (string | bigint | number)[]): bigint {
  return BigInt(ethers.id(label.join("/"))) >> 8n;
}

export interface InitAnswer {
  readonly checkpoint: bigint;
  readonly tracePath: string[];
  readonly proof: Proof;
}

export interface StepAnswer {
  readonly step: bigint;
  readonly checkpointBefore: bigint;
  readonly checkpointAfter: bigint;
  readonly batchCommitment: bigint;
  readonly tracePath: string[];
  readonly batchPath: string[];
  readonly proof: Proof;
}

/** A run whose checkpoints and batches are arbitrary values: with trapdoor keys they need no training behind them. */
export class Run {
  readonly task: TrainingTask;
  readonly prover: HardhatEthersSigner;
  readonly batchCommitments: bigint[];
  readonly checkpoints: bigint[];
  readonly batches: MerkleVector;
  readonly trace: MerkleVector;
  readonly #d: TrainingDeployment;

  constructor(d: TrainingDeployment, task: TrainingTask, prover: HardhatEthersSigner, batchCount = 5) {
    this.#d = d;
    this.task = task;
    this.prover = prover;
    const steps = Number(task.terms.epochs) * batchCount;
    const label = prover.address;
    this.batchCommitments = Array.from({ length: batchCount }, (_, i) => fieldValue("batch", label, i));
    this.checkpoints = Array.from({ length: steps + 1 }, (_, t) => fieldValue("checkpoint", label, t));
    this.batches = new MerkleVector(this.batchCommitments);
    this.trace = new MerkleVector(this.checkpoints);
  }

  get batchCount(): bigint {
    return BigInt(this.batchCommitments.length);
  }

  /** T. */
  get stepCount(): bigint {
    return BigInt(this.checkpoints.length - 1);
  }

  get modelCommitment(): bigint {
    return this.checkpoints.at(-1)!;
  }

  async register() {
    const { audit } = this.#d;
    return await audit
      .connect(this.prover)
      .register(this.task.taskId, this.batches.root, BigInt(this.batchCommitments.length));
  }

  async drawSeed() {
    return await this.#d.audit.drawSeed(this.task.taskId, this.prover);
  }

  /** Registers and draws the seed as soon as possible. */
  async prepare(): Promise<void> {
    await this.register();
    await networkHelpers.mine(DRAW_DELAY_BLOCKS);
    await this.drawSeed();
  }

  async commit() {
    const { market } = this.#d;
    return await market
      .connect(this.prover)
      .commitWithTrace(this.task.taskId, this.modelCommitment, this.trace.root);
  }

  async drawChallenge() {
    return await this.#d.audit.drawChallenge(this.task.taskId, this.prover);
  }

  /** Everything up to the challenge, with stake. */
  async start(): Promise<void> {
    await this.prepare();
    await stakeFor(this.#d, this.prover);
    await this.commit();
    await networkHelpers.mine(DRAW_DELAY_BLOCKS);
    await this.drawChallenge();
  }

  async seed(): Promise<string> {
    return (await this.#d.audit.run(this.task.taskId, this.prover)).seed;
  }

  async challengedSteps(): Promise<bigint[]> {
    return [...(await this.#d.audit.challengedSteps(this.task.taskId, this.prover))];
  }

  async #context(round: bigint, purpose: string): Promise<bigint> {
    const { chainId } = await ethers.provider.getNetwork();
    const market = await this.#d.market.getAddress();
    return proofContext(chainId, market, this.task.taskId, round, this.prover.address, purpose);
  }

  /** The statement of the initialisation. */
  async initStatement(): Promise<bigint[]> {
    const context = await this.#context(0n, "zkpot.train-init.v1");
    return [context, this.checkpoints[0]!, BigInt(await this.seed()) % FIELD_ORDER];
  }

  async initAnswer(): Promise<InitAnswer> {
    return {
      checkpoint: this.checkpoints[0]!,
      tracePath: this.trace.path(0),
      proof: initKey.prove({ statement: await this.initStatement(), data: 0n }),
    };
  }

  /** Index of a step's batch. */
  async batchIndex(step: bigint): Promise<number> {
    const count = this.batchCount;
    return Number(shuffledIndex(await this.seed(), step / count, step % count, count));
  }

  /** The statement of a step. */
  async stepStatement(step: bigint): Promise<bigint[]> {
    return [
      await this.#context(step, "zkpot.train-step.v1"),
      this.checkpoints[Number(step)]!,
      this.checkpoints[Number(step) + 1]!,
      this.batchCommitments[await this.batchIndex(step)]!,
      learningRateFactor(this.task.terms, step),
    ];
  }

  async stepAnswer(step: bigint): Promise<StepAnswer> {
    const index = Number(step);
    const batchIndex = await this.batchIndex(step);
    return {
      step,
      checkpointBefore: this.checkpoints[index]!,
      checkpointAfter: this.checkpoints[index + 1]!,
      batchCommitment: this.batchCommitments[batchIndex]!,
      tracePath: this.trace.pairPath(index),
      batchPath: this.batches.path(batchIndex),
      proof: stepKey.prove({ statement: await this.stepStatement(step), data: 0n }),
    };
  }

  /** Hands in the answer for the initialisation. */
  async answerInit(answer?: InitAnswer) {
    const { audit } = this.#d;
    const { checkpoint, tracePath, proof } = answer ?? (await this.initAnswer());
    return await audit.connect(this.prover).answerInit(this.task.taskId, checkpoint, tracePath, proof);
  }

  /** Hands in answers for steps, by default for all that are asked for. */
  async answerSteps(answers?: readonly StepAnswer[]) {
    const { audit } = this.#d;
    const all = answers ?? (await this.stepAnswers());
    const proofs = all.map(({ proof }) => proof);
    return await audit.connect(this.prover).answerSteps(this.task.taskId, [...all], proofs);
  }

  /** Answers for all steps asked for. */
  async stepAnswers(): Promise<StepAnswer[]> {
    return await Promise.all((await this.challengedSteps()).map((step) => this.stepAnswer(step)));
  }

  /** Answers everything. */
  async pass(): Promise<void> {
    await this.answerInit();
    await this.answerSteps();
  }
}

/** The seed that a run gets from a block's hash. */
export async function expectedSeed(d: TrainingDeployment, run: Run, blockNumber: bigint): Promise<string> {
  const { chainId } = await ethers.provider.getNetwork();
  const block = await ethers.provider.getBlock(blockNumber);
  return ethers.keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "uint256", "address", "uint256", "address", "bytes32", "bytes32", "uint256", "bytes32"],
      [
        ethers.id("zkpot.training-seed.v1"),
        chainId,
        await d.market.getAddress(),
        run.task.taskId,
        run.prover.address,
        run.task.terms.ruleHash,
        run.batches.root,
        blockNumber,
        block!.hash,
      ],
    ),
  );
}

/** The challenge seed that a run gets from a block's hash. */
export async function expectedChallengeSeed(run: Run, blockNumber: bigint): Promise<string> {
  const block = await ethers.provider.getBlock(blockNumber);
  return ethers.keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "bytes32", "bytes32", "uint256", "bytes32"],
      [ethers.id("zkpot.training-challenge.v1"), await run.seed(), run.trace.root, blockNumber, block!.hash],
    ),
  );
}
