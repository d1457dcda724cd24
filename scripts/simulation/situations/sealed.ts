/** A buyer and a prover of a sealed test set. Two provers commit before they can know their score; then the buyer reveals. */
import { findFault } from "../../../prover/src/seal/find-fault.ts";
import {
  basesRoot,
  chunkAnswer,
  chunkCount,
  openingRoot,
  openShards,
  publishedOpening,
} from "../../../prover/src/seal/opening.ts";
import { demandWeiFor } from "../../../prover/src/seal/terms.ts";
import { toField } from "../../../prover/src/field.ts";
import { dataPointsOf, openingCase } from "../../../test/support/opening-cases.ts";
import {
  BOND_WEI,
  GAS_PRICE_WEI,
  LEAST_BOND_WEI,
  MEMORISING_WEI,
  MODEL_VALUE_WEI,
  SUCCESS_CHANCE,
  TRAINING_WEI,
} from "../economics.ts";
import { attempt, call, commit, numberOf, post, proofOf, prove, TIMES } from "../protocol.ts";

import type { StepClaim } from "../../../prover/src/seal/find-fault.ts";
import type { Call, Coalition, Game, Outcome, Play, Player, ProofPoint, Scene } from "../game.ts";
import type { Situation } from "./situation.ts";

/** One shard of two chunks, the second one short. */
const WORDS = 40;
const DISPUTE_SECONDS = 1_800;
const UNSEAL_DEADLINE = TIMES.commitDeadline + 600;
const REVEAL = TIMES.commitDeadline + 60;
const DEMAND = REVEAL + 600;
const ANSWER = DEMAND + 600;
const PROVE = ANSWER + 600;
const PROVE_DEADLINE = UNSEAL_DEADLINE + 3 * DISPUTE_SECONDS;
const AFTER_ANSWERS = UNSEAL_DEADLINE + 2 * DISPUTE_SECONDS + 1;
const AFTERWARDS = PROVE_DEADLINE + 60;

const words = openingCase("simulation", 1, WORDS);
const right = await openShards(words.bases, words.shards);
const dataPoints = dataPointsOf(words);
const dataPoint: ProofPoint = dataPoints[0]!;
const root = { right: openingRoot(right), bases: await basesRoot(words.bases) };
const values = Array.from({ length: WORDS }, (_, index) => right.valueAt(index)!);
const wrong = publishedOpening(
  right,
  values.map((value, index) => (index === 20 ? { ...value, word: toField(value.word + 1n) } : value)),
);
const fault = (await findFault(wrong, words.bases, dataPoints))!;
if (fault.kind !== "step") throw new Error("a changed word is a wrong step");
const wrongStep: StepClaim = fault.claim;
const CHUNKS = Array.from({ length: chunkCount(right) }, (_, chunk) => chunk);
const DEMAND_WEI = demandWeiFor(GAS_PRICE_WEI);

type Reveals = "right" | "wrong words" | "nothing" | "root alone" | "on demand";

/** What a buyer does. */
interface Sale {
  readonly reveals: Reveals;
  readonly bondWei?: bigint;
  /** Whether a model is worth something to it. */
  readonly wantsModel?: boolean;
  /** Whether the labels are such that no model passes. */
  readonly isHopeless?: boolean;
  /** Whether an account of its own is among the provers. */
  readonly hasSybil?: boolean;
  /** Whether it has its bond lost right before a proof, by a demand of that account which it does not answer. */
  readonly forfeitsFirst?: boolean;
}

/** What the prover in the seat does. */
interface Work {
  readonly costWei: bigint;
  readonly reaches: boolean;
  /** Whether it demands what is published anyway. */
  readonly demands?: boolean;
  /** Whether it says that a right opening is wrong. */
  readonly disputes?: boolean;
}

interface Table {
  readonly buyer: Player;
  readonly seat: Player;
  readonly rival: Player;
  readonly sybil: Player;
  readonly taskId: bigint;
}

function sealTerms(game: Game, bondWei: bigint) {
  return {
    unsealDeadline: game.start + BigInt(UNSEAL_DEADLINE),
    disputeSeconds: DISPUTE_SECONDS,
    bondToken: "0x0000000000000000000000000000000000000000",
    bondWei,
    demandWei: DEMAND_WEI,
    wordsPerShard: WORDS,
    basesRoot: root.bases,
  };
}

