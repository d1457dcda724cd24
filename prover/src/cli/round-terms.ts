import type { Command } from "commander";

import type { RoundTiming } from "../chain/round-state.ts";
import { parseToken } from "./addresses.ts";
import { parseAmount, parseDuration, parseInteger } from "./units.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `zkpot round create` that say how rounds go and what they cost. */
export interface RoundTermFlags {
  readonly train: string;
  readonly commit: string;
  readonly prove: string;
  readonly mask: string;
  readonly take: string;
  readonly lead: string;
  readonly rounds: string;
  readonly tolerance: string;
  readonly band: string;
  readonly keepBetter?: boolean;
  readonly stake: string;
  readonly cap?: string;
  readonly bond?: string;
  readonly stakeToken?: string;
  readonly reward: string;
  readonly rewardToken?: string;
}

/** What the options say; see FederationSpec in the contracts. */
export interface RoundTerms {
  readonly timing: RoundTiming;
  readonly maxRounds: number;
  readonly toleranceCount: number;
  readonly bandCount: number;
  readonly keepBetter: boolean;
  readonly stakeToken: string;
  readonly minStakeWei: bigint;
  readonly capWei: bigint;
  readonly bondWei: bigint;
  readonly rewardToken: string;
  readonly rewardWei: bigint;
}

/** The contract's limit for a part of a round: 30 days. */
const MAX_PART_SECONDS = 30 * 86_400;
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_UINT96 = 2n ** 96n - 1n;

/** Adds the options of rounds, stake and reward. */
export function withRoundTermOptions(command: Command): Command {
  return command
    .requiredOption("--rounds <count>", "rounds until the federation ends, those that fail included")
    .option("--train <duration>", "time to train, from the start of a round", "10m")
    .option("--commit <duration>", "time to commit, after training", "5m")
    .option("--prove <duration>", "time to prove, after committing", "30m")
    .option("--mask <duration>", "time to mask, for each masking", "10m")
    .option("--take <duration>", "time to find and report vectors, half of it, and to take the lead", "10m")
    .option("--lead <duration>", "time of a leader to deliver the average with proof", "15m")
    .option("--tolerance <count>", "test samples by which a model may fall short of the last global one", "0")
    .option(
      "--band <count>",
      "the leader is drawn by stake among models within so many test samples of the best",
      "0",
    )
    .option("--keep-better", "a leader may put its own model in place of an average that is worse")
    .requiredOption("--stake <amount>", "least stake of a member")
    .option("--cap <amount>", "most stake of a member that counts (default: the least stake)")
    .option("--bond <amount>", "stake that a leader loses if it does not deliver (default: the least stake)")
    .option("--stake-token <address>", "ERC-20 token of the stake (default: the native coin)")
    .requiredOption("--reward <amount>", "reward of each round, as long as the pool has it")
    .option("--reward-token <address>", "ERC-20 token of the reward (default: the native coin)");
}

/**
 * Reads the options for a test set of `sampleCount` samples. Throws UsageError naming the first option that the contract
 * would refuse.
 */
export async function parseRoundTerms(flags: RoundTermFlags, sampleCount: number): Promise<RoundTerms> {
  const minStakeWei = amount(flags.stake, "--stake");
  const capWei = flags.cap === undefined ? minStakeWei : amount(flags.cap, "--cap");
  const bondWei = flags.bond === undefined ? minStakeWei : amount(flags.bond, "--bond");
  if (bondWei === 0n || bondWei > minStakeWei || minStakeWei > capWei) {
    throw new UsageError(
      "cli.stake-range",
      `--bond (${bondWei}) must be above 0 and at most --stake (${minStakeWei}), which is at most --cap (${capWei})`,
      "A leader pays the bond from its stake, and no stake counts beyond the cap: change one of them.",
      { bondWei, minStakeWei, capWei },
    );
  }
  return {
    timing: {
      trainSeconds: part(flags.train, "--train"),
      commitSeconds: part(flags.commit, "--commit"),
      proveSeconds: part(flags.prove, "--prove"),
      maskSeconds: part(flags.mask, "--mask"),
      takeSeconds: part(flags.take, "--take"),
      leadSeconds: part(flags.lead, "--lead"),
    },
    maxRounds: parseInteger(flags.rounds, "--rounds", 1, MAX_UINT32),
    toleranceCount: parseInteger(flags.tolerance, "--tolerance", 0, sampleCount),
    bandCount: parseInteger(flags.band, "--band", 0, sampleCount),
    keepBetter: flags.keepBetter === true,
    stakeToken: await parseToken(flags.stakeToken, "--stake-token"),
    minStakeWei,
    capWei,
    bondWei,
    rewardToken: await parseToken(flags.rewardToken, "--reward-token"),
    rewardWei: amount(flags.reward, "--reward"),
  };
}

function part(text: string, option: string): number {
  const seconds = parseDuration(text, option);
  if (seconds > 0 && seconds <= MAX_PART_SECONDS) return seconds;
  throw new UsageError(
    "cli.invalid-value",
    `${option}: "${text}" is ${seconds} s; a part of a round takes 1 s to 30 d`,
    "Write a duration such as 90, 15m or 2h.",
    { option, value: text, seconds, limit: MAX_PART_SECONDS },
  );
}

function amount(text: string, option: string): bigint {
  const wei = parseAmount(text, option);
  if (wei <= MAX_UINT96) return wei;
  throw new UsageError(
    "cli.invalid-value",
    `${option}: "${text}" is ${wei}, more than the contract counts (${MAX_UINT96})`,
    "Write a smaller amount.",
    { option, value: text, limit: MAX_UINT96 },
  );
}
