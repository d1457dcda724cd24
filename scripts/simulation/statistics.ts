/** Earnings of a strategy beside those of honesty in the same games. */

/** What came out for one strategy, in units of the reward. */
export interface Row {
  readonly situation: string;
  readonly strategy: string;
  readonly games: number;
  /** Mean earning of the strategy and of honesty. */
  readonly mean: number;
  readonly honestMean: number;
  /** Mean of the differences game by game, and its standard error. */
  readonly difference: number;
  readonly standardError: number;
  /** Whether the documentation says that this strategy pays. */
  readonly isKnownToPay: boolean;
}

/** Differences of no more standard errors than this are chance: one strategy in 700 would be beyond by chance. */
const MAX_STANDARD_ERRORS = 3;

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard error of the mean; 0 for values that are all the same. */
export function standardErrorOf(values: readonly number[]): number {
  const mean = meanOf(values);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length);
}

/** Whether a strategy earns more than honesty does, beyond chance. */
export function beatsHonesty({ difference, standardError }: Row): boolean {
  return difference > MAX_STANDARD_ERRORS * standardError;
}

/** Strategies that beat honesty although nobody said so, and those said to that do not. */
export function surprises(rows: readonly Row[]): Row[] {
  return rows.filter((row) => beatsHonesty(row) !== row.isKnownToPay);
}
