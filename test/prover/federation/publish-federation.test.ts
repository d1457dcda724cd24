import { expect } from "chai";

import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import { fitInputQuantization } from "../../../prover/src/data/input-quantization.ts";
import { createTestSet, type TestSet } from "../../../prover/src/data/test-set.ts";
import { readFederationFiles, readGlobalModel } from "../../../prover/src/federation/federation-files.ts";
import { GLOBAL_MODEL } from "../../../prover/src/federation/global-model.ts";
import {
  type FederationDraft,
  type FederationStart,
  publishFederation,
} from "../../../prover/src/federation/publish-federation.ts";
import { defaultWeightScales, randomStartModel } from "../../../prover/src/federation/start-model.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import { errorOf } from "../../support/error-of.ts";
import { clusters } from "../support/datasets.ts";
import { MemoryArtifacts } from "../support/memory-artifacts.ts";

const KEY_ID = `0x${"a".repeat(64)}`;

describe("publishFederation", () => {
  let draft: Omit<FederationDraft, "start">;
  let testSet: TestSet;
  let other: IntegerModel;
  const artifacts = new MemoryArtifacts();
  const { put, read } = artifacts;

  before(async () => {
    const score = await loadCircuitInstance("round-accuracy", "round-4-3-3x10");
    const mask = await loadCircuitInstance("masked-update", "masked-4-3-3x4");
    const aggregate = await loadCircuitInstance("aggregate", "aggregate-4-3-3x4");
    const dataset = clusters({ classCount: 3, perClass: 3, featureCount: 4, seed: "test" });
    const { architecture } = score;
    const mapping = fitInputQuantization(dataset, architecture.inputBits);
    ({ testSet } = createTestSet("clusters", dataset, mapping));
    const weightScales = defaultWeightScales(architecture);
    draft = {
      title: "Three clusters",
      licence: "CC0-1.0",
      circuits: { score, mask, aggregate, scoreKeyId: KEY_ID, maskKeyId: KEY_ID, aggregateKeyId: KEY_ID },
      weightScales,
      training: {
        kind: "float",
        epochs: 1,
        batchSize: 8,
        learningRate: 0.02,
        weightDecay: 0,
        inputNoise: 0,
      },
      samplesPerFactor: 10,
    };
    other = randomStartModel(architecture, weightScales, "other");
  });

  const publish = async (start: FederationStart) => {
    const published = await publishFederation(put, { ...draft, start }, testSet);
    return { published, files: await readFederationFiles(read, published.document) };
  };
  /** What a contract records of a model of the start, and where a sponsor published it. */
  const recordOf = async (model: IntegerModel) => ({
    round: 0n,
    commitment: modelCommitment(model, 0n),
    correct: runReference(model, testSet.samples).correctCount,
    uri: `ipfs://${await put(GLOBAL_MODEL, model)}`,
  });

  it("publishes the model that follows from the seed, and the seed", async () => {
    const start = { kind: "random", seed: "one" } as const;
    const { published, files } = await publish(start);
    expect(files.document.start).to.deep.equal(start);
    const model = randomStartModel(draft.circuits.score.architecture, draft.weightScales, "one");
    const record = await recordOf(model);
    expect(published).to.include({ startCommitment: record.commitment, startCorrect: record.correct });
    expect(`ipfs://${published.start}`).to.equal(record.uri);
    expect(await readGlobalModel(read, files, record)).to.deep.equal(model);
  });

  it("publishes a model that its sponsor trained, and no more of its origin", async () => {
    const { published, files } = await publish({ kind: "trained", model: other });
    expect(files.document.start).to.deep.equal({ kind: "trained" });
    const record = await recordOf(other);
    expect(published).to.include({ startCommitment: record.commitment, startCorrect: record.correct });
    expect(await readGlobalModel(read, files, record)).to.deep.equal(other);
  });

  it("leaves a sponsor no other model than the seed's", async () => {
    const { files } = await publish({ kind: "random", seed: "one" });
    const error = await errorOf(readGlobalModel(read, files, await recordOf(other)));
    expect(error.code).to.equal("federation.global-mismatch");
    expect(error.message).to.match(/model of the start .* commitment/);
  });

  it("leaves a sponsor no other count than the model's, whatever its origin", async () => {
    for (const start of [
      { kind: "random", seed: "other" },
      { kind: "trained", model: other },
    ] as const) {
      const { files } = await publish(start);
      const record = await recordOf(other);
      const error = await errorOf(readGlobalModel(read, files, { ...record, correct: record.correct - 1 }));
      expect(error.code).to.equal("federation.global-mismatch");
      expect(error.message).to.include("count");
    }
  });
});
