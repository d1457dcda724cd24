import { setTimeout as sleep } from "node:timers/promises";

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
  /** Pause between two looks at the chain; default 5 s. */
  readonly pollMs?: number;
}

/** A step that came too late, or a node that does not answer: another look at the chain shows what is to be done. */
const SETBACKS: readonly string[] = [
  "contract.RoundWrongState",
  "contract.RoundTooEarly",
  "contract.RoundDeadlinePassed",
  "contract.RoundNotInPeerSet",
  "contract.RoundAlreadyMasked",
  "federation.vector-missing",
  "chain.reverted-in-block",
  "chain.request-failed",
  "chain.unreachable",
];
/** Setbacks in a row after which something must be wrong. */
const MOST_SETBACKS = 20;

/**
 * Acts for a member until it has nothing to do any more, or the signal ends the run. Throws what a step throws, unless it is
 * one of those failures that pass, and does not come again and again.
 */
export async function runMember(options: RunOptions): Promise<void> {
  const { step, onAction, onSetback, signal, pollMs = 5_000 } = options;
  const isStopped = (): boolean => signal?.aborted === true;
  let setbacks = 0;
  while (!isStopped()) {
    let action: RoundAction | undefined;
    try {
      action = await step();
      setbacks = 0;
      onAction?.(action);
      if (action.kind === "finished") return;
    } catch (error) {
      // Whatever is cut off by an interrupt is done again.
      if (isStopped()) return;
      const isSetback = error instanceof ProverError && SETBACKS.includes(error.code);
      if (!isSetback || ++setbacks > MOST_SETBACKS) throw error;
      onSetback?.(error);
    }
    if (action === undefined || action.kind === "wait") {
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
