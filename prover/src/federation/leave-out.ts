import { isRunning } from "../chain/round-state.ts";
import { ProverError } from "../errors.ts";
import { type Member, stepMember } from "./member.ts";
import { type RoundAction, waitForEnd } from "./next-action.ts";
import type { ChainView } from "./round-chain.ts";

/** What costs a member the round in which it happens, and nothing else. */
const ROUND_FAILURES: readonly string[] = [
  "contract.RoundNotEligible",
  "contract.RoundNullifierUsed",
  "federation.global-mismatch",
  "federation.masked",
  "federation.model-lost",
  "federation.not-provable",
  "federation.roster",
];
/** Of local training, of its model, and of what a leader published as the global one. */
const ROUND_FAILURE_KINDS: readonly string[] = ["document.", "model.", "training."];
/** No round would be better. */
const NO_BACKEND = "training.backend-unavailable";

/**
 * Steps of a member that leaves out a round in which it cannot go on: from then on it waits for the next one, and only moves
 * the round on when its time is up. The first wait that it returns says why. Kept in memory: a new run tries again.
 *
 * Throws as stepMember, but for what costs no more than a round.
 */
export function leaveOutRounds(member: Member, step = stepMember): () => Promise<RoundAction> {
  let view: ChainView | undefined;
  const read = async (): Promise<ChainView> => (view = await member.chain.read());
  const watched = { ...member, chain: { ...member.chain, read } };
  let leftOut: bigint | undefined;
  return async () => {
    if (leftOut !== undefined) {
      const now = await read();
      if (now.federation.round !== leftOut) leftOut = undefined;
      else if (isUnderWay(now)) return waitForEnd(stateOf(now), `round ${leftOut} is left out`);
    }
    try {
      return await step(watched);
    } catch (error) {
      if (!(error instanceof ProverError) || !costsRound(error) || view === undefined) throw error;
      const { round } = view.federation;
      const reason = leftOut === round ? "" : `: ${error.message}. ${error.nextStep}`;
      leftOut = round;
      return waitForEnd(stateOf(view), `round ${round} is left out${reason}`);
    }
  };
}

function costsRound({ code }: ProverError): boolean {
  if (code === NO_BACKEND) return false;
  return ROUND_FAILURES.includes(code) || ROUND_FAILURE_KINDS.some((kind) => code.startsWith(kind));
}

/** Whether a round runs, and its present part has time left. */
function isUnderWay({ round, time }: ChainView): boolean {
  return round !== undefined && isRunning(round) && (round.endsAt === null || time <= round.endsAt);
}

/** Where the last round stands; before the first nothing ends by time. */
function stateOf({ round }: ChainView): { readonly endsAt: bigint | null } {
  return round ?? { endsAt: null };
}
