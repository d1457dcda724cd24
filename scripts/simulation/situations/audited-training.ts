/** A prover that must show how it trained: one prover, the real audit, twenty steps of which the first, the last and three are asked for. */
import { keccak_256 } from "@noble/hashes/sha3.js";

import { TRAIN_INIT_PURPOSE, TRAIN_STEP_PURPOSE } from "../../../prover/src/chain/context.ts";
import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { MerkleVector } from "../../../test/contracts/support/merkle-vector.ts";
import { MODEL_VALUE_WEI, STAKE_WEI, TRAINING_WEI } from "../economics.ts";
import { JUNK_PROOF } from "../game.ts";
import { attempt, call, keyIdOf, look, numberOf, post, proofOf, prove, TIMES } from "../protocol.ts";

import type { Call, Game, Play, Player } from "../game.ts";
import type { Situation } from "./situation.ts";

const STEPS = 20;
const DRAWN_STEPS = 3;
const ANSWER_DEADLINE = TIMES.commitDeadline + 1_800;

const checkpoints = Array.from({ length: STEPS + 1 }, (_, step) => valueOf(`checkpoint ${step}`));
const trace = new MerkleVector(checkpoints);
const batch = valueOf("batch");
const batches = new MerkleVector([batch]);
/** Its last checkpoint is the model; paths are the same in all games. */
const MODEL = checkpoints.at(-1)!;

function valueOf(label: string): bigint {
  return BigInt(`0x${Buffer.from(keccak_256(Buffer.from(label))).toString("hex")}`) >> 8n;
}

/** How a prover trains. */
interface Training {
  /** Share of the training that it does. */
  readonly done: number;
  /** Stages of which it has no proof: −1 is the initialisation. */
  readonly faked: ReadonlySet<number>;
  /** Whether it answers what it can, though it cannot answer everything. */
  readonly answersAnyway?: boolean;
  readonly isSilent?: boolean;
}

function terms(game: Game) {
  return {
    initKeyId: keyIdOf(3),
    stepKeyId: keyIdOf(5),
    ruleHash: `0x${"11".repeat(32)}`,
    epochs: STEPS,
    minBatches: 1,
    halvingSteps: 1_000,
    learningRateExponent: 0,
    drawnSteps: DRAWN_STEPS,
    answerDeadline: game.start + BigInt(ANSWER_DEADLINE),
  };
}

/** The answers to a challenge: with a proof where the prover has a witness. */
function answers(
  game: Game,
  seat: Player,
  taskId: bigint,
  seed: bigint,
  steps: readonly number[],
  faked: ReadonlySet<number>,
): Call[] {
  const init = faked.has(-1)
    ? JUNK_PROOF
    : game.prove(seat, TRAIN_INIT_PURPOSE, taskId, 0n, [checkpoints[0]!, seed % FIELD_ORDER]);
  const stepAnswers = steps.map((step) => ({
    step,
    checkpointBefore: checkpoints[step]!,
    checkpointAfter: checkpoints[step + 1]!,
    batchCommitment: batch,
    tracePath: trace.pairPath(step),
    batchPath: [],
  }));
  const proofs = steps.map((step) =>
    faked.has(step)
      ? JUNK_PROOF
      : game.prove(seat, TRAIN_STEP_PURPOSE, taskId, BigInt(step), [
          checkpoints[step]!,
          checkpoints[step + 1]!,
          batch,
          1n,
        ]),
  );
  return [
    { ...attempt(seat, "audit", "answerInit", taskId, checkpoints[0]!, trace.path(0), init), proofs: 1 },
    { ...attempt(seat, "audit", "answerSteps", taskId, stepAnswers, proofs), proofs: proofs.length },
  ];
}

