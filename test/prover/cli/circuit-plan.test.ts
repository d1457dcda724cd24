import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

import { getDocument } from "../../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import type { CircuitCost } from "../../../prover/src/circuits/cost.ts";
import type { CircuitInstance } from "../../../prover/src/circuits/instance.ts";
import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import type { FederationInstances } from "../../../prover/src/circuits/plan-federation.ts";
import { findInstanceOf } from "../../../prover/src/cli/artifacts.ts";
import { FEDERATION_DOCUMENT } from "../../../prover/src/federation/federation-document.ts";
import { ANVIL_KEYS, startAnvil } from "../../support/anvil.ts";
import { createCommand } from "../../support/tiny-federation.ts";
import { TINY_CLUSTERS } from "../../support/tiny-task.ts";
import { Workspace } from "../../support/zkpot.ts";

const SHAPE = ["--layers", "4,3,3", "--samples", "10", "--input-bits", "4"];
const STEP = "train-step-4-3-3x4";

interface Planned<Instance> {
  readonly instance: Instance;
  readonly cost: CircuitCost;
  readonly fits: boolean;
  readonly file?: string;
}

interface FederationPlan {
  readonly members: number;
  readonly maxFactor: number;
  readonly maxFactorSum: number;
  readonly circuits: { readonly [Name in keyof FederationInstances]: Planned<FederationInstances[Name]> };
  readonly nextSteps: readonly string[];
}

let workspace: Workspace;

beforeEach(() => {
  workspace = new Workspace();
});

afterEach(() => {
  workspace.remove();
});

async function planFederation(...parameters: string[]): Promise<FederationPlan> {
  return await workspace.json<FederationPlan>("circuit", "plan", ...parameters);
}

async function splitClusters(inputBits: number): Promise<void> {
  workspace.write("clusters.csv", TINY_CLUSTERS);
  await workspace.json("data", "split", "./clusters.csv", "--input-bits", String(inputBits));
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(workspace.file(file), "utf8"));
}

