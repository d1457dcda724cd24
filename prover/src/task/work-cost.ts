/** What proving a task costs its prover. */
export interface WorkCost {
  /** Over all proofs. */
  readonly provingSeconds: number;
  readonly gas: bigint;
  readonly gasPriceWei: bigint;
  /** All together, in wei of the native coin. */
  readonly costWei: bigint;
}

/** What the cost of a task follows from. */
export interface WorkPrices {
  /** Over all proofs. */
  readonly provingSeconds: number;
  /** What an hour of proving costs, in wei. */
  readonly hourlyCostWei: bigint;
  readonly gas: bigint;
  readonly gasPriceWei: bigint;
  /** What training, and all else, costs, in wei. */
  readonly trainingCostWei: bigint;
}

const MILLISECONDS_PER_HOUR = 3_600_000n;

/** The cost of a task: proving time at its hourly price, gas, and what training costs; rounded up. */
export function workCost(prices: WorkPrices): WorkCost {
  const { provingSeconds, hourlyCostWei, gas, gasPriceWei, trainingCostWei } = prices;
  const milliseconds = BigInt(Math.ceil(provingSeconds * 1000));
  const provingWei = (milliseconds * hourlyCostWei + MILLISECONDS_PER_HOUR - 1n) / MILLISECONDS_PER_HOUR;
  return { provingSeconds, gas, gasPriceWei, costWei: provingWei + gas * gasPriceWei + trainingCostWei };
}

/** Gas that committing, freeing stake and withdrawing take at most (gas-snapshot.json). */
const COMMIT_GAS = 150_000n;
const EXIT_GAS = 100_000n;
/** Gas that an auction takes on top: consent, lock and settling the collateral (assignment-gas-snapshot.json). */
const AUCTION_GAS = 270_000n;

/** Gas of a task from taking it to the reward, at most; `provingGas` is what handing in its proofs takes. */
export function taskGas(provingGas: bigint, isAuctioned: boolean): bigint {
  return COMMIT_GAS + provingGas + EXIT_GAS + (isAuctioned ? AUCTION_GAS : 0n);
}
