import type { SentTransaction } from "../../../prover/src/chain/send.ts";
import type { DemoAttempt, FederationParty } from "../record.ts";
import type { Stage } from "../stage.ts";
import type { DemoRoundGas, DemoWork } from "./record.ts";

/** Something a member has done. */
export interface Deed {
  readonly party: FederationParty;
  readonly round: number;
  /** Method of the contract, or what was done without one. */
  readonly action: string;
  /** Whether a proof was made in it. */
  readonly isProof: boolean;
  /** When it began, in seconds since the story did. */
  readonly startSeconds: number;
  /** What the story says of it; null for nothing. */
  readonly text: string | null;
  /** What it ended in, if anything was sent. */
  readonly sent: SentTransaction | undefined;
}

/** Keeps account of what everybody does in the rounds, what it takes, and what it costs. */
export class Ledger {
  readonly attempts: DemoAttempt[] = [];
  readonly gas: DemoRoundGas[] = [];
  readonly #work = new Map<number, DemoWork[]>();
  readonly #starts = new Map<number, number>();
  readonly #stage: Stage;
  #endedAt = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** What was done in a round, in order. */
  workOf(round: number): readonly DemoWork[] {
    return this.#work.get(round) ?? [];
  }

  /** What a round took, until the next one began. */
  secondsOf(round: number): number {
    const start = this.#starts.get(round);
    return start === undefined ? 0 : (this.#starts.get(round + 1) ?? this.#endedAt) - start;
  }

  /** A round begins now. */
  beginRound(round: number): void {
    this.#stage.story.heading(`Round ${round}`);
    this.#starts.set(round, this.#stage.story.seconds());
  }

  /** The last round is over. */
  end(): void {
    this.#endedAt = this.#stage.story.seconds();
  }

  /** Keeps account of a deed and tells of it. */
  note({ party, round, action, isProof, startSeconds, text, sent }: Deed): void {
    const { story } = this.#stage;
    const seconds =
      text === null
        ? story.seconds() - startSeconds
        : story.tell(party, startSeconds, { text, ...(sent === undefined ? {} : { gas: sent.gasUsed }) });
    if (sent !== undefined) {
      this.#stage.note(party, `round ${round}: ${action}`, sent.receipt);
      this.gas.push({ party, round, method: action, gas: Number(sent.gasUsed) });
    }
    this.noteWork(round, { party, action, seconds, isProof });
  }

  /** Keeps account of work that the story tells of by itself. */
  noteWork(round: number, work: DemoWork): void {
    const all = this.#work.get(round) ?? [];
    all.push(work);
    this.#work.set(round, all);
  }
}
