/** A buyer in league with a prover, in tasks of its own. */
import { MODEL_VALUE_WEI, TRAINING_WEI } from "../economics.ts";
import { call, commit, numberOf, post, proofOf, prove, SPLIT, TIMES } from "../protocol.ts";

import type { Play } from "../game.ts";
import type { Situation } from "./situation.ts";

/** Buys a model of an outsider. */
const buys: Play = function* (game) {
  const [buyer, outsider] = [game.player(), game.player()];
  const taskId = numberOf((yield { at: TIMES.post, calls: [post(game, buyer)] })[0]);
  outsider.pay(TRAINING_WEI);
  yield { at: TIMES.commit, calls: [commit(outsider, taskId)] };
  yield { at: TIMES.prove, calls: [prove(outsider, taskId, proofOf(game, outsider, taskId))] };
  return { members: [buyer], valueWei: MODEL_VALUE_WEI };
};

/** Fulfils a task of its own that any model fulfils: for a record of settled work, say. */
const washes: Play = function* (game) {
  const [buyer, friend] = [game.player(), game.player()];
  const taskId = numberOf((yield { at: TIMES.post, calls: [post(game, buyer, { minCorrect: 1n })] })[0]);
  yield { at: TIMES.commit, calls: [commit(friend, taskId)] };
  yield { at: TIMES.prove, calls: [prove(friend, taskId, proofOf(game, friend, taskId))] };
  return { members: [buyer, friend] };
};

/** Trains a model itself and asks nobody. */
const trainsItself: Play = function* (game) {
  const buyer = game.player();
  buyer.pay(TRAINING_WEI);
  yield { at: TIMES.post, calls: [] };
  return { members: [buyer], valueWei: MODEL_VALUE_WEI };
};

/** Trains a model itself, has an outsider work all the same, and takes the reward of the best score back. */
const outdoes: Play = function* (game) {
  const [buyer, friend, outsider] = [game.player(), game.player(), game.player()];
  const task = post(game, buyer, { split: SPLIT.bestScore });
  const taskId = numberOf((yield { at: TIMES.post, calls: [task] })[0]);
  friend.pay(TRAINING_WEI);
  const provers = [friend, outsider];
  yield { at: TIMES.commit, calls: provers.map((player) => commit(player, taskId)) };
  // Among equals the first leads.
  yield {
    at: TIMES.prove,
    calls: provers.map((player) => prove(player, taskId, proofOf(game, player, taskId))),
  };
  yield { at: TIMES.afterwards, calls: [call(buyer, "market", "settle", taskId)] };
  return { members: [buyer, friend], valueWei: MODEL_VALUE_WEI };
};

export const ownTask: Situation = {
  title: "Buyer in league with a prover",
  seats: 3,
  honest: buys,
  strategies: [
    { name: "fulfils a trivial task of its own, for a record of settled work", play: washes },
    {
      name: "wins its own task, so that another worked for nothing; instead of training alone",
      play: outdoes,
      honest: trainsItself,
    },
  ],
};
