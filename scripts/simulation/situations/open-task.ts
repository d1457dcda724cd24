/** A prover of a task on a public test set, beside two honest rivals: the first valid proof takes the reward. */
import { MEMORISING_WEI, SUCCESS_CHANCE, TRAINING_WEI } from "../economics.ts";
import { attempt, call, commit, commitmentOf, numberOf, post, proofOf, prove, TIMES } from "../protocol.ts";

import type { Call, Game, Play, Player } from "../game.ts";
import type { Situation } from "./situation.ts";

const SLOTS = 10;
const SLOT_SECONDS = 60;

/** What a prover does once two rivals are at work. */
interface Conduct {
  readonly costWei: bigint;
  /** Whether it has a model that reaches the threshold. */
  readonly reaches: boolean;
  readonly commits?: (seat: Player, taskId: bigint, rival: Player) => Call;
  /** In which slot it proves; none if it does not. */
  readonly slot?: number;
  readonly handsIn?: (game: Game, seat: Player, taskId: bigint, rival: Player) => Call[];
}

interface Luck {
  readonly reaches: boolean;
  readonly slot: number;
  readonly rivals: readonly { readonly reaches: boolean; readonly slot: number }[];
}

function drawLuck(game: Game): Luck {
  const one = () => ({ reaches: game.chance(SUCCESS_CHANCE), slot: game.random.nextInteger(SLOTS) });
  return { ...one(), rivals: [one(), one()] };
}

function playAs(conductOf: (luck: Luck) => Conduct): Play {
  return function* (game) {
    const [buyer, seat, first, second] = [game.player(), game.player(), game.player(), game.player()];
    const luck = drawLuck(game);
    const conduct = conductOf(luck);
    seat.pay(conduct.costWei);
    const taskId = numberOf((yield { at: TIMES.post, calls: [post(game, buyer)] })[0]);
    // On a public test set everybody knows its score: only those commit who reach the threshold.
    const rivals = [first, second]
      .map((player, i) => ({ player, ...luck.rivals[i]! }))
      .filter((rival) => rival.reaches);
    const own =
      conduct.commits?.(seat, taskId, first) ?? (conduct.reaches ? commit(seat, taskId) : undefined);
    const commitments = rivals.map(({ player }) => commit(player, taskId));
    yield { at: TIMES.commit, calls: own === undefined ? commitments : [...commitments, own] };
    for (let slot = 0; slot < SLOTS; slot++) {
      const calls: Call[] = [];
      // Whoever watches the pool can come first in the block.
      if (own !== undefined && conduct.slot === slot) {
        calls.push(
          ...(conduct.handsIn?.(game, seat, taskId, first) ?? [
            prove(seat, taskId, proofOf(game, seat, taskId)),
          ]),
        );
      }
      for (const rival of rivals) {
        if (rival.slot === slot) calls.push(prove(rival.player, taskId, proofOf(game, rival.player, taskId)));
      }
      if (calls.length > 0) yield { at: TIMES.prove + SLOT_SECONDS * slot, calls };
    }
    if (own !== undefined && conduct.slot === SLOTS) {
      const late = conduct.handsIn?.(game, seat, taskId, first) ?? [
        prove(seat, taskId, proofOf(game, seat, taskId)),
      ];
      yield { at: TIMES.proveDeadline + 1, calls: late };
    }
    yield { at: TIMES.afterwards, calls: [attempt(buyer, "market", "expire", taskId)] };
    return { members: [seat] };
  };
}

const honest = ({ reaches, slot }: Luck): Conduct => ({ costWei: TRAINING_WEI, reaches, slot });

