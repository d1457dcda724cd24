import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { expect } from "chai";

import { Workspace } from "../../support/zkpot.ts";
import { idxBytes } from "../support/idx-files.ts";

/** Two clusters that a linear model tells apart: 60 rows, two features, labels `low` and `high`. */
const CLUSTERS = [
  "x,y,level",
  ...Array.from({ length: 60 }, (_, row) => {
    const isHigh = row % 2;
    const offset = ((row * 7) % 10) / 10;
    return `${isHigh * 3 + offset},${isHigh * 2 + 1 - offset},${isHigh === 1 ? "high" : "low"}`;
  }),
].join("\n");

let workspace: Workspace;

beforeEach(() => {
  workspace = new Workspace();
  workspace.write("clusters.csv", CLUSTERS);
});

afterEach(() => {
  workspace.remove();
});

describe("zkpot data", () => {
  it("shows a packaged data set", async () => {
    const shown = await workspace.json<{ sampleCount: number; featureCount: number; classes: unknown[] }>(
      ...["data", "show", "digits"],
    );
    expect(shown).to.include({ sampleCount: 1797, featureCount: 64 });
    expect(shown.classes).to.have.length(10);
  });

  it("shows a CSV file, with its class names", async () => {
    const { classes } = await workspace.json<{ classes: { name: string; samples: number }[] }>(
      ...["data", "show", "./clusters.csv", "--label", "level"],
    );
    expect(classes).to.deep.equal([
      { name: "high", samples: 30 },
      { name: "low", samples: 30 },
    ]);
  });

  it("reads, splits and learns from an IDX pair as from a CSV file", async () => {
    const pixels = Array.from({ length: 40 * 4 }, (_, index) => ((index >> 2) % 2) * 200 + (index % 7));
    writeFileSync(workspace.file("images.gz"), gzipSync(idxBytes([40, 2, 2], pixels)));
    writeFileSync(
      workspace.file("labels"),
      idxBytes(
        [40],
        Array.from({ length: 40 }, (_, row) => row % 2),
      ),
    );
    const pair = ["./images.gz", "--idx-labels", "labels"];
    const shown = await workspace.json("data", "show", ...pair);
    expect(shown).to.include({ sampleCount: 40, featureCount: 4 });
    const split = await workspace.json("data", "split", ...pair);
    expect(split).to.include({ trainSamples: 32, testSamples: 8 });
    const trained = await workspace.json<{ accuracy: number }>(
      ...["train", "--data", ...pair, "--epochs", "30", "--backend", "wasm"],
    );
    expect(trained.accuracy).to.equal(1);
  });

  it("splits into a private and a public part", async () => {
    const split = await workspace.json<{
      files: { split: string; testSet: string; inputQuantization: string };
      trainSamples: number;
      testSamples: number;
    }>("data", "split", "./clusters.csv", "--out", "parts");
    expect(split).to.include({ trainSamples: 48, testSamples: 12 });
    expect(statSync(split.files.split).mode & 0o777).to.equal(0o600);
    expect(statSync(split.files.testSet).mode & 0o777).to.equal(0o644);
    // The public part holds no training sample.
    const published = JSON.parse(readFileSync(split.files.testSet, "utf8")) as {
      content: { labels: number[] };
    };
    expect(published.content.labels).to.have.length(12);
  });

  it("splits the same way for the same seed, another way for another", async () => {
    const hash = async (seed: string): Promise<string> =>
      (await workspace.json<{ testSetHash: string }>("data", "split", "digits", "--seed", seed)).testSetHash;
    expect(await hash("a")).to.equal(await hash("a"));
    expect(await hash("a")).not.to.equal(await hash("b"));
  });

  const refusals: readonly (readonly [string[], string, number])[] = [
    [["show", "nothing"], "data.unknown-dataset", 1],
    [["show", "./absent.csv"], "data.missing-file", 1],
    [["show", "./clusters.csv", "--label", "z"], "data.missing-label-column", 1],
    [["show", "./clusters.csv", "--header", "perhaps"], "cli.invalid-value", 2],
    [["show", "./clusters.csv", "--idx-labels", "./clusters.csv"], "data.invalid-idx", 1],
    [["show", "./images", "--idx-labels", "labels", "--label", "0"], "cli.csv-options", 2],
    [["split", "./clusters.csv", "--test-fraction", "1.5"], "cli.invalid-value", 2],
    [["split", "./clusters.csv", "--test-fraction", "0.001"], "data.too-few-samples", 1],
    [["split", "./clusters.csv", "--input-bits", "17"], "cli.invalid-value", 2],
    [["split", "./clusters.csv", "--out-of-range", "wrap"], "cli.invalid-value", 2],
  ];
  for (const [parameters, code, exitCode] of refusals) {
    it(`refuses data ${parameters.join(" ")} with ${code}`, async () => {
      const error = await workspace.failure("data", ...parameters);
      expect(error.code, error.message).to.equal(code);
      expect(error.exitCode).to.equal(exitCode);
    });
  }

  it("names row and column of a value that is no number", async () => {
    workspace.write("bad.csv", "x,y,level\n1,2,low\n1,oops,high\n");
    const error = await workspace.failure("data", "show", "./bad.csv");
    expect(error.code).to.equal("data.not-a-number");
    expect(error.message).to.include("oops");
  });
});

