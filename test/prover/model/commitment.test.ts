import { expect } from "chai";
import { poseidon2, poseidon3 } from "poseidon-lite";

import { SeededRandom } from "../../../prover/src/data/random.ts";
import { architectureId } from "../../../prover/src/model/architecture.ts";
import {
  modelCommitment,
  modelDigest,
  offsetForm,
  packWords,
  poseidonChain,
  roundNullifier,
} from "../../../prover/src/model/commitment.ts";
import { randomModel } from "../../circuits/support/accuracy-case.ts";
import { ARCHITECTURE } from "../../circuits/support/federation-case.ts";
import { expectError } from "../support/expect-error.ts";

describe("modelCommitment and roundNullifier", () => {
  const random = new SeededRandom("1", "commitment");
  const model = randomModel(ARCHITECTURE, random);
  const other = randomModel(ARCHITECTURE, random);

  it("are Poseidon over the digest of id, packed weights and packed biases", () => {
    const digest = poseidonChain([
      architectureId(ARCHITECTURE),
      ...packWords(
        model.layers.flatMap((layer) => offsetForm(layer.weights, 6)),
        6,
      ),
      ...packWords(
        model.layers.flatMap((layer) => offsetForm(layer.biases, 12)),
        12,
      ),
    ]);
    expect(modelDigest(model)).to.equal(digest);
    expect(modelCommitment(model, 5n)).to.equal(poseidon2([digest, 5n]));
    expect(roundNullifier(7n, 8n, model)).to.equal(poseidon3([7n, 8n, digest]));
  });

  it("differ by salt, by round and federation, and by model", () => {
    const commitments = [modelCommitment(model, 1n), modelCommitment(model, 2n), modelCommitment(other, 1n)];
    expect(new Set(commitments).size).to.equal(3);
    const nullifiers = [
      roundNullifier(1n, 2n, model),
      roundNullifier(2n, 2n, model),
      roundNullifier(1n, 3n, model),
      roundNullifier(1n, 2n, other),
    ];
    expect(new Set(nullifiers).size).to.equal(4);
  });

  it("refuse weights out of range", async () => {
    const layers = model.layers.with(0, {
      ...model.layers[0]!,
      weights: model.layers[0]!.weights.with(3, 32),
    });
    await expectError(() => modelDigest({ ...model, layers }), "model.weight-range", /position 3/);
  });
});
