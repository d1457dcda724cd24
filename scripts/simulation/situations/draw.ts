/** A prover with some stake in a draw of one seat, beside three rivals with as much each. */
import { encodeDrawTerms } from "../../../prover/src/chain/draw.ts";
import { REWARD_WEI, TRAINING_WEI } from "../economics.ts";
import { attempt, call, commit, look, numberOf, post, proofOf, prove, TIMES } from "../protocol.ts";

import type { Play } from "../game.ts";
import type { Situation } from "./situation.ts";

const STAKE_WEI = REWARD_WEI / 5n;
const RIVALS = 3;
const MOST_ACCOUNTS = 4;
/** Long enough for all games that are played at once. */
const ENROL_BLOCKS = 150;
const DRAW_BLOCKS = ENROL_BLOCKS + 10;
const DRAWS = 2;

interface Conduct {
  /** Accounts that share the seat's stake. */
  readonly accounts: number;
  readonly isIdle?: boolean;
}

function playAs({ accounts, isIdle = false }: Conduct): Play {
  return function* (game) {
    const buyer = game.player();
    const rivals = Array.from({ length: RIVALS }, () => game.player());
    const own = Array.from({ length: accounts }, () => game.player());
    const terms = {
      minWei: STAKE_WEI / BigInt(MOST_ACCOUNTS),
      capWei: STAKE_WEI,
      enrolBlocks: ENROL_BLOCKS,
      turnBlocks: ENROL_BLOCKS,
      seats: 1,
      maxRedraws: DRAWS - 1,
    };
    const rules = {
      assignment: "draw",
      assignmentTerms: encodeDrawTerms(terms),
    } as const;
    const taskId = numberOf((yield { at: TIMES.post, calls: [post(game, buyer, {}, rules)] })[0]);
    const everybody = [...rivals, ...own];
    const enrolments = [
      ...rivals.map((player) => call(player, "draw", "enrol", taskId, STAKE_WEI)),
      ...own.map((player) => call(player, "draw", "enrol", taskId, STAKE_WEI / BigInt(accounts))),
    ];
    yield { at: 60, calls: enrolments };

    for (let round = 1; round <= DRAWS; round++) {
      const drawing = yield {
        at: 600 * round,
        blocks: DRAW_BLOCKS,
        calls: [call(buyer, "draw", "draw", taskId), look(buyer, "draw", "drawnAccounts", taskId)],
      };
      const holder = everybody.find(({ address }) => address === lastOf(drawing[1]!.result))!;
      const isOurs = own.includes(holder);
      if (isOurs && isIdle) continue;
      holder.pay(TRAINING_WEI);
      yield { at: 600 * round + 120, calls: [commit(holder, taskId)] };
      yield { at: TIMES.prove, calls: [prove(holder, taskId, proofOf(game, holder, taskId))] };
      break;
    }
    const leaving = everybody.map((player) => call(player, "draw", "leave", taskId));
    yield { at: TIMES.afterwards, calls: [attempt(buyer, "market", "expire", taskId), ...leaving] };
    return { members: own };
  };
}

/** The last of the addresses that a call returned. */
function lastOf(result: string): string {
  return `0x${result.slice(-40)}`;
}

export const draw: Situation = {
  title: "Enrolled for a draw",
  seats: 1 + RIVALS + MOST_ACCOUNTS,
  weight: 3,
  honest: playAs({ accounts: 1 }),
  strategies: [
    { name: "splits its stake over two accounts", play: playAs({ accounts: 2 }) },
    { name: "splits its stake over four accounts", play: playAs({ accounts: 4 }) },
    { name: "takes the seat and does nothing", play: playAs({ accounts: 1, isIdle: true }) },
  ],
};
