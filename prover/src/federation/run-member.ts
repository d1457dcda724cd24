import { setTimeout as sleep } from "node:timers/promises";

import type { RoundTiming } from "../chain/round-state.ts";
import { ProverError } from "../errors.ts";
import type { RoundAction } from "./next-action.ts";

/** How runMember goes on. */
export interface RunOptions {
  /** Takes one step, as stepMember does. */
  readonly step: () => Promise<RoundAction>;
  /** Told of everything done and waited for. */
  readonly onAction?: (action: RoundAction) => void;
  /** Told of failures that pass. */
  readonly onSetback?: (error: ProverError) => void;
  /** Ends the run between two steps. */
  readonly signal?: AbortSignal | undefined;
  /** Longest pause between two looks at the chain; default 5 s. */
  readonly pollMs?: number;
  /** How it pauses; default by the clock, until the signal. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/** A node does not answer: it may be back in a second or in a day. */
const OUTAGES: readonly string[] = ["chain.unreachable", "chain.request-failed"];
/** A step that came too late or too early, or from a node that lags: another look at the chain shows what is to be done. */
const SETBACKS: readonly string[] = [
  "chain.nonce-gap",
  "chain.nonce-used",
  "chain.record-mismatch",
  "chain.reverted-in-block",
  "chain.transaction-dropped",
  "contract.BlockDrawTooEarly",
  "federation.vector-missing",
];
/** Refusals of rounds that stay, however often they are looked at. */
const LASTING_REFUSALS: readonly string[] = [
  "contract.RoundInvalidProof",
  "contract.RoundNotEligible",
  "contract.RoundNullifierUsed",
];
/** Setbacks in a row after which something must be wrong. */
const MOST_SETBACKS = 20;
/** Longest pause after a failure. */
const MOST_PAUSE_MS = 30_000;
/** Pause before a time that has come by the clock here and not by the chain's. */
const LEAST_PAUSE_MS = 1_000;
/** Pause while a block is awaited: about as long as Ethereum takes for one. */
const BLOCK_MS = 12_000;

/**
 * Acts for a member until it has nothing to do any more, or the signal ends the run. Outages of nodes are waited out, with
 * longer and longer pauses. Throws what a step throws, unless it is a setback that passes and does not come again and again.
 */
export async function runMember(options: RunOptions): Promise<void> {
  const { step, onAction, onSetback, signal, pollMs = 5_000 } = options;
  const pause = options.pause ?? ((pauseMs) => sleep(pauseMs, undefined, { signal }).catch(() => undefined));
  const isStopped = (): boolean => signal?.aborted === true;
  let setbacks = 0;
  let outages = 0;
  while (!isStopped()) {
    let pauseMs: number;
    try {
      const action = await step();
      [setbacks, outages] = [0, 0];
      onAction?.(action);
      if (action.kind === "finished") return;
      if (action.kind !== "wait") continue;
      pauseMs = pauseBefore(action, pollMs);
    } catch (error) {
      // Whatever is cut off by an interrupt is done again.
      if (isStopped()) return;
      if (!(error instanceof ProverError)) throw error;
      const isOutage = OUTAGES.includes(error.code);
      if (!isOutage && (!isSetback(error) || ++setbacks > MOST_SETBACKS)) throw error;
      onSetback?.(error);
      pauseMs = Math.min(pollMs * 2 ** (isOutage ? outages++ : 0), MOST_PAUSE_MS);
    }
    await pause(pauseMs);
  }
}

/**
 * A quarter of the shortest part of a round in which a member has a turn, half of the leader's time being one of its own: whoever
 * looks as often misses none.
 */
export function longestPollMs({
  commitSeconds,
  proveSeconds,
  maskSeconds,
  takeSeconds,
  leadSeconds,
}: RoundTiming): number {
  const shortest = Math.min(commitSeconds, proveSeconds, maskSeconds, takeSeconds / 2, leadSeconds);
  return Math.max((shortest * 1_000) / 4, LEAST_PAUSE_MS);
}

function isSetback({ code }: ProverError): boolean {
  return SETBACKS.includes(code) || (code.startsWith("contract.Round") && !LASTING_REFUSALS.includes(code));
}

/** No longer than until what is awaited. */
function pauseBefore({ until, untilBlock }: RoundAction & { kind: "wait" }, pollMs: number): number {
  if (untilBlock !== null) return Math.min(pollMs, BLOCK_MS);
  if (until === null) return pollMs;
  return Math.min(pollMs, Math.max(Number(until) * 1_000 - Date.now(), LEAST_PAUSE_MS));
}
