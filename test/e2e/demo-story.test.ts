import { stripVTControlCharacters } from "node:util";

import { expect } from "chai";

import { findScenario, SCENARIOS } from "../../scripts/demo/scenarios.ts";
import {
  findSealedAuctionScenario,
  SEALED_AUCTION_SCENARIOS,
} from "../../scripts/demo/sealed-auction/scenarios.ts";
import { formatEvent, Story, type StoryOutput, terminalOutput } from "../../scripts/demo/story.ts";
import { findPackagedDataset } from "../../prover/src/data/packaged-datasets.ts";
import { loadInstance } from "../../prover/src/circuits/instances.ts";
import { expectError } from "../prover/support/expect-error.ts";

class Recorder implements StoryOutput {
  readonly lines: string[] = [];
  readonly steps: string[] = [];
  line(text: string): void {
    this.lines.push(stripVTControlCharacters(text));
  }
  progress(text: string): void {
    this.steps.push(text);
  }
  end(): void {
    this.steps.push("end");
  }
}

/** A stream that keeps what is written to it. */
function stream(isTTY: boolean): { readonly stream: NodeJS.WriteStream; readonly written: () => string } {
  let text = "";
  const write = (chunk: string): boolean => {
    text += chunk;
    return true;
  };
  return { stream: { isTTY, columns: 40, write } as unknown as NodeJS.WriteStream, written: () => text };
}

describe("Story", () => {
  it("says what is being done, then how it ended, and returns the result", async () => {
    const output = new Recorder();
    const story = new Story(output);
    const { result, seconds } = await story.act(
      "prover",
      "thinking",
      (progress) => {
        progress("still thinking");
        return Promise.resolve(42);
      },
      (answer) => ({ text: `has ${answer}`, gas: 21_000n }),
    );
    expect(result).to.equal(42);
    expect(output.steps).to.deep.equal(["prover   thinking", "prover   still thinking"]);
    expect(output.lines).to.have.length(1);
    expect(output.lines[0]).to.match(/^ {3}\d\.\d s {2}✓ prover {3}has 42 {2}21,000 gas$/);
    expect(story.events).to.have.length(1);
    expect(story.events[0]).to.include({ party: "prover", text: "has 42", gas: 21_000, outcome: "done" });
    expect(story.events[0]!.seconds).to.equal(seconds);
  });

  it("tells nothing of what fails", async () => {
    const output = new Recorder();
    const story = new Story(output);
    const failing = story.act(
      "buyer",
      "failing",
      () => Promise.reject(new Error("no")),
      () => ({ text: "never" }),
    );
    await failing.then(
      () => expect.fail("it should have failed"),
      (error: unknown) => expect(String(error)).to.contain("no"),
    );
    expect(output.lines).to.deep.equal([]);
    expect(story.events).to.deep.equal([]);
  });
});

describe("formatEvent", () => {
  const event = { party: "rival", text: "is refused", startSeconds: 99.5, seconds: 0.49 } as const;

  it("marks refusals, and leaves out durations below half a second and missing gas", () => {
    const line = formatEvent({ ...event, gas: null, outcome: "refused" });
    expect(stripVTControlCharacters(line)).to.equal(" 100.0 s  ✗ rival    is refused");
  });

  it("adds duration and gas", () => {
    const line = formatEvent({ ...event, seconds: 0.5, gas: 1_234, outcome: "done" });
    expect(stripVTControlCharacters(line)).to.equal(" 100.0 s  ✓ rival    is refused  0.5 s, 1,234 gas");
  });
});

describe("terminalOutput", () => {
  it("writes lines to stdout and short work not at all to a stderr that is no terminal", () => {
    const [out, err] = [stream(false), stream(false)];
    const output = terminalOutput(out.stream, err.stream);
    output.progress("working");
    output.line("done");
    output.end();
    expect(out.written()).to.equal("done\n");
    expect(err.written()).to.equal("");
  });

  it("shows work at once on a terminal, cut to its width, and removes it before a line", () => {
    const [out, err] = [stream(true), stream(true)];
    const output = terminalOutput(out.stream, err.stream);
    output.progress("working ".repeat(20));
    const shown = err.written();
    expect(stripVTControlCharacters(shown).replace("\r", "")).to.have.length(39);
    output.line("done");
    expect(err.written()).to.equal(`${shown}\r\u001b[K`);
    expect(out.written()).to.equal("done\n");
  });
});

describe("scenarios", () => {
  it("name packaged data sets and shipped circuits whose shapes agree", async () => {
    for (const scenario of [...Object.values(SCENARIOS), ...Object.values(SEALED_AUCTION_SCENARIOS)]) {
      const dataset = findPackagedDataset(scenario.dataset);
      const { architecture } = await loadInstance(scenario.instanceId);
      expect(architecture.layerSizes.slice(1, -1), scenario.dataset).to.deep.equal(dataset?.hiddenSizes);
    }
  });

  it("refuse an unknown data set by name", async () => {
    await expectError(
      () => findScenario("flowers"),
      "demo.unknown-dataset",
      /no demo on the data set flowers/,
    );
    await expectError(() => findScenario("constructor"), "demo.unknown-dataset", /constructor/);
    await expectError(() => findSealedAuctionScenario("iris"), "demo.unknown-dataset", /iris/);
  });
});
