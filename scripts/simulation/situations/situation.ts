import type { Play } from "../game.ts";

/** A seat in a kind of game, what honesty does in it, and what else one could try. */
export interface Situation {
  readonly title: string;
  /** Most players of a game. */
  readonly seats: number;
  readonly honest: Play;
  readonly strategies: readonly Strategy[];
  /** So many times the games of other situations, where little depends on the strategy and much on chance. */
  readonly weight?: number;
}

export interface Strategy {
  readonly name: string;
  readonly play: Play;
  /** The game that honesty plays instead, if it is another one than the situation's. */
  readonly honest?: Play;
  /** Where the documentation says that this pays. */
  readonly isKnownToPay?: boolean;
}
