import { styleText } from "node:util";

import type { DemoEvent, PartyId } from "./record.ts";

/** Where the story goes. */
export interface StoryOutput {
  /** A finished line. */
  line(text: string): void;
  /** What is going on now; the next call or line replaces it. */
  progress(text: string): void;
  /** Nothing is going on any more. */
  end(): void;
}

/** How an act ended, for its line. */
export interface ActEnd {
  readonly text: string;
  readonly gas?: bigint;
  readonly isRefused?: boolean;
}

const PARTY_WIDTH = 8;
const DEFAULT_COLUMNS = 80;

/** Tells what happens as it happens, and remembers it. */
export class Story {
  readonly startedAt = new Date();
  readonly events: DemoEvent[] = [];
  readonly #output: StoryOutput;
  readonly #started = performance.now();

  constructor(output: StoryOutput) {
    this.#output = output;
  }

  /** Seconds since the story began. */
  seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Does something and tells how it ended and how long it took; `progress` says what is going on meanwhile. */
  async act<Result>(
    party: PartyId,
    doing: string,
    work: (progress: (text: string) => void) => Promise<Result>,
    end: (result: Result) => ActEnd,
  ): Promise<{ readonly result: Result; readonly seconds: number }> {
    const startSeconds = this.seconds();
    this.#output.progress(`${party.padEnd(PARTY_WIDTH)} ${doing}`);
    const result = await work((text) => this.#output.progress(`${party.padEnd(PARTY_WIDTH)} ${text}`));
    return { result, seconds: this.tell(party, startSeconds, end(result)) };
  }

  /** Tells of something that has just ended; returns the seconds it took. */
  tell(party: PartyId, startSeconds: number, { text, gas, isRefused }: ActEnd): number {
    const seconds = this.seconds() - startSeconds;
    const event: DemoEvent = {
      party,
      text,
      startSeconds,
      seconds,
      gas: gas === undefined ? null : Number(gas),
      outcome: isRefused === true ? "refused" : "done",
    };
    this.events.push(event);
    this.#output.line(formatEvent(event));
    return seconds;
  }

  /** Says what is going on, without remembering it. */
  going(party: PartyId, doing: string): void {
    this.#output.progress(`${party.padEnd(PARTY_WIDTH)} ${doing}`);
  }

  /** A blank line and a heading. */
  heading(text: string): void {
    this.#output.line(`\n${styleText("bold", text, { stream: process.stdout })}`);
  }
}

/** An event as one line: time, party, what happened, how long it took, gas. */
export function formatEvent({ party, text, startSeconds, seconds, gas, outcome }: DemoEvent): string {
  const time = `${(startSeconds + seconds).toFixed(1).padStart(6)} s`;
  const mark =
    outcome === "done"
      ? styleText("green", "✓", { stream: process.stdout })
      : styleText("red", "✗", { stream: process.stdout });
  const facts = [
    ...(seconds >= 0.5 ? [`${seconds.toFixed(1)} s`] : []),
    ...(gas === null ? [] : [`${gas.toLocaleString("en")} gas`]),
  ];
  const tail =
    facts.length === 0 ? "" : styleText("dim", `  ${facts.join(", ")}`, { stream: process.stdout });
  return `${time}  ${mark} ${party.padEnd(PARTY_WIDTH)} ${text}${tail}`;
}

/**
 * Lines on `stdout`; what is going on, with the seconds it takes so far, on `stderr`: on a line of its own that is
 * replaced on a terminal, now and then elsewhere.
 */
export function terminalOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): StoryOutput {
  const TICK_MS = stderr.isTTY ? 500 : 5_000;
  const clear = stderr.isTTY ? "\r\u001b[K" : "";
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
    if (timer !== undefined && clear !== "") stderr.write(clear);
    timer = undefined;
  };
  return {
    line(text) {
      stop();
      stdout.write(`${text}\n`);
    },
    progress(text) {
      stop();
      const started = performance.now();
      const show = (): void => {
        const seconds = Math.round((performance.now() - started) / 1000);
        const line = `          … ${text}${seconds > 0 ? ` (${seconds} s)` : ""}`;
        // Some terminals report no width.
        const width = (stderr.columns || DEFAULT_COLUMNS) - 1;
        stderr.write(stderr.isTTY ? clear + line.slice(0, width) : `${line}\n`);
      };
      if (stderr.isTTY) show();
      timer = setInterval(show, TICK_MS).unref();
    },
    end: stop,
  };
}
