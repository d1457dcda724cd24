import { expect } from "chai";

import { openMemberSamples } from "../../../prover/src/cli/member-samples.ts";
import { UsageError } from "../../../prover/src/cli/usage-error.ts";
import { fitInputQuantization } from "../../../prover/src/data/input-quantization.ts";
import { loadPackagedDataset } from "../../../prover/src/data/packaged-datasets.ts";
import type { LocalTrainingAdvice } from "../../../prover/src/federation/federation-document.ts";
import { DEFAULT_TRAINING_RULES } from "../../../prover/src/verifiable/default-rules.ts";
import { errorOf } from "../../support/error-of.ts";

/** Learns from batches of 32. */
const RULE = DEFAULT_TRAINING_RULES["breast-cancer"]!;
const INTEGER: LocalTrainingAdvice = { kind: "integer", rule: RULE };
const FLOAT: LocalTrainingAdvice = {
  ...{ kind: "float", epochs: 1, batchSize: 32 },
  ...{ learningRate: 0.1, weightDecay: 0, inputNoise: 0 },
};

describe("openMemberSamples", () => {
  const open = async (rows: string, training: LocalTrainingAdvice): Promise<number> => {
    const dataset = await loadPackagedDataset("breast-cancer");
    const inputQuantization = fitInputQuantization(dataset, RULE.architecture.inputBits);
    const files = { document: { training }, classNames: dataset.classNames, inputQuantization };
    return (await openMemberSamples({ data: "breast-cancer", rows }, files)).sampleCount;
  };

  it("takes as many samples as one batch of the federation's rule", async () => {
    expect(await open("10-41", INTEGER)).to.equal(32);
  });

  it("refuses fewer, naming both numbers", async () => {
    const error = await errorOf(open("10-40", INTEGER));
    expect(error).to.be.instanceOf(UsageError).and.include({ code: "cli.too-few-samples" });
    expect(error.message).to.include("31 own samples").and.include("takes 32");
    expect(error.nextStep).to.match(/\.$/);
  });

  it("takes fewer for training with floats, whose last batch may be smaller", async () => {
    expect(await open("10-10", FLOAT)).to.equal(1);
  });
});
