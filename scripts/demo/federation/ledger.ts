import type { SentTransaction, Sender } from "../../../prover/src/chain/send.ts";
import type { DemoAttempt, FederationParty } from "../record.ts";
import type { Stage } from "../stage.ts";
import type { DemoRoundGas, DemoWork } from "./record.ts";

/** Something a member does in a round that ends in a transaction. */
export interface Deed {
  readonly party: FederationParty;
  /** What is going on meanwhile. */
  readonly doing: string;
  /** Method of the contract. */
  readonly method: string;
  /** Whether a proof is made in it. */
  readonly isProof?: boolean;
}

/** Keeps account of what everybody does in the rounds, what it takes, and what it costs. */
export class Ledger {
  readonly attempts: DemoAttempt[] = [];
  readonly gas: DemoRoundGas[] = [];
  readonly #work = new Map<number, DemoWork[]>();
  readonly #seconds = new Map<number, number>();
  readonly #stage: Stage;
  #round = 0;
  #startedAt = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** What was done in a round, in order. */
  workOf(round: number): readonly DemoWork[] {
    return this.#work.get(round) ?? [];
  }

  /** What a round took. */
  secondsOf(round: number): number {
    return this.#seconds.get(round) ?? 0;
  }

  beginRound(round: number): void {
    this.#round = round;
    this.#startedAt = this.#stage.story.seconds();
  }

  endRound(): void {
    this.#seconds.set(this.#round, this.#stage.story.seconds() - this.#startedAt);
  }

  /** Does something that ends in a transaction, tells it and keeps account of it. */
  async deed(
    { party, doing, method, isProof = false }: Deed,
    work: (sender: Sender) => Promise<{ readonly sent: SentTransaction; readonly text: string }>,
  ): Promise<SentTransaction> {
    const stage = this.#stage;
    const { result, seconds } = await stage.story.act(
      party,
      doing,
      () => work(stage.sender(party)),
      ({ sent, text }) => ({ text, gas: sent.gasUsed }),
    );
    const { sent } = result;
    stage.note(party, `round ${this.#round}: ${method}`, sent.receipt);
    this.gas.push({ party, round: this.#round, method, gas: Number(sent.gasUsed) });
    this.#add({ party, action: method, seconds, isProof });
    return sent;
  }

  /** Keeps account of work that ends in no transaction of its own. */
  async work<Result>(
    party: FederationParty,
    action: string,
    work: () => Promise<Result>,
    isProof = false,
  ): Promise<Result> {
    const before = this.#stage.story.seconds();
    const result = await work();
    this.#add({ party, action, seconds: this.#stage.story.seconds() - before, isProof });
    return result;
  }

  #add(work: DemoWork): void {
    const all = this.#work.get(this.#round) ?? [];
    all.push(work);
    this.#work.set(this.#round, all);
  }
}
