/** Where a round stands, as the contract numbers it; `IFederatedRounds` has the table of transitions. */
export const ROUND_STATES = [
  "none",
  "training",
  "committing",
  "proving",
  "masking",
  "electing",
  "elected",
  "leading",
  "final",
  "abandoned",
] as const;
export type RoundState = (typeof ROUND_STATES)[number];

/** How long the parts of a round last; see FederationTiming in the contracts. */
export interface RoundTiming {
  readonly trainSeconds: number;
  readonly commitSeconds: number;
  readonly proveSeconds: number;
  readonly maskSeconds: number;
  readonly takeSeconds: number;
  readonly leadSeconds: number;
}

/** Where a stored round stands at a time, as `stateOf` of the contract says, and the last timestamp of that state. */
export function stateAt(
  stored: { readonly state: RoundState; readonly startedAt: bigint; readonly deadline: bigint },
  timing: RoundTiming,
  time: bigint,
): { readonly state: RoundState; readonly endsAt: bigint | null } {
  const { state, startedAt, deadline } = stored;
  if (state === "masking" || state === "elected" || state === "leading") return { state, endsAt: deadline };
  if (state !== "training") return { state, endsAt: null };
  const trainingEnd = startedAt + BigInt(timing.trainSeconds);
  if (time <= trainingEnd) return { state, endsAt: trainingEnd };
  const committingEnd = trainingEnd + BigInt(timing.commitSeconds);
  if (time <= committingEnd) return { state: "committing", endsAt: committingEnd };
  return { state: "proving", endsAt: committingEnd + BigInt(timing.proveSeconds) };
}

/**
 * Last timestamp at which missing vectors are reported in a round with an elected leader, who takes the lead after it: half of the
 * first leader's time. In the past for fallback leaders.
 */
export function reportsEnd(
  { endsAt, failed }: { readonly endsAt: bigint | null; readonly failed: readonly number[] },
  { takeSeconds }: Pick<RoundTiming, "takeSeconds">,
): bigint {
  if (endsAt === null) throw new TypeError("no leader is elected");
  const electedAt = endsAt - BigInt(takeSeconds);
  return failed.length === 0 ? electedAt + BigInt(takeSeconds) / 2n : electedAt - 1n;
}

/** Whether a round has started and not ended. */
export function isRunning({ state }: { readonly state: RoundState }): boolean {
  return state !== "none" && state !== "final" && state !== "abandoned";
}