function answersTo(buyer: Player, taskId: bigint): Call[] {
  return CHUNKS.map((chunk) => {
    const { values: shown, path } = chunkAnswer(right, chunk);
    return call(buyer, "seal", "answer", taskId, chunk, shown, path);
  });
}

function demandsOf(prover: Player, taskId: bigint): Call[] {
  return CHUNKS.map((chunk) => call(prover, "seal", "demand", taskId, chunk));
}

/** Every prover takes its part of a lost bond. */
function claims(t: Table, sale: Sale): Call[] {
  const provers = sale.hasSybil === true ? [t.seat, t.rival, t.sybil] : [t.seat, t.rival];
  return provers.map((prover) => call(t.rival, "seal", "claimBond", t.taskId, prover.address));
}

function releasesOfDemands(t: Table): Call[] {
  return CHUNKS.map((chunk) => call(t.rival, "seal", "releaseDemand", t.taskId, chunk));
}

function play(who: "buyer" | "seat", saleOf: () => Sale, workOf: (reaches: boolean) => Work): Play {
  return function* (game) {
    const t = { buyer: game.player(), seat: game.player(), rival: game.player(), sybil: game.player() };
    const sale = saleOf();
    const [seatReaches, rivalReaches] = [game.chance(SUCCESS_CHANCE), game.chance(SUCCESS_CHANCE)];
    const isSeatFirst = game.chance(0.5);
    const work = workOf(seatReaches);
    const bondWei = sale.bondWei ?? BOND_WEI;
    const rules = { sealTerms: sealTerms(game, bondWei) };
    const changes = { dataPoint, proveDeadline: PROVE_DEADLINE };
    const taskId = numberOf((yield { at: TIMES.post, calls: [post(game, t.buyer, changes, rules)] })[0]);
    const table = { ...t, taskId };
    t.seat.pay(work.costWei);
    t.rival.pay(TRAINING_WEI);
    const committed = sale.hasSybil === true ? [t.seat, t.rival, t.sybil] : [t.seat, t.rival];
    yield { at: TIMES.commit, calls: committed.map((player) => commit(player, taskId)) };

    const hasModel = yield* reveal(table, sale, work, {
      first: isSeatFirst ? t.seat : t.rival,
      seat: work.reaches && sale.isHopeless !== true,
      rival: rivalReaches && sale.isHopeless !== true,
      game,
    });
    if (who === "seat") return { members: [t.seat] };
    const valueWei = hasModel && sale.wantsModel !== false ? MODEL_VALUE_WEI : 0n;
    return { members: [t.buyer, t.sybil], valueWei } satisfies Coalition;
  };
}

interface Scores {
  readonly first: Player;
  readonly seat: boolean;
  readonly rival: boolean;
  readonly game: Game;
}