describe("zkpot train", () => {
  it("trains, and writes a model that only its owner can read", async () => {
    const trained = await workspace.json<{ file: string; layerSizes: number[]; accuracy: number }>(
      ...["train", "--data", "./clusters.csv", "--epochs", "60", "--backend", "wasm"],
    );
    expect(trained.layerSizes).to.deep.equal([2, 2]);
    expect(trained.accuracy).to.be.above(0.95);
    expect(statSync(trained.file).mode & 0o777).to.equal(0o600);
  });

  it("gives the same model for the same seed", async () => {
    const weights = async (out: string): Promise<string> => {
      await workspace.json(
        ...["train", "--data", "./clusters.csv", "--epochs", "3", "--hidden", "4"],
        "--out",
        out,
      );
      return readFileSync(workspace.file(out), "utf8");
    };
    expect(await weights("a.json")).to.equal(await weights("b.json"));
  });

  it("shows progress on stderr and keeps stdout for the result", async () => {
    const { stdout, stderr } = await workspace.run("train", "--data", "./clusters.csv", "--epochs", "2");
    expect(stderr).to.match(/^epoch 1\/2: loss \d+\.\d+, accuracy \d+\.\d+ %$/m);
    expect(stdout).not.to.include("epoch");
  });

  it("saves what it has when interrupted, and goes on from there with --resume", async () => {
    const options = ["train", "--data", "digits", "--hidden", "16", "--epochs", "12", "--out", "float.json"];
    const { child, finished } = workspace.start(...options, "--json");
    let stderr = "";
    child.stderr!.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes("epoch 1/12") && !child.killed) child.kill("SIGINT");
    });
    const { code, stdout } = await finished;
    expect(code, stderr).to.equal(130);
    const { error } = JSON.parse(stdout) as { error: { code: string; details: { checkpoint: string } } };
    expect(error.code).to.equal("cli.interrupted");
    expect(statSync(error.details.checkpoint).mode & 0o777).to.equal(0o600);
    expect(existsSync(workspace.file("float.json"))).to.equal(false);

    const resumed = await workspace.run(...options, "--resume", "--json");
    expect(resumed.code, resumed.stderr).to.equal(0);
    expect(resumed.stderr).not.to.include("epoch 1/12");
    expect(resumed.stderr).to.include("epoch 12/12");
    expect(existsSync(error.details.checkpoint)).to.equal(false);
  });

  const refusals: readonly (readonly [string[], string, number])[] = [
    [[], "cli.training-data", 2],
    [["--data", "digits", "--split", "x.json"], "cli.training-data", 2],
    [["--split", "absent.json"], "document.missing", 1],
    [["--data", "digits", "--hidden", "sixteen"], "cli.invalid-value", 2],
    [["--data", "digits", "--epochs", "0"], "cli.invalid-value", 2],
    [["--data", "digits", "--learning-rate", "-1"], "cli.invalid-value", 2],
    [["--data", "digits", "--learning-rate", "0"], "cli.invalid-value", 2],
    [["--data", "digits", "--backend", "gpu"], "cli.invalid-value", 2],
    [["--data", "digits", "--resume"], "document.missing", 1],
    [["--data", "digits", "--task", "task.json"], "cli.invalid-value", 2],
  ];
  for (const [parameters, code, exitCode] of refusals) {
    it(`refuses train ${parameters.join(" ")} with ${code}`, async () => {
      const error = await workspace.failure("train", ...parameters);
      expect(error.code, error.message).to.equal(code);
      expect(error.exitCode).to.equal(exitCode);
    });
  }
});

describe("zkpot quantize", () => {
  beforeEach(async () => {
    await workspace.json("data", "split", "./clusters.csv");
    await workspace.json("train", "--split", "split.json", "--epochs", "60");
  });

  it("writes an integer model with its bounds, and compares it with the float model", async () => {
    const quantized = await workspace.json<{
      file: string;
      bounds: { layers: { headroomBits: number }[] };
      accuracy: { sampleCount: number; floatCorrect: number; integerCorrect: number };
    }>("quantize", "--model", "float-model.json", "--split", "split.json");
    expect(statSync(quantized.file).mode & 0o777).to.equal(0o600);
    expect(quantized.bounds.layers).to.have.length(1);
    for (const { headroomBits } of quantized.bounds.layers) expect(headroomBits).to.be.at.least(0);
    expect(quantized.accuracy).to.include({ sampleCount: 12, floatCorrect: 12, integerCorrect: 12 });
  });

  it("compares nothing when no samples are named", async () => {
    const quantized = await workspace.json<{ accuracy?: unknown }>("quantize", "--model", "float-model.json");
    expect(quantized).not.to.have.property("accuracy");
  });

  it("refuses a damaged model, naming the file", async () => {
    const file = workspace.file("float-model.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(/"epochs":60/, '"epochs":61'));
    const error = await workspace.failure("quantize", "--model", "float-model.json");
    expect(error.code).to.equal("document.damaged");
    expect(error.message).to.include("float-model.json");
  });

  it("refuses another kind of file", async () => {
    expect((await workspace.failure("quantize", "--model", "split.json")).code).to.equal(
      "document.wrong-format",
    );
  });

  it("refuses a file that is cut off", async () => {
    workspace.write("cut.json", readFileSync(workspace.file("float-model.json"), "utf8").slice(0, 100));
    expect((await workspace.failure("quantize", "--model", "cut.json")).code).to.equal(
      "document.invalid-json",
    );
  });
});