describe("zkpot circuit plan --members", () => {
  it("plans three circuits of one architecture and says what each costs", async () => {
    const { members, maxFactor, maxFactorSum, circuits } = await planFederation(...SHAPE, "--members", "3");
    const { score, mask, aggregate } = circuits;
    expect({ members, maxFactor, maxFactorSum }).to.deep.equal({
      members: 3,
      maxFactor: 255,
      maxFactorSum: 765,
    });
    expect([score.instance.id, mask.instance.id, aggregate.instance.id]).to.deep.equal([
      ...["round-4-3-3x10", "masked-4-3-3x3", "aggregate-4-3-3x3"],
    ]);
    for (const { instance, cost, fits, file } of [score, mask, aggregate]) {
      expect(instance.architecture).to.deep.equal(score.instance.architecture);
      expect(cost.rows).to.be.within(2 ** (cost.domainPower - 1) + 1, 2 ** cost.domainPower);
      expect(fits).to.equal(true);
      expect(file).to.equal(undefined);
    }
  });

  it("prints rows, memory and time of each, and the commands that come next", async () => {
    const { code, stdout, stderr } = await workspace.run(
      ...["circuit", "plan", ...SHAPE, "--members", "3", "--id", "mine", "--out", "planned"],
    );
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^members +3, factors up to 255, 765 together$/m);
    const { circuits, nextSteps } = await planFederation(
      ...[...SHAPE, "--members", "3", "--id", "mine", "--out", "planned"],
    );
    for (const { instance, cost } of Object.values(circuits)) {
      const seconds = cost.provingSeconds.toFixed(1);
      expect(stdout).to.match(
        new RegExp(
          `^ ${instance.id} +${cost.rows} +2\\^${cost.domainPower} +[\\d.]+ MB +${seconds} s *$`,
          "m",
        ),
      );
      expect(stdout).to.include(`zkpot circuit build planned/${instance.id}.json\n`);
      expect(stdout).to.include(`zkpot keys dev planned/${instance.id}.json`);
    }
    for (const step of nextSteps) expect(stdout).to.include(`  ${step}\n`);
    expect(nextSteps.at(-1)).to.match(
      /^zkpot round create .*--score-circuit planned\/round-mine.json --mask-circuit planned\/masked-mine.json --aggregate-circuit planned\/aggregate-mine.json/,
    );
  });

  it("plans for a test set, and writes what it shows", async () => {
    await workspace.json("data", "split", "breast-cancer");
    const { circuits } = await planFederation(
      ...["--test-set", "test-set.json", "--members", "16", "--out", "planned"],
    );
    expect(circuits.score.instance.architecture.layerSizes).to.deep.equal([30, 2]);
    expect(readdirSync(workspace.file("planned")).sort()).to.deep.equal([
      ...["aggregate-30-2x16.json", "masked-30-2x16.json", "round-30-2x114.json"],
    ]);
    for (const { instance, file } of Object.values(circuits)) {
      expect(file).to.equal(path.join("planned", `${instance.id}.json`));
      expect(read(file!)).to.deep.equal(instance);
    }
  });

  it("says which circuit does not fit into memory", async () => {
    const { code, stdout, stderr } = await workspace.run(
      ...["circuit", "plan", "--layers", "20000,75,10", "--samples", "10", "--members", "16", "--json"],
    );
    expect(code, stderr).to.equal(0);
    const { circuits } = JSON.parse(stdout) as FederationPlan;
    expect(circuits.mask.fits).to.equal(false);
    expect(stderr).to.include(`warning: proving ${circuits.mask.instance.id} needs about`);
    expect(stderr).to.include("use fewer members or a smaller model");
  });

  it("writes files with which a federation is founded, here one that trains with integers", async function () {
    this.timeout(600_000);
    const anvil = await startAnvil();
    const made: string[] = [];
    try {
      workspace.environment["PRIVATE_KEY"] = ANVIL_KEYS[0];
      workspace.configure(anvil.rpcUrl);
      await splitClusters(4);
      // The id is none of circuits.json, so that circuits and keys lie apart from the packaged ones.
      const { circuits } = await planFederation(
        ...["--test-set", "test-set.json", "--train-step", STEP, "--members", "3"],
        ...["--id", "founded", "--out", "planned"],
      );
      const { score, mask, aggregate } = circuits;
      const files = [score, mask, aggregate].map(({ file }) => file!);
      const [scoreFile, maskFile, aggregateFile] = files.map((file) => workspace.file(file));
      expect(await findInstanceOf("round-accuracy", scoreFile!)).to.deep.equal(score.instance);
      expect(await findInstanceOf("masked-update", maskFile!)).to.deep.equal(mask.instance);
      expect(await findInstanceOf("aggregate", aggregateFile!)).to.deep.equal(aggregate.instance);
      for (const file of files) {
        const { directory } = await workspace.json<{ directory: string }>("circuit", "build", file);
        made.push(directory);
        expect(existsSync(path.join(directory, "main.r1cs"))).to.equal(true);
        made.push((await workspace.json<{ folder: string }>("keys", "dev", file)).folder);
      }
      await workspace.json("deploy", "--register", files.join(","));
      const { document } = await workspace.json<{ document: string }>(
        ...createCommand({
          "--score-circuit": scoreFile!,
          "--mask-circuit": maskFile!,
          "--aggregate-circuit": aggregateFile!,
          "--train-step": STEP,
        }),
      );
      const { training } = await getDocument(
        new ArtifactStore(workspace.folder),
        document,
        FEDERATION_DOCUMENT,
      );
      expect(training.kind).to.equal("integer");
      const { federation } = await workspace.json<{ federation: Record<string, unknown> }>(
        ...["round", "status", "1"],
      );
      expect(federation).to.include({ places: 3, maxFactor: 255, maxFactorSum: 765 });
    } finally {
      await anvil.stop();
      for (const folder of made) rmSync(path.dirname(folder), { recursive: true, force: true });
    }
  });

  const refusals: readonly (readonly [string[], string, RegExp, number])[] = [
    [["--members", "2"], "cli.invalid-value", /--members: "2"/, 2],
    [["--members", "17"], "cli.invalid-value", /--members: "17"/, 2],
    [["--members", "three"], "cli.invalid-value", /--members: "three"/, 2],
    [["--members", "3", "--id", "Mine"], "cli.invalid-value", /--id: "Mine"/, 2],
    [["--members", "3", "--id", "a".repeat(91)], "cli.invalid-value", /--id: "a+"/, 2],
    [["--members", "3", "--out", "a-file"], "cli.plan-folder", /a-file is not a folder/, 2],
  ];
  for (const [parameters, code, message, exitCode] of refusals) {
    it(`refuses ${parameters.join(" ").slice(0, 40)} with ${code}`, async () => {
      workspace.write("a-file", "");
      const error = await workspace.failure("circuit", "plan", ...SHAPE, ...parameters);
      expect(error.code, error.message).to.equal(code);
      expect(error.message).to.match(message);
      expect(error.nextStep).to.match(/\.$/);
      expect(error.exitCode).to.equal(exitCode);
    });
  }
});

