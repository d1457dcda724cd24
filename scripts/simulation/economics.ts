/**
 * What things cost in the simulation, in wei of the native coin. What decides is the ratio of rewards, stakes and costs; each
 * number says where it comes from.
 */

const ETHER = 10n ** 18n;

/** What a prover is paid: a task worth some hundred times the gas of settling it. Assumed; the unit of the table. */
export const REWARD_WEI = ETHER / 10n;

/** What a proven model is worth to its buyer. Assumed: nobody posts a task for a model worth less than its reward. */
export const MODEL_VALUE_WEI = (REWARD_WEI * 3n) / 2n;

/** What training costs. Assumed: provers enter when a reward pays for about three attempts. */
export const TRAINING_WEI = (REWARD_WEI * 3n) / 10n;

/** Training on the published sample alone, which is much smaller than the data. Assumed. */
export const MEMORISING_WEI = TRAINING_WEI / 10n;

/** Chance of an honest model to reach the threshold. Assumed. */
export const SUCCESS_CHANCE = 0.9;

/** Stake of a prover where training is audited: the toolkit's rule is at least twice the training cost less the reward, and at
 *  least something (`docs/protocol.md`). Half a reward, as the examples have it. */
export const STAKE_WEI = REWARD_WEI / 2n;

/** Collateral of an auction. Assumed: a fifth of the highest price. */
export const COLLATERAL_WEI = REWARD_WEI / 5n;

/** Bond of a sealed test set: what the reward is worth and a fifth more, so that walking away is dearer than paying. */
export const BOND_WEI = (REWARD_WEI * 6n) / 5n;

/** The least bond the contract takes: a tenth of the reward (`MIN_BOND_BPS`). */
export const LEAST_BOND_WEI = REWARD_WEI / 10n;

/** Fee of the market in basis points; its cap is 500. Assumed. */
export const FEE_BPS = 200n;

/** Assumed; mainnet was between 0.3 and 5 gwei in 2025. */
export const GAS_PRICE_WEI = 10n ** 9n;

/** Gas of a transaction before its first instruction, and of its calldata (EIP-2028). */
export const TRANSACTION_GAS = 21_000n;
export const ZERO_BYTE_GAS = 4n;
export const BYTE_GAS = 16n;

/** Gas of checking a proof, which the registry of the simulation does not do: "verify call" of the gas snapshot, rounded up. */
export const VERIFICATION_GAS = 290_000n;

/** Making a proof: four seconds of two cores (`docs/protocol.md`), at 0.10 dollars an hour and 3,000 dollars a coin. */
export const PROVING_WEI = ETHER / 27_000_000n;
