/**
 * A prover at an auction, beside one bidder and one prover that comes in after the exclusive time. Whoever's price is reached
 * first locks; it works alone, then everybody may.
 */
import { encodeAuctionTerms } from "../../../prover/src/chain/auction.ts";
import { COLLATERAL_WEI, REWARD_WEI, SUCCESS_CHANCE, TRAINING_WEI } from "../economics.ts";
import { attempt, call, commit, numberOf, post, proofOf, prove, TIMES } from "../protocol.ts";

import type { Game, Play, Player } from "../game.ts";
import type { Situation } from "./situation.ts";

/** In seconds after posting; the price rises from the first slot to the last. */
const SLOTS = 20;
const FIRST_LOCK = 100;
const SLOT_SECONDS = 60;
const LOCK_DEADLINE = 2_000;
const EXCLUSIVE_DEADLINE = 3_000;
const LATE_COMMIT = 3_060;
const EXCLUSIVE_PROOF = 2_800;
const MIN_PRICE_WEI = REWARD_WEI / 5n;

/** First slot in which the price is worth the training with a margin, as each bidder sees it. */
interface Luck {
  readonly slot: number;
  readonly rivalSlot: number;
  readonly rivalReaches: boolean;
  readonly lateReaches: boolean;
  readonly reaches: boolean;
}

function drawLuck(game: Game): Luck {
  const slot = () => 6 + game.random.nextInteger(SLOTS - 6);
  const reaches = () => game.chance(SUCCESS_CHANCE);
  return {
    slot: slot(),
    rivalSlot: slot(),
    reaches: reaches(),
    rivalReaches: reaches(),
    lateReaches: reaches(),
  };
}

/** What the seat does once it has locked. */
interface Conduct {
  readonly slot: number;
  readonly trains: boolean;
  /** Who hands the proof in, and when. */
  readonly provesAs?: "assignee" | "assignee, late" | "second account, late";
}

function playAs(conductOf: (luck: Luck) => Conduct): Play {
  return function* (game) {
    const [buyer, seat, second, rival, late] = Array.from({ length: 5 }, () => game.player()) as [
      Player,
      Player,
      Player,
      Player,
      Player,
    ];
    const luck = drawLuck(game);
    const conduct = conductOf(luck);
    const terms = {
      minPriceWei: MIN_PRICE_WEI,
      startsAt: game.start + BigInt(FIRST_LOCK),
      rampSeconds: BigInt(SLOTS * SLOT_SECONDS),
      lockDeadline: game.start + BigInt(LOCK_DEADLINE),
      exclusiveDeadline: game.start + BigInt(EXCLUSIVE_DEADLINE),
      collateralWei: COLLATERAL_WEI,
    };
    const rules = {
      assignment: "auction",
      assignmentTerms: encodeAuctionTerms(terms),
    } as const;
    const taskId = numberOf((yield { at: TIMES.post, calls: [post(game, buyer, {}, rules)] })[0]);

    const slot = Math.min(conduct.slot, luck.rivalSlot);
    const isOurs = conduct.slot <= luck.rivalSlot;
    const assignee = isOurs ? seat : rival;
    yield { at: FIRST_LOCK + SLOT_SECONDS * slot, calls: [call(assignee, "auction", "lock", taskId)] };

    // Whoever trains knows its score; training twice does not help.
    let latecomer: Player | undefined;
    if (isOurs) {
      if (conduct.trains) seat.pay(TRAINING_WEI);
      const hasModel = conduct.trains && luck.reaches;
      if (hasModel && conduct.provesAs === "assignee") {
        yield { at: 2_400, calls: [commit(seat, taskId)] };
        yield { at: EXCLUSIVE_PROOF, calls: [prove(seat, taskId, proofOf(game, seat, taskId))] };
      } else if (hasModel) {
        latecomer = conduct.provesAs === "assignee, late" ? seat : second;
      }
    } else if (luck.rivalReaches) {
      yield { at: 2_400, calls: [commit(rival, taskId)] };
      yield { at: EXCLUSIVE_PROOF, calls: [prove(rival, taskId, proofOf(game, rival, taskId))] };
    }
    if (latecomer !== undefined) {
      yield { at: LATE_COMMIT, calls: [commit(latecomer, taskId)] };
      yield { at: TIMES.prove, calls: [prove(latecomer, taskId, proofOf(game, latecomer, taskId))] };
    } else if (
      luck.lateReaches &&
      !(isOurs ? conduct.provesAs === "assignee" && luck.reaches : luck.rivalReaches)
    ) {
      yield { at: LATE_COMMIT, calls: [commit(late, taskId)] };
      yield { at: TIMES.prove, calls: [prove(late, taskId, proofOf(game, late, taskId))] };
    }
    yield { at: TIMES.afterwards, calls: [attempt(buyer, "market", "expire", taskId)] };
    yield { at: TIMES.afterwards + 60, calls: [call(buyer, "auction", "settleCollateral", taskId)] };
    return { members: [seat, second] };
  };
}

export const auction: Situation = {
  title: "Bidder at an auction",
  seats: 5,
  honest: playAs(({ slot }) => ({ slot, trains: true, provesAs: "assignee" })),
  strategies: [
    {
      name: "locks first and does nothing, so that nobody works",
      play: playAs(() => ({ slot: 0, trains: false })),
    },
    { name: "locks at its price and does nothing", play: playAs(({ slot }) => ({ slot, trains: false })) },
    {
      name: "hands its proof in after the exclusive time",
      play: playAs(({ slot }) => ({ slot, trains: true, provesAs: "assignee, late" })),
    },
    {
      name: "lets a second account fulfil late, to win the collateral back",
      play: playAs(({ slot }) => ({ slot, trains: true, provesAs: "second account, late" })),
    },
    {
      name: "locks below its cost, to be chosen more often",
      play: playAs(() => ({ slot: 1, trains: true, provesAs: "assignee" })),
    },
  ],
};
