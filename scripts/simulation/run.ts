/** Plays all situations and says who earned what. */
import { REWARD_WEI } from "./economics.ts";
import { auditedTraining } from "./situations/audited-training.ts";
import { auction } from "./situations/auction.ts";
import { draw } from "./situations/draw.ts";
import { openTask, sharedTask } from "./situations/open-task.ts";
import { ownTask } from "./situations/own-task.ts";
import { sealedBuyer, sealedProver } from "./situations/sealed.ts";
import { meanOf, standardErrorOf } from "./statistics.ts";
import { Theatre } from "./theatre.ts";

import type { Play } from "./game.ts";
import type { Situation } from "./situations/situation.ts";
import type { Row } from "./statistics.ts";

export const SITUATIONS: readonly Situation[] = [
  openTask,
  sharedTask,
  auditedTraining,
  auction,
  draw,
  sealedBuyer,
  sealedProver,
  ownTask,
];

export interface SimulationOptions {
  /** Games of each strategy, times the weight of its situation. */
  readonly games: number;
  readonly seed: string;
  /** By default all. */
  readonly situations?: readonly Situation[];
  /** By default true; false shows what slashing is good for. */
  readonly hasSlashing?: boolean;
}

export interface Simulation {
  readonly seed: string;
  /** Games played, those of honesty included. */
  readonly games: number;
  readonly rows: readonly Row[];
}

/** Plays every strategy and honesty in the same games. */
export async function simulate({
  games,
  seed,
  situations = SITUATIONS,
  hasSlashing = true,
}: SimulationOptions): Promise<Simulation> {
  const theatre = await Theatre.open({ hasSlashing });
  const rows: Row[] = [];
  let played = 0;
  for (const situation of situations) {
    const count = games * (situation.weight ?? 1);
    const earn = async (play: Play): Promise<number[]> => {
      played += count;
      const earnings = await theatre.play(play, count, `${seed}/${situation.title}`, situation.seats);
      return earnings.map((wei) => Number(wei) / Number(REWARD_WEI));
    };
    const honest = await earn(situation.honest);
    for (const strategy of situation.strategies) {
      const earned = await earn(strategy.play);
      const compared = strategy.honest === undefined ? honest : await earn(strategy.honest);
      const differences = earned.map((value, game) => value - compared[game]!);
      rows.push({
        situation: situation.title,
        strategy: strategy.name,
        games: count,
        mean: meanOf(earned),
        honestMean: meanOf(compared),
        difference: meanOf(differences),
        standardError: standardErrorOf(differences),
        isKnownToPay: strategy.isKnownToPay ?? false,
      });
    }
  }
  await theatre.close();
  return { seed, games: played, rows };
}

const PLACES = 4;

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(PLACES)}`;
}

/** The rows as a table in Markdown, in units of the reward. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(
    (row) =>
      `| ${row.situation} | ${row.strategy} | ${row.games} | ${signed(row.mean)} | ${signed(row.honestMean)} | ` +
      `${signed(row.difference)} ± ${row.standardError.toFixed(PLACES)}${row.isKnownToPay ? " (known)" : ""} |`,
  );
  return [
    "| seat | strategy | games | earns | honesty | difference ± standard error |",
    "|---|---|--:|--:|--:|--:|",
    ...lines,
  ].join("\n");
}