export const openTask: Situation = {
  title: "Prover, public test set",
  seats: 6,
  honest: playAs(honest),
  strategies: [
    {
      name: "commits and never proves",
      play: playAs(() => ({ costWei: 0n, reaches: false, commits: (seat, taskId) => commit(seat, taskId) })),
    },
    {
      name: "trains and proves after the deadline",
      play: playAs((luck) => ({ ...honest(luck), slot: SLOTS })),
    },
    {
      name: "copies a rival's commitment and its proof, first in the block",
      play: playAs(({ rivals }) => ({
        costWei: 0n,
        reaches: false,
        commits: (seat, taskId, rival) => commit(seat, taskId, commitmentOf(rival)),
        slot: rivals[0]!.slot,
        handsIn: (game, seat, taskId, rival) => {
          const copied = proofOf(game, rival, taskId);
          return [prove(seat, taskId, copied)];
        },
      })),
    },
    {
      name: "claims more than its cheap model reaches",
      play: playAs(({ slot }) => ({
        costWei: MEMORISING_WEI,
        reaches: false,
        commits: (seat, taskId) => commit(seat, taskId),
        slot,
        handsIn: (_game, seat, taskId) => [prove(seat, taskId)],
      })),
    },
    {
      name: "hands its proof in twice",
      play: playAs((luck) => ({
        ...honest(luck),
        handsIn: (game, seat, taskId) => {
          const proof = proofOf(game, seat, taskId);
          return [prove(seat, taskId, proof), prove(seat, taskId, proof)];
        },
      })),
    },
    {
      name: "enters under three accounts with one model",
      play: function* (game) {
        const [buyer, seat, first, second] = [game.player(), game.player(), game.player(), game.player()];
        const luck = drawLuck(game);
        const clones = [game.player(), game.player()];
        seat.pay(TRAINING_WEI);
        const taskId = numberOf((yield { at: TIMES.post, calls: [post(game, buyer)] })[0]);
        const own = luck.reaches ? [seat, ...clones] : [];
        const rivals = [first, second].filter((_, i) => luck.rivals[i]!.reaches);
        yield { at: TIMES.commit, calls: [...rivals, ...own].map((player) => commit(player, taskId)) };
        const entries = [
          ...own.map((player) => ({ player, slot: luck.slot })),
          ...rivals.map((player) => ({ player, slot: luck.rivals[player === first ? 0 : 1]!.slot })),
        ];
        for (let slot = 0; slot < SLOTS; slot++) {
          const now = entries.filter((entry) => entry.slot === slot).map(({ player }) => player);
          const calls = now.map((player) => prove(player, taskId, proofOf(game, player, taskId)));
          if (calls.length > 0) yield { at: TIMES.prove + SLOT_SECONDS * slot, calls };
        }
        yield { at: TIMES.afterwards, calls: [attempt(buyer, "market", "expire", taskId)] };
        return { members: [seat, ...clones] };
      },
    },
  ],
};

/** Shares of a task for many winners go to accounts, not to people: a limit that the documentation names. */
function playShared(accounts: number, split: number): Play {
  return function* (game) {
    const [buyer, rival] = [game.player(), game.player()];
    const own = Array.from({ length: accounts }, () => game.player());
    const { reaches } = drawLuck(game);
    own[0]!.pay(TRAINING_WEI);
    const taskId = numberOf((yield { at: TIMES.post, calls: [post(game, buyer, { split })] })[0]);
    const entered = reaches ? [rival, ...own] : [rival];
    yield { at: TIMES.commit, calls: entered.map((player) => commit(player, taskId)) };
    yield {
      at: TIMES.prove,
      calls: entered.map((player) => prove(player, taskId, proofOf(game, player, taskId))),
    };
    const claims = entered.map((player) => call(buyer, "market", "claim", taskId, player.address));
    yield { at: TIMES.afterwards, calls: [call(buyer, "market", "settle", taskId), ...claims] };
    return { members: own };
  };
}

export const sharedTask: Situation = {
  title: "Prover, reward shared pro rata",
  seats: 5,
  honest: playShared(1, 2),
  strategies: [
    {
      name: "draws three shares for one model under three accounts",
      play: playShared(3, 2),
      isKnownToPay: true,
    },
  ],
};
