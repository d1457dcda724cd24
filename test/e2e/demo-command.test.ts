import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import { WORKSPACE } from "../../prover/src/chain/abis.ts";
import { askChainId } from "../../prover/src/chain/connect.ts";
import { readOptions, SCENARIO_NAMES } from "../../scripts/demo/options.ts";
import type { DemoRecord } from "../../scripts/demo/record.ts";
import { renderReport } from "../../scripts/demo/report/report.ts";
import { renderSealedAuctionReport } from "../../scripts/demo/report/sealed-auction-report.ts";
import { renderTrainingReport } from "../../scripts/demo/report/training-report.ts";
import type { SealedAuctionRecord } from "../../scripts/demo/sealed-auction/record.ts";
import type { TrainingDemoRecord } from "../../scripts/demo/training/record.ts";
import { expectError } from "../prover/support/expect-error.ts";
import type { Failure } from "../support/zkpot.ts";

const SCRIPT = path.join(WORKSPACE, "scripts", "demo.ts");

interface Demo {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly closed: Promise<number | null>;
}

function start(temporary: string, ...parameters: string[]): Demo {
  const child = spawn(process.execPath, [SCRIPT, ...parameters], {
    cwd: temporary,
    env: { ...process.env, TMPDIR: temporary, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, stdout: () => stdout, stderr: () => stderr, closed };
}

/** Fails with what the demo has said when it takes too long. */
async function until(demo: Demo, what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 200_000;
  while (!isSo() && !hasEnded(demo)) {
    if (Date.now() > deadline) {
      demo.child.kill();
      throw new Error(`waited too long for ${what}:\n${demo.stdout()}\n${demo.stderr()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function isAlive(rpcUrl: string): Promise<boolean> {
  return await askChainId(rpcUrl).then(
    () => true,
    () => false,
  );
}

/** The chain is told to end when the demo ends; its port closes a moment later. */
async function expectEnd(rpcUrl: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (await isAlive(rpcUrl)) {
    if (Date.now() > deadline) throw new Error(`the chain at ${rpcUrl} outlives the demo`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What is left in the folder but for the cache of Hardhat's module loader. */
function ownFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith("tsx-"));
}

describe("readOptions", () => {
  it("plays digits with seed 1 into demo/ unless told otherwise", () => {
    expect(readOptions([])).to.deep.equal({
      scenario: "accuracy",
      dataset: "digits",
      seed: "1",
      out: path.join(WORKSPACE, "demo"),
      json: false,
      keep: false,
      help: false,
    });
  });

  it("takes every option", () => {
    const parameters =
      "--scenario sealed-auction --dataset breast-cancer --seed 9 --out /tmp/x --json --keep --help";
    expect(readOptions(parameters.split(" "))).to.deep.equal({
      scenario: "sealed-auction",
      dataset: "breast-cancer",
      seed: "9",
      out: path.resolve("/tmp/x"),
      json: true,
      keep: true,
      help: true,
    });
  });

  it("takes every scenario by its name, and --training-proof for one of them", () => {
    for (const name of SCENARIO_NAMES) expect(readOptions(["--scenario", name]).scenario).to.equal(name);
    expect(readOptions(["--training-proof"]).scenario).to.equal("training-proof");
    expect(readOptions(["--training-proof", "--scenario", "training-proof"]).scenario).to.equal(
      "training-proof",
    );
  });

  it("refuses a scenario it does not know, and two at once", async () => {
    await expectError(() => readOptions(["--scenario", "auction"]), "cli.usage", /no scenario auction/);
    await expectError(
      () => readOptions(["--training-proof", "--scenario", "sealed-auction"]),
      "cli.usage",
      /--training-proof is the scenario training-proof, --scenario names sealed-auction/,
    );
  });
});

describe("npm run demo", function () {
  this.timeout(300_000);

  let temporary: string;

  beforeEach(() => {
    temporary = mkdtempSync(path.join(os.tmpdir(), "zkpot-demo-command-"));
  });

  afterEach(() => {
    rmSync(temporary, { recursive: true });
  });

  it("explains itself with --help", async () => {
    const demo = start(temporary, "--help");
    expect(await demo.closed).to.equal(0);
    for (const option of [
      "--scenario",
      "--dataset",
      "--training-proof",
      "--seed",
      "--out",
      "--json",
      "--keep",
    ]) {
      expect(demo.stdout()).to.contain(option);
    }
    expect(demo.stderr()).to.equal("");
  });

  it("refuses an option it does not know, without a stack trace", async () => {
    const demo = start(temporary, "--datset", "digits");
    expect(await demo.closed).to.equal(2);
    expect(demo.stderr()).to.match(/^error: Unknown option '--datset'.*\nnext: {2}See .*--help`\.\n$/);
    expect(demo.stdout()).to.equal("");
  });

  it("refuses an unknown data set, in JSON when asked for", async () => {
    const demo = start(temporary, "--dataset", "flowers", "--json");
    expect(await demo.closed).to.equal(1);
    const { error } = JSON.parse(demo.stdout()) as Failure;
    expect(error.code).to.equal("demo.unknown-dataset");
    expect(error.nextStep).to.contain("digits");
    expect(ownFiles(temporary)).to.deep.equal([]);
  });

  it("prints one record with --json, leaves the report, and keeps the chain until it is interrupted", async () => {
    const demo = start(temporary, "--dataset", "breast-cancer", "--json", "--keep", "--out", "out");
    await until(demo, "the end of the story", () => demo.stderr().includes("Ctrl-C ends it"));
    const rpcUrl = /keeps running at (http:\S+);/.exec(demo.stderr())?.[1];
    expect(rpcUrl, demo.stderr()).to.be.a("string");
    expect(await isAlive(rpcUrl!)).to.be.true;
    demo.child.kill("SIGINT");
    expect(await demo.closed).to.equal(0);
    await expectEnd(rpcUrl!);

    const record = JSON.parse(demo.stdout()) as DemoRecord;
    expect(record.task.state).to.equal("settled");
    const saved = path.join(temporary, "out");
    expect(JSON.parse(readFileSync(path.join(saved, "report.json"), "utf8"))).to.deep.equal(record);
    expect(readFileSync(path.join(saved, "report.html"), "utf8")).to.equal(renderReport(record));
    expect(demo.stderr()).to.contain("hands in the proof in the same block");
    expect(ownFiles(temporary), "nothing else is left").to.deep.equal(["out"]);
  });

  it("plays the task with training proof, too", async () => {
    const parameters = ["--training-proof", "--dataset", "breast-cancer", "--json", "--out", "out"];
    const demo = start(temporary, ...parameters);
    await until(demo, "the end of the story", () => false);
    expect(await demo.closed, demo.stderr()).to.equal(0);
    const record = JSON.parse(demo.stdout()) as TrainingDemoRecord;
    expect(record.format).to.equal("zkpot.training-demo-record");
    expect(record.task.state).to.equal("settled");
    const saved = path.join(temporary, "out");
    expect(readFileSync(path.join(saved, "report.html"), "utf8")).to.equal(renderTrainingReport(record));
    expect(demo.stderr()).to.contain("with training proof").and.to.contain("the rival slashed");
    expect(ownFiles(temporary), "nothing else is left").to.deep.equal(["out"]);
  });

  it("plays the auctions on sealed test sets into a report of their own", async () => {
    const parameters = [
      "--scenario",
      "sealed-auction",
      "--dataset",
      "breast-cancer",
      "--json",
      "--out",
      "out",
    ];
    const demo = start(temporary, ...parameters);
    await until(demo, "the end of the story", () => false);
    expect(await demo.closed, demo.stderr()).to.equal(0);
    const record = JSON.parse(demo.stdout()) as SealedAuctionRecord;
    expect(record.format).to.equal("zkpot.sealed-auction-demo-record");
    const saved = path.join(temporary, "out");
    expect(readdirSync(saved).sort()).to.deep.equal([
      "sealed-auction-report.html",
      "sealed-auction-report.json",
    ]);
    const page = readFileSync(path.join(saved, "sealed-auction-report.html"), "utf8");
    expect(page).to.equal(renderSealedAuctionReport(record));
    expect(demo.stderr()).to.contain("a false reveal cost its buyer the bond");
    expect(ownFiles(temporary), "nothing else is left").to.deep.equal(["out"]);
  });

  it("ends its chain and removes its files when it is interrupted half-way", async () => {
    const demo = start(temporary, "--dataset", "breast-cancer", "--out", "out");
    await until(demo, "the chain", () => /on port \d+/.test(demo.stdout()));
    const port = /on port (\d+)/.exec(demo.stdout())![1]!;
    demo.child.kill("SIGINT");
    expect(await demo.closed).to.equal(130);
    await expectEnd(`http://127.0.0.1:${port}`);
    expect(ownFiles(temporary)).to.deep.equal([]);
  });
});

function hasEnded({ child }: Demo): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
