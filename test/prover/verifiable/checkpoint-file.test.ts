import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { CheckpointFile } from "../../../prover/src/verifiable/checkpoint-file.ts";
import { integerSamplesDigest, trainToFile } from "../../../prover/src/verifiable/train-to-file.ts";
import { trainVerifiably } from "../../../prover/src/verifiable/train.ts";
import { expectError } from "../support/expect-error.ts";
import { TINY_RULE, tinySamples } from "../support/training-rules.ts";

const train = tinySamples();
const run = { rule: TINY_RULE, seed: 5n, train, validation: tinySamples(6) };

describe("checkpoint files", () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "zkpot-checkpoints-"));
    file = path.join(directory, "run.checkpoints");
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Trains until checkpoint `last` is written. */
  async function trainUntil(last: number): Promise<void> {
    const stop = new AbortController();
    const opened = await CheckpointFile.create(file, {
      rule: TINY_RULE,
      seed: 5n,
      samplesDigest: integerSamplesDigest(train),
    });
    await trainVerifiably({
      ...run,
      signal: stop.signal,
      onCheckpoint: async (step, model) => {
        await opened.append(model);
        if (step === last) stop.abort();
      },
    });
    await opened.close();
  }

  it("holds every checkpoint of a run, readable by its owner alone", async () => {
    const models: IntegerModel[] = [];
    await trainVerifiably({ ...run, onCheckpoint: (_, model) => void models.push(model) });
    const result = await trainToFile(file, run);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    const opened = await CheckpointFile.open(file);
    expect(opened.count).to.equal(16);
    expect(opened.digest).to.equal(result.digest);
    expect(opened.header).to.deep.equal({
      rule: TINY_RULE,
      seed: 5n,
      samplesDigest: integerSamplesDigest(train),
    });
    for (const step of [15, 0, 7]) expect(await opened.read(step)).to.deep.equal(models[step]);
    let thrown: unknown;
    await opened.read(16).catch((error: unknown) => (thrown = error));
    expect(thrown).to.be.instanceOf(RangeError);
    await opened.close();
    // 21 weights of two bytes, 6 biases of four, a digest of 32 bytes.
    const line = (await readFile(file)).indexOf(0x0a) + 1;
    expect((await stat(file)).size).to.equal(line + 16 * (42 + 24 + 32));
  });

  it("keeps weights of more than 16 bits too", async () => {
    const architecture = { ...TINY_RULE.architecture, weightBits: 20 };
    const rule = { ...TINY_RULE, architecture };
    const result = await trainToFile(file, { ...run, rule });
    const opened = await CheckpointFile.open(file);
    expect(await opened.read(15)).to.deep.equal(result.model);
    await opened.close();
  });

  it("goes on after an interrupt, and after a crash that tore the last record, as one run would have ended", async () => {
    const whole = await trainToFile(path.join(directory, "whole"), run);
    await trainUntil(8);
    const resumed = await trainToFile(file, run);
    expect([resumed.digest, resumed.model, resumed.history]).to.deep.equal([
      whole.digest,
      whole.model,
      whole.history,
    ]);
    await truncate(file, (await stat(file)).size - 150);
    expect((await trainToFile(file, run)).digest).to.equal(whole.digest);
    expect(await readFile(file)).to.deep.equal(await readFile(path.join(directory, "whole")));
    // A finished run is left as it is.
    const again = await trainToFile(file, run);
    expect([again.completed, again.digest]).to.deep.equal([true, whole.digest]);
  });

  it("refuses a damaged record, and makes it again when training resumes", async () => {
    const { digest } = await trainToFile(file, run);
    const bytes = await readFile(file);
    const line = bytes.indexOf(0x0a) + 1;
    bytes[line + 3 * 98 + 10]! ^= 1;
    await writeFile(file, bytes);
    await expectError(
      () => CheckpointFile.open(file),
      "training.checkpoints-damaged",
      /from checkpoint 3 on/,
    );
    expect((await trainToFile(file, run)).digest).to.equal(digest);
  });

  it("notices a record that is damaged while the file is open", async () => {
    await trainToFile(file, run);
    const opened = await CheckpointFile.open(file);
    const bytes = await readFile(file);
    bytes[bytes.length - 60]! ^= 1;
    await writeFile(file, bytes);
    await expectError(() => opened.read(15), "training.checkpoints-damaged", /from checkpoint 15 on/);
    await opened.close();
  });

  it("belongs to one rule, seed and training set", async () => {
    await trainToFile(file, run);
    const other = tinySamples();
    other.labels[0] = 1;
    const changes = {
      "training rule": { rule: { ...TINY_RULE, epochs: 4 } },
      seed: { seed: 6n },
      "training set": { train: other },
    };
    for (const [what, change] of Object.entries(changes)) {
      await expectError(
        () => trainToFile(file, { ...run, ...change }),
        "training.checkpoints-mismatch",
        new RegExp(`made with another ${what}`),
      );
    }
  });

  it("never overwrites a file, and refuses one of another kind or none", async () => {
    const header = { rule: TINY_RULE, seed: 5n, samplesDigest: integerSamplesDigest(train) };
    await writeFile(file, '{"format":"something else"}\n');
    await expectError(
      () => CheckpointFile.create(file, header),
      "training.checkpoints-exist",
      /already a file/,
    );
    await expectError(() => CheckpointFile.open(file), "training.checkpoints-unreadable", /does not begin/);
    await writeFile(file, "no JSON\n");
    await expectError(() => CheckpointFile.open(file), "training.checkpoints-unreadable", /does not begin/);
    const missing = path.join(directory, "missing", "run");
    await expectError(
      () => CheckpointFile.create(missing, header),
      "training.checkpoints-unreadable",
      /ENOENT/,
    );
    await expectError(() => CheckpointFile.open(missing), "training.checkpoints-unreadable", /ENOENT/);
  });
});
