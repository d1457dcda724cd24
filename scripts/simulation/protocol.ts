/** Calls of the market and its rules, as players make them. */
import { ACCURACY_PURPOSE } from "../../prover/src/chain/context.ts";
import { keccak_256 } from "@noble/hashes/sha3.js";

import { JUNK_PROOF } from "./game.ts";
import { REWARD_WEI } from "./economics.ts";

import type { Call, ContractName, Game, Outcome, Player, ProofPoint, SimulatedProof } from "./game.ts";

export const NATIVE = "0x0000000000000000000000000000000000000000";
const ZERO_HASH = `0x${"00".repeat(32)}`;

/** Samples of a test set and how many a model must get right. */
export const SAMPLE_COUNT = 360n;
export const MIN_CORRECT = 342n;
export const REACHED = 350n;

/** Ids of the keys in the registry of the simulation: the length of their statements. */
export const keyIdOf = (length: number): string => `0x${length.toString(16).padStart(64, "0")}`;

/** When things happen in a task without rules, in seconds after it was posted. */
export const TIMES = {
  post: 0,
  commit: 600,
  commitDeadline: 3_600,
  prove: 4_000,
  proveDeadline: 7_200,
  afterwards: 8_000,
} as const;

/** Values of `RewardSplit`. */
export const SPLIT = { firstValid: 0, bestScore: 1, proRata: 2 } as const;

export const DATA_POINT: ProofPoint = { x: 1n, y: 2n };

const NO_SEAL_TERMS = {
  unsealDeadline: 0,
  disputeSeconds: 0,
  bondToken: NATIVE,
  bondWei: 0,
  demandWei: 0,
  wordsPerShard: 0,
  basesRoot: ZERO_HASH,
};
const NO_TRAINING_TERMS = {
  initKeyId: ZERO_HASH,
  stepKeyId: ZERO_HASH,
  ruleHash: ZERO_HASH,
  epochs: 0,
  minBatches: 0,
  halvingSteps: 0,
  learningRateExponent: 0,
  drawnSteps: 0,
  answerDeadline: 0,
};

/** What a task differs in from an ordinary one. */
export interface TaskChanges {
  readonly rewardWei?: bigint;
  readonly stakeWei?: bigint;
  readonly split?: number;
  readonly winners?: number;
  readonly maxProvers?: number;
  readonly minCorrect?: bigint;
  readonly dataPoint?: ProofPoint;
  readonly commitDeadline?: number;
  readonly proveDeadline?: number;
}

/** Contracts that decide about a task besides the market. */
export interface Rules {
  readonly assignment?: ContractName;
  readonly assignmentTerms?: string;
  readonly sealTerms?: object;
  readonly trainingTerms?: object;
}

/** Posts a task; the outcome's result is its id. */
export function post(game: Game, by: Player, changes: TaskChanges = {}, rules?: Rules): Call {
  const rewardWei = changes.rewardWei ?? REWARD_WEI;
  const spec = {
    rewardToken: NATIVE,
    rewardWei,
    keyId: keyIdOf(3),
    dataPoints: [changes.dataPoint ?? DATA_POINT],
    sampleCount: SAMPLE_COUNT,
    minCorrect: changes.minCorrect ?? MIN_CORRECT,
    commitDeadline: game.start + BigInt(changes.commitDeadline ?? TIMES.commitDeadline),
    proveDeadline: game.start + BigInt(changes.proveDeadline ?? TIMES.proveDeadline),
    stakeToken: NATIVE,
    stakeWei: changes.stakeWei ?? 0n,
    split: changes.split ?? SPLIT.firstValid,
    winners: changes.winners ?? 1,
    maxProvers: changes.maxProvers ?? 8,
    architectureId: 7n,
    documentHash: ZERO_HASH,
    documentUri: "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
  };
  if (rules === undefined) return { by, to: "market", name: "post", args: [spec], valueWei: rewardWei };
  const args = [
    spec,
    {
      assignment: rules.assignment === undefined ? NATIVE : game.place.address(rules.assignment),
      assignmentTerms: rules.assignmentTerms ?? "0x",
      seal: rules.sealTerms === undefined ? NATIVE : game.place.address("seal"),
      sealTerms: rules.sealTerms ?? NO_SEAL_TERMS,
      trainingAudit: rules.trainingTerms === undefined ? NATIVE : game.place.address("audit"),
      trainingTerms: rules.trainingTerms ?? NO_TRAINING_TERMS,
    },
  ];
  return { by, to: "market", name: "postWithRules", args, valueWei: rewardWei };
}

/** The number that a call returned. */
export function numberOf(outcome: Outcome | undefined): bigint {
  return BigInt(outcome!.result.slice(0, 66));
}

/** A commitment that differs from player to player. */
export function commitmentOf(player: Player): bigint {
  return BigInt(`0x${Buffer.from(keccak_256(Buffer.from(player.address))).toString("hex")}`) >> 8n;
}

export function commit(by: Player, taskId: bigint, modelCommitment = commitmentOf(by)): Call {
  return { by, to: "market", name: "commit", args: [taskId, modelCommitment] };
}

/** A proof of `REACHED` samples by a player that has a model that reaches them. */
export function proofOf(
  game: Game,
  by: Player,
  taskId: bigint,
  { modelCommitment = commitmentOf(by), dataPoint = DATA_POINT } = {},
): SimulatedProof {
  return game.prove(by, ACCURACY_PURPOSE, taskId, 0n, [modelCommitment, REACHED], dataPoint);
}

/** Hands a proof in; without one, what anybody can make up. */
export function prove(by: Player, taskId: bigint, proof: SimulatedProof = JUNK_PROOF): Call {
  const counts = [{ shard: 0, correct: REACHED }];
  // Of several provers only the first is paid; the others' proofs come too late.
  return { by, to: "market", name: "prove", args: [taskId, counts, [proof]], proofs: 1, mayFail: true };
}

/** Any other call of a contract. */
export function call(by: Player, to: ContractName, name: string, ...args: readonly unknown[]): Call {
  return { by, to, name, args };
}

/** A call that is sent although it must fail, or may. */
export function attempt(by: Player, to: ContractName, name: string, ...args: readonly unknown[]): Call {
  return { by, to, name, args, mayFail: true };
}

/** A look at the chain. */
export function look(by: Player, to: ContractName, name: string, ...args: readonly unknown[]): Call {
  return { by, to, name, args, isView: true };
}
