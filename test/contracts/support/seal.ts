/** Sealed test sets under test: contracts, tasks, openings of made-up words, and proofs of their shards by a trapdoor key. */
import { toField } from "../../../prover/src/field.ts";
import { findFault, type OpeningFault, type StepClaim } from "../../../prover/src/seal/find-fault.ts";
import {
  basesRoot,
  chunkAnswer,
  type OpenedWord,
  type Opening,
  openingRoot,
  openShards,
  publishedOpening,
} from "../../../prover/src/seal/opening.ts";
import { type OpeningCase, openingCase } from "../../support/opening-cases.ts";
import {
  deploy,
  ethers,
  key,
  modelCommitmentOf,
  NATIVE,
  networkHelpers,
  NO_RULES,
  REWARD_WEI,
  statementFor,
  taskSpec,
} from "./deployment.ts";
import { g1, type G1Point, type Proof } from "./trapdoor-key.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { TaskSpec } from "./deployment.ts";

export const DISPUTE_SECONDS = 1_800n;
/** Not divisible by three provers. */
export const BOND_WEI = 3n * 10n ** 17n + 2n;
export const DEMAND_WEI = 10n ** 16n;
/** What posters and provers let the seal lock. */
const LIMIT_WEI = 1_000n * REWARD_WEI;

/** Values of `ForfeitReason`. */
export const FORFEIT = { notRevealed: 0n, demandUnanswered: 1n, wrongStep: 2n, wrongEnd: 3n } as const;

/** Registry, vault, market and seal. */
export async function deploySeal() {
  const d = await deploy();
  const seal = await ethers.deployContract("TestSetSeal", [d.market]);
  for (const account of [d.poster, d.alice, d.bob, d.carol]) {
    await d.vault
      .connect(account)
      .depositAndApprove(NATIVE, 10n * REWARD_WEI, seal, LIMIT_WEI, { value: 10n * REWARD_WEI });
    await d.vault.connect(account).approveLocker(d.market, NATIVE, LIMIT_WEI);
  }
  return { ...d, seal };
}

export type SealDeployment = Awaited<ReturnType<typeof deploySeal>>;

/** `deploySeal`, from a snapshot of the chain: everybody has stake and lets market and seal lock it. */
export async function sealDeployed(): Promise<SealDeployment> {
  return await networkHelpers.loadFixture(deploySeal);
}

/** Words of a test set with everything that follows from them. */
export interface SealedWords extends OpeningCase {
  readonly opening: Opening;
  readonly openingRoot: string;
  readonly basesRoot: string;
  readonly dataPoints: readonly G1Point[];
  /** Scalars of the data points. */
  readonly dataScalars: readonly bigint[];
}

/** Opens the words of a case. */
export async function openCase(words: OpeningCase): Promise<SealedWords> {
  const opening = await openShards(words.bases, words.shards);
  const dataScalars = words.shards.map((shard) =>
    toField(shard.reduce((sum, word, index) => sum + word * words.scalars[index]!, 0n)),
  );
  return {
    ...words,
    opening,
    openingRoot: openingRoot(opening),
    basesRoot: await basesRoot(words.bases),
    dataPoints: dataScalars.map(g1),
    dataScalars,
  };
}

/** Three shards of thirteen words: two chunks, and shards that begin inside of them. */
export async function threeShards(): Promise<SealedWords> {
  return await openCase(openingCase("sealed", 3, 13));
}

/** Valid terms: ten minutes to reveal, then three windows of half an hour up to the prove deadline. */
export function sealTerms(spec: TaskSpec, { basesRoot, scalars }: SealedWords) {
  return {
    unsealDeadline: spec.commitDeadline + 600n,
    disputeSeconds: DISPUTE_SECONDS,
    bondToken: NATIVE,
    bondWei: BOND_WEI,
    demandWei: DEMAND_WEI,
    wordsPerShard: BigInt(scalars.length),
    basesRoot,
  };
}

export type SealTerms = ReturnType<typeof sealTerms>;

/** The spec of a task on sealed words. */
export async function sealedSpec({ dataPoints }: SealedWords): Promise<TaskSpec> {
  const spec = await taskSpec();
  const proveDeadline = spec.commitDeadline + 600n + 3n * DISPUTE_SECONDS;
  return { ...spec, dataPoints: [...dataPoints], proveDeadline };
}

/** Posts a task with a sealed test set. */
export async function sendSealed(
  { market, seal, poster }: SealDeployment,
  words: SealedWords,
  changes: Partial<SealTerms> = {},
  specChanges: Partial<TaskSpec> = {},
) {
  const spec = { ...(await sealedSpec(words)), ...specChanges };
  const terms = { ...sealTerms(spec, words), ...changes };
  const rules = { ...NO_RULES, seal: await seal.getAddress(), sealTerms: terms };
  const value = spec.rewardToken === NATIVE ? spec.rewardWei : 0n;
  return { spec, terms, transaction: market.connect(poster).postWithRules(spec, rules, { value }) };
}

/** A task on sealed words, and everything that can be done about it. */
export class SealedTask {
  readonly taskId: bigint;
  readonly spec: TaskSpec;
  readonly terms: SealTerms;
  readonly words: SealedWords;
  readonly #d: SealDeployment;