function playAs(trainingOf: (game: Game) => Training, isWithBuyer = false): Play {
  return function* (game) {
    const [buyer, seat] = [game.player(), game.player()];
    const training = trainingOf(game);
    const rules = { trainingTerms: terms(game) };
    const taskId = numberOf(
      (yield { at: TIMES.post, calls: [post(game, buyer, { stakeWei: STAKE_WEI }, rules)] })[0],
    );
    yield { at: 60, calls: [call(seat, "audit", "register", taskId, batches.root, 1)] };
    yield { at: 300, calls: [call(seat, "audit", "drawSeed", taskId, seat.address)] };
    seat.pay(share(TRAINING_WEI, training.done));
    yield { at: TIMES.commit, calls: [call(seat, "market", "commitWithTrace", taskId, MODEL, trace.root)] };
    const draw = call(seat, "audit", "drawChallenge", taskId, seat.address);
    const [, asked, run] = yield {
      at: 1_200,
      calls: [
        draw,
        look(seat, "audit", "challengedSteps", taskId, seat.address),
        look(seat, "audit", "run", taskId, seat.address),
      ],
    };
    const seed = BigInt(`0x${run!.result.slice(66, 130)}`);
    const count = Number(BigInt(`0x${asked!.result.slice(66, 130)}`));
    const steps = Array.from({ length: count }, (_, i) =>
      Number(BigInt(`0x${asked!.result.slice(130 + 64 * i, 194 + 64 * i)}`)),
    );
    const isCaught = [-1, ...steps].some((stage) => training.faked.has(stage));
    if (training.isSilent !== true && (!isCaught || training.answersAnyway === true)) {
      yield { at: 2_000, calls: answers(game, seat, taskId, seed, steps, training.faked) };
      yield {
        at: TIMES.prove,
        calls: [prove(seat, taskId, proofOf(game, seat, taskId, { modelCommitment: MODEL }))],
      };
    }
    yield { at: ANSWER_DEADLINE + 1, calls: [attempt(buyer, "market", "slashStake", taskId, seat.address)] };
    const [expired] = yield { at: TIMES.afterwards, calls: [attempt(buyer, "market", "expire", taskId)] };
    const valueWei = isWithBuyer && !expired!.success ? MODEL_VALUE_WEI : 0n;
    return { members: isWithBuyer ? [buyer, seat] : [seat], valueWei };
  };
}

function share(amountWei: bigint, part: number): bigint {
  return (amountWei * BigInt(Math.round(part * 1_000))) / 1_000n;
}

/** So many inner steps, at random places. */
function innerSteps(game: Game, count: number): Set<number> {
  const places = game.random.permutation(STEPS - 2);
  return new Set([...places.slice(0, count)].map((place) => place + 1));
}

const HONEST: Training = { done: 1, faked: new Set() };
const honest = playAs(() => HONEST);
const skipping = (count: number) =>
  playAs((game) => ({ done: 1 - count / STEPS, faked: innerSteps(game, count) }));

export const auditedTraining: Situation = {
  title: "Prover, training audited",
  seats: 2,
  honest,
  strategies: [
    { name: "skips a tenth of the steps", play: skipping(2) },
    { name: "skips a quarter of the steps", play: skipping(5) },
    { name: "skips half of the steps", play: skipping(10) },
    {
      name: "skips half, and answers what it can",
      play: playAs((game) => ({ done: 0.5, faked: innerSteps(game, 10), answersAnyway: true })),
    },
    {
      name: "puts a made-up trace around a model it has already",
      play: playAs(() => ({ done: 0, faked: new Set(Array.from({ length: STEPS + 1 }, (_, i) => i - 1)) })),
    },
    {
      name: "swaps the last step for another model",
      play: playAs(() => ({ done: 1, faked: new Set([STEPS - 1]) })),
    },
    { name: "trains and stays silent", play: playAs(() => ({ ...HONEST, isSilent: true })) },
    {
      name: "has itself slashed by the buyer it is in league with",
      play: playAs(() => ({ done: 0, faked: new Set([-1]), isSilent: true }), true),
      honest: playAs(() => HONEST, true),
    },
  ],
};