describe("zkpot circuit plan --train-step", () => {
  it("plans what circuits.json ships for the rule", async () => {
    const { instance } = await workspace.json<Planned<CircuitInstance>>(
      ...["circuit", "plan", "--train-step", STEP, "--samples", "10"],
    );
    expect(instance).to.deep.equal(await loadCircuitInstance("accuracy", "trained-4-3-3x10"));
  });

  it("plans a federation of the rule's models for a test set", async () => {
    await splitClusters(4);
    const { circuits, nextSteps } = await planFederation(
      ...["--train-step", STEP, "--test-set", "test-set.json", "--members", "3", "--out", "planned"],
    );
    const { rule } = await loadCircuitInstance("train-step", STEP);
    for (const { instance } of Object.values(circuits)) {
      expect(instance.architecture).to.deep.equal(rule.architecture);
    }
    expect(circuits.score.instance.id).to.equal("round-trained-4-3-3x10");
    expect(nextSteps.at(-1)).to.match(
      /^zkpot round create --test-set test-set.json .*--train-step train-step-4-3-3x4 …$/,
    );
  });

  it("refuses a rule for features of other bits, and says how to split the data for it", async () => {
    await splitClusters(6);
    const error = await workspace.failure(
      ...["circuit", "plan", "--train-step", STEP, "--test-set", "test-set.json"],
    );
    expect(error.code).to.equal("cli.plan-rule");
    expect(error.message).to.include("4 features of 4 bits and 3 classes");
    expect(error.message).to.include("4 features of 6 bits and 3 classes");
    expect(error.nextStep).to.include("--input-bits 4");
  });

  it("refuses a rule for other features and classes", async () => {
    await workspace.json("data", "split", "breast-cancer");
    const error = await workspace.failure(
      ...["circuit", "plan", "--train-step", STEP, "--test-set", "test-set.json"],
    );
    expect(error.code).to.equal("cli.plan-rule");
    expect(error.message).to.match(/30 features of \d+ bits and 2 classes/);
    expect(error.nextStep).to.include("zkpot circuit list");
  });

  const refusals: readonly (readonly [string[], string])[] = [
    [["--train-step", STEP], "cli.plan-shape"],
    [["--train-step", STEP, "--samples", "10", "--test-set", "test-set.json"], "cli.plan-shape"],
    [["--train-step", STEP, "--samples", "10", "--layers", "4,3,3"], "cli.plan-shape"],
    [["--train-step", STEP, "--samples", "10", "--hidden", "3"], "cli.plan-shape"],
    [["--train-step", STEP, "--samples", "10", "--input-bits", "4"], "cli.plan-shape"],
    [["--train-step", "tiny-4-3-3x10", "--samples", "10"], "cli.other-template"],
    [["--train-step", "unknown", "--samples", "10"], "cli.unknown-instance"],
  ];
  for (const [parameters, code] of refusals) {
    it(`refuses ${parameters.join(" ")} with ${code}`, async () => {
      const error = await workspace.failure("circuit", "plan", ...parameters);
      expect(error.code, error.message).to.equal(code);
      expect(error.exitCode).to.equal(2);
    });
  }
});