/** The reveal and what follows; returns whether a proof was accepted. */
function* reveal(
  t: Table,
  sale: Sale,
  work: Work,
  scores: Scores,
): Generator<Scene, boolean, readonly Outcome[]> {
  const forfeit = call(t.rival, "seal", "forfeit", t.taskId);
  const expire = call(t.rival, "market", "expire", t.taskId);
  if (sale.reveals === "nothing") {
    yield { at: UNSEAL_DEADLINE + 1, calls: [forfeit, expire, ...claims(t, sale)] };
    return false;
  }
  const published = sale.reveals === "wrong words" ? openingRoot(wrong) : root.right;
  yield { at: REVEAL, calls: [call(t.buyer, "seal", "reveal", t.taskId, published, "ipfs://reveal")] };
  if (sale.reveals === "wrong words") {
    yield {
      at: DEMAND,
      calls: [call(t.rival, "seal", "disputeStep", t.taskId, wrongStep), ...claims(t, sale)],
    };
    yield { at: AFTERWARDS, calls: [expire] };
    return false;
  }
  if (sale.reveals === "root alone") {
    yield { at: DEMAND, calls: demandsOf(t.rival, t.taskId) };
    yield { at: AFTER_ANSWERS, calls: [forfeit, ...claims(t, sale), ...releasesOfDemands(t)] };
    yield { at: AFTERWARDS, calls: [expire] };
    return false;
  }
  const demander = sale.reveals === "on demand" ? t.rival : work.demands === true ? t.seat : undefined;
  if (demander !== undefined) {
    yield { at: DEMAND, calls: demandsOf(demander, t.taskId) };
    yield { at: ANSWER, calls: answersTo(t.buyer, t.taskId) };
  }
  if (work.disputes === true) {
    yield { at: ANSWER, calls: [attempt(t.seat, "seal", "disputeStep", t.taskId, wrongStep)] };
  }
  const able = [
    { player: t.seat, reaches: scores.seat },
    { player: t.rival, reaches: scores.rival },
  ].filter(({ reaches }) => reaches);
  if (able.length > 1 && able[0]!.player !== scores.first) able.reverse();
  const proofs = able.map(({ player }) =>
    prove(player, t.taskId, proofOf(scores.game, player, t.taskId, { dataPoint })),
  );
  if (sale.forfeitsFirst === true) {
    yield { at: DEMAND, calls: demandsOf(t.sybil, t.taskId) };
    // It comes first in the block of the proofs.
    const first = call(t.buyer, "seal", "forfeit", t.taskId);
    yield { at: AFTER_ANSWERS, calls: [first, ...proofs, ...claims(t, sale), ...releasesOfDemands(t)] };
    yield { at: AFTERWARDS, calls: [attempt(t.buyer, "market", "expire", t.taskId)] };
    return proofs.length > 0;
  }
  if (proofs.length > 0) yield { at: PROVE, calls: proofs };
  yield {
    at: AFTERWARDS,
    calls: [attempt(t.buyer, "market", "expire", t.taskId), call(t.buyer, "seal", "releaseBond", t.taskId)],
  };
  return proofs.length > 0;
}

const honestWork = (reaches: boolean): Work => ({ costWei: TRAINING_WEI, reaches });
const buying = (sale: Sale): Play => play("buyer", () => sale, honestWork);
const working = (workOf: (reaches: boolean) => Work): Play =>
  play("seat", () => ({ reveals: "right" }), workOf);

export const sealedBuyer: Situation = {
  title: "Buyer, sealed test set",
  seats: 4,
  honest: buying({ reveals: "right" }),
  strategies: [
    { name: "never reveals", play: buying({ reveals: "nothing" }) },
    { name: "reveals other words than it sealed", play: buying({ reveals: "wrong words" }) },
    { name: "publishes a root and withholds the words", play: buying({ reveals: "root alone" }) },
    {
      name: "shows the words only to those who pay for an answer",
      play: buying({ reveals: "on demand" }),
      isKnownToPay: true,
    },
    {
      name: "never reveals, an account of its own among the provers",
      play: buying({ reveals: "nothing", hasSybil: true }),
    },
    {
      name: "loses its bond on purpose right before a proof, to keep the reward",
      play: buying({ reveals: "right", hasSybil: true, forfeitsFirst: true }),
    },
    { name: "seals labels that no model can learn", play: buying({ reveals: "right", isHopeless: true }) },
    {
      name: "no longer wants the model and never reveals",
      play: buying({ reveals: "nothing", wantsModel: false }),
      honest: buying({ reveals: "right", wantsModel: false }),
    },
    {
      name: "the same, with the least bond",
      play: buying({ reveals: "nothing", wantsModel: false, bondWei: LEAST_BOND_WEI }),
      honest: buying({ reveals: "right", wantsModel: false, bondWei: LEAST_BOND_WEI }),
      isKnownToPay: true,
    },
  ],
};

export const sealedProver: Situation = {
  title: "Prover, sealed test set",
  seats: 4,
  honest: working(honestWork),
  strategies: [
    {
      name: "memorises the public sample",
      play: working(() => ({ costWei: MEMORISING_WEI, reaches: false })),
    },
    {
      name: "trains nothing and demands all words, to be bought off",
      play: working(() => ({ costWei: 0n, reaches: false, demands: true })),
    },
    {
      name: "trains, and demands all words although they are published",
      play: working((reaches) => ({ ...honestWork(reaches), demands: true })),
    },
    {
      name: "trains, and disputes what is right",
      play: working((reaches) => ({ ...honestWork(reaches), disputes: true })),
    },
  ],
};