  constructor(d: SealDeployment, words: SealedWords, taskId: bigint, spec: TaskSpec, terms: SealTerms) {
    this.#d = d;
    this.words = words;
    this.taskId = taskId;
    this.spec = spec;
    this.terms = terms;
  }

  get unsealDeadline(): bigint {
    return this.terms.unsealDeadline;
  }

  get demandDeadline(): bigint {
    return this.terms.unsealDeadline + this.terms.disputeSeconds;
  }

  get answerDeadline(): bigint {
    return this.terms.unsealDeadline + 2n * this.terms.disputeSeconds;
  }

  async commit(...provers: readonly HardhatEthersSigner[]): Promise<void> {
    for (const prover of provers) {
      await this.#d.market.connect(prover).commit(this.taskId, modelCommitmentOf(prover));
    }
  }

  /** Publishes a root in the next block, by default the right one. */
  async reveal(root = this.words.openingRoot, by = this.#d.poster) {
    return await this.#d.seal.connect(by).reveal(this.taskId, root, "ipfs://reveal");
  }

  /** Commits the provers and reveals right after the commit deadline. */
  async commitAndReveal(provers: readonly HardhatEthersSigner[], root?: string): Promise<void> {
    await this.commit(...provers);
    await networkHelpers.time.setNextBlockTimestamp(this.spec.commitDeadline + 1n);
    await this.reveal(root);
  }

  async demand(prover: HardhatEthersSigner, chunk = 0) {
    return await this.#d.seal.connect(prover).demand(this.taskId, chunk);
  }

  /** Answers with a chunk of an opening, by default of the right one. */
  async answer(chunk = 0, { by = this.#d.stranger, opening = this.words.opening } = {}) {
    const { values, path } = chunkAnswer(opening, chunk);
    return await this.#d.seal.connect(by).answer(this.taskId, chunk, [...values], [...path]);
  }

  async disputeStep(claim: StepClaim, by = this.#d.stranger) {
    return await this.#d.seal.connect(by).disputeStep(this.taskId, stepArgument(claim));
  }

  async disputeEnd(shard: number, last: OpenedWord, path: readonly string[], by = this.#d.stranger) {
    return await this.#d.seal.connect(by).disputeEnd(this.taskId, shard, last, [...path]);
  }

  /** Shows a place at which the opening is wrong. */
  async dispute(fault: OpeningFault) {
    if (fault.kind === "step") return await this.disputeStep(fault.claim);
    const { shard, last, path } = fault.claim;
    return await this.disputeEnd(shard, last, path);
  }

  async forfeit() {
    return await this.#d.seal.connect(this.#d.stranger).forfeit(this.taskId);
  }

  async claimBond(prover: { readonly address: string }) {
    return await this.#d.seal.connect(this.#d.stranger).claimBond(this.taskId, prover.address);
  }

  async releaseBond() {
    return await this.#d.seal.connect(this.#d.stranger).releaseBond(this.taskId);
  }

  async releaseDemand(chunk = 0) {
    return await this.#d.seal.connect(this.#d.stranger).releaseDemand(this.taskId, chunk);
  }

  /** Proves 120 samples of each shard in one call. */
  async prove(prover: HardhatEthersSigner) {
    const counts = this.words.dataScalars.map((_, shard) => ({ shard: BigInt(shard), correct: 120n }));
    const statement = await statementFor(this.#d, this.taskId, prover, 120n);
    const proofs: Proof[] = this.words.dataScalars.map((data) => key.prove({ statement, data }));
    return await this.#d.market.connect(prover).prove(this.taskId, counts, proofs);
  }
}

/** Posts a task with a sealed test set. */
export async function postSealed(
  d: SealDeployment,
  words: SealedWords,
  changes: Partial<SealTerms> = {},
  specChanges: Partial<TaskSpec> = {},
): Promise<SealedTask> {
  const { spec, terms, transaction } = await sendSealed(d, words, changes, specChanges);
  await transaction;
  return new SealedTask(d, words, await d.market.taskCount(), spec, terms);
}

/** A step claim as the generated types want it: with arrays that could be changed. */
export function stepArgument(claim: StepClaim) {
  return { ...claim, openingPath: [...claim.openingPath], basePath: [...claim.basePath] };
}

/** All values of an opening in a row. */
export function valuesOf(opening: Opening): OpenedWord[] {
  const count = opening.shardCount * opening.wordsPerShard;
  return Array.from({ length: count }, (_, index) => opening.valueAt(index)!);
}

/** The opening with values changed, as its poster would publish it. */
export function changedOpening(
  opening: Opening,
  change: (value: OpenedWord, index: number) => OpenedWord,
): Opening {
  return publishedOpening(opening, valuesOf(opening).map(change));
}

/** The words' opening with 1 added to the word at a place. */
export function wrongAt({ opening }: SealedWords, place: number): Opening {
  return changedOpening(opening, (value, index) =>
    index === place ? { ...value, word: toField(value.word + 1n) } : value,
  );
}

/** Where an opening of the words' data points is wrong. */
export async function faultOf({ bases, dataPoints }: SealedWords, opening: Opening): Promise<OpeningFault> {
  return (await findFault(opening, bases, dataPoints))!;
}
