import { expect } from "chai";

import { FIELD_ORDER, invertField, toField } from "../../prover/src/field.ts";
import { DATA, deployed, ethers, key } from "./support/deployment.ts";
import {
  BASE_FIELD_ORDER,
  drawTrapdoor,
  G1_INFINITY,
  g1,
  g2,
  g2OutsideSubgroup,
  negatedPair,
  randomScalar,
  TrapdoorKey,
} from "./support/trapdoor-key.ts";

import type { Proof } from "./support/trapdoor-key.ts";

const SIZES = [1, 2, 3, 8];

/** Valid proofs, each of a dataset of its own. */
function batch(size: number, prover = key, words = 3, data = Array.from({ length: size }, randomScalar)) {
  const statements = data.map(() => Array.from({ length: words }, randomScalar));
  const proofs = statements.map((statement, i) => prover.prove({ statement, data: data[i]! }));
  return { statements, proofs, points: data.map(g1) };
}

describe("CircuitRegistry.verifyBatch", () => {
  it("accepts valid proofs of any number", async () => {
    const { registry } = await deployed();
    for (const size of SIZES) {
      const { statements, proofs, points } = batch(size);
      expect(await registry.verifyBatch(key.keyId, statements.flat(), points, proofs)).to.equal(true);
    }
  });

  it("accepts proofs without a dataset, and statements of other lengths", async () => {
    const { registry } = await deployed();
    for (const words of [1, 5]) {
      const other = new TrapdoorKey(drawTrapdoor(words));
      await registry.addKey(other.bytes);
      const { statements, proofs } = batch(4, other, words, [0n, 0n, 0n, 0n]);
      expect(await registry.verifyBatch(other.keyId, statements.flat(), [], proofs)).to.equal(true);
    }
  });

  it("accepts the same proof twice and proofs with A and B negated", async () => {
    const { registry } = await deployed();
    const { statements, proofs, points } = batch(1);
    const twice = [...statements, ...statements].flat();
    expect(
      await registry.verifyBatch(
        key.keyId,
        twice,
        [points[0]!, points[0]!],
        [proofs[0]!, negatedPair(proofs[0]!)],
      ),
    ).to.equal(true);
  });

  it("rejects a batch with one wrong word, whichever it is", async () => {
    const { registry } = await deployed();
    const { statements, proofs, points } = batch(3);
    const words = statements.flat();
    for (const index of words.keys()) {
      const changed = words.with(index, toField(words[index]! + 1n));
      expect(await registry.verifyBatch(key.keyId, changed, points, proofs)).to.equal(false);
    }
  });

  it("rejects a batch with one wrong point, whichever it is", async () => {
    const { registry } = await deployed();
    const { statements, proofs, points } = batch(3);
    for (const index of proofs.keys()) {
      for (const field of ["a", "b", "c", "blockCommitment", "blockKnowledge"] as const) {
        const point = field === "b" ? g2(randomScalar()) : g1(randomScalar());
        const changed = proofs.with(index, { ...proofs[index]!, [field]: point });
        expect(await registry.verifyBatch(key.keyId, statements.flat(), points, changed)).to.equal(false);
      }
    }
  });

  it("rejects proofs in another order than their statements, and another data point", async () => {
    const { registry } = await deployed();
    const { statements, proofs, points } = batch(3);
    const words = statements.flat();
    expect(await registry.verifyBatch(key.keyId, words, points, proofs.toReversed())).to.equal(false);
    expect(await registry.verifyBatch(key.keyId, words, points.with(1, g1(DATA)), proofs)).to.equal(false);
  });

  it("agrees with `verify` on every proof of random batches", async () => {
    const { registry } = await deployed();
    for (let game = 0; game < 16; game++) {
      const { statements, proofs, points } = batch(4);
      const isBad = proofs.map((_, i) => ((game >> i) & 1) === 1);
      const mixed = proofs.map((proof, i) => (isBad[i] ? { ...proof, c: g1(randomScalar()) } : proof));
      const alone = await Promise.all(
        mixed.map((proof, i) => registry.verify(key.keyId, statements[i]!, points[i]!, proof)),
      );
      expect(alone).to.deep.equal(isBad.map((bad) => !bad));
      const together = await registry.verifyBatch(key.keyId, statements.flat(), points, mixed);
      expect(together).to.equal(!isBad.includes(true));
    }
  });

  it("reverts without a proof, for an unknown key and for another number of words", async () => {
    const { registry } = await deployed();
    const { statements, proofs, points } = batch(2);
    const words = statements.flat();
    await expect(registry.verifyBatch(key.keyId, [], [], [])).to.be.revertedWithCustomError(
      registry,
      "CircuitRegistryNoProofs",
    );
    const unknown = ethers.id("unknown");
    await expect(registry.verifyBatch(unknown, words, points, proofs))
      .to.be.revertedWithCustomError(registry, "CircuitRegistryUnknownKey")
      .withArgs(unknown);
    for (const changed of [[], words.slice(1), [...words, 0n], [...words, ...words]]) {
      await expect(registry.verifyBatch(key.keyId, changed, points, proofs))
        .to.be.revertedWithCustomError(registry, "CircuitRegistryStatementLength")
        .withArgs(changed.length, 6n);
    }
  });

  it("reverts for fewer or more data points than proofs, but for none at all", async () => {
    const { registry } = await deployed();
    const { statements, proofs, points } = batch(3);
    const words = statements.flat();
    for (const changed of [points.slice(1), [...points, points[0]!], points.slice(0, 1)]) {
      await expect(registry.verifyBatch(key.keyId, words, changed, proofs))
        .to.be.revertedWithCustomError(registry, "CircuitRegistryDataPointCount")
        .withArgs(changed.length, 3n);
    }
    expect(await registry.verifyBatch(key.keyId, words, [], proofs)).to.equal(false);
  });

  it("takes no data points for as many at infinity", async () => {
    const { registry } = await deployed();
    const { statements, proofs } = batch(2, key, 3, [0n, 0n]);
    for (const points of [[], [G1_INFINITY, G1_INFINITY]]) {
      expect(await registry.verifyBatch(key.keyId, statements.flat(), points, proofs)).to.equal(true);
    }
  });

  it("rejects swapped data points, also where their sum stays the same", async () => {
    const { registry } = await deployed();
    const data = [randomScalar(), randomScalar(), randomScalar()] as const;
    const { statements, proofs, points } = batch(3, key, 3, [...data]);
    const swapped = [points[1]!, points[0]!, points[2]!];
    const shifted = [g1(toField(data[0] + 1n)), g1(toField(data[1] - 1n)), points[2]!];
    for (const changed of [swapped, shifted]) {
      expect(await registry.verifyBatch(key.keyId, statements.flat(), changed, proofs)).to.equal(false);
    }
  });

  it("reverts for a data point that is malformed, whichever it is", async () => {
    const { registry } = await deployed();
    const { statements, proofs, points } = batch(3);
    const words = statements.flat();
    for (const [index, { x, y }] of points.entries()) {
      for (const [point, error] of [
        [{ x, y: y + 1n }, "Bn254NotOnCurve"],
        [{ x: 0n, y }, "Bn254NotOnCurve"],
        [{ x: x + BASE_FIELD_ORDER, y }, "Bn254CoordinateTooLarge"],
      ] as const) {
        await expect(
          registry.verifyBatch(key.keyId, words, points.with(index, point), proofs),
        ).to.be.revertedWithCustomError(registry, error);
      }
    }
  });

  it("reverts for a word or point that is malformed, wherever it is", async () => {
    const { registry } = await deployed();
    const { statements, proofs, points } = batch(3);
    const words = statements.flat();
    for (const index of [0, 4, 8]) {
      const value = words[index]! + FIELD_ORDER;
      await expect(registry.verifyBatch(key.keyId, words.with(index, value), points, proofs))
        .to.be.revertedWithCustomError(registry, "StatementWordTooLarge")
        .withArgs(index, value);
    }
    for (const index of proofs.keys()) {
      const proof = proofs[index]!;
      const damages: readonly [Partial<Proof>, string][] = [
        [{ c: G1_INFINITY }, "Bn254PointAtInfinity"],
        [
          { blockCommitment: { ...proof.blockCommitment, y: proof.blockCommitment.y - 1n } },
          "Bn254NotOnCurve",
        ],
        [{ a: { ...proof.a, x: proof.a.x + BASE_FIELD_ORDER } }, "Bn254CoordinateTooLarge"],
        [{ b: { ...proof.b, xReal: (proof.b.xReal + 1n) % BASE_FIELD_ORDER } }, "Bn254PairingFailed"],
        [{ b: g2OutsideSubgroup() }, "Bn254PairingFailed"],
      ];
      for (const [change, error] of damages) {
        const changed = proofs.with(index, { ...proof, ...change });
        await expect(registry.verifyBatch(key.keyId, words, points, changed)).to.be.revertedWithCustomError(
          registry,
          error,
        );
      }
    }
  });
});

describe("Attacks on a batch", () => {
  const { alpha, beta, delta, sigma } = key.trapdoor;
  const POINTS = [g1(DATA), g1(DATA)];

  /** A proof whose first equation is off by `error` and whose second by `knowledgeError`, as scalars. */
  function offBy(statement: readonly bigint[], error: bigint, knowledgeError: bigint): Proof {
    const [a, b, block] = [randomScalar(), randomScalar(), randomScalar()];
    const publicScalar = key.publicScalar(statement, DATA, block);
    const c = (a * b - alpha * beta - publicScalar + error) * invertField(delta);
    return {
      a: g1(a),
      b: g2(b),
      c: g1(c),
      blockCommitment: g1(block),
      blockKnowledge: g1(block * sigma + knowledgeError),
    };
  }

  it("errors of two proofs that cancel in a plain product are rejected", async () => {
    const { registry } = await deployed();
    const statements = [1, 2].map(() => [randomScalar(), randomScalar(), 350n]);
    const error = randomScalar();
    const proofs = [offBy(statements[0]!, error, 0n), offBy(statements[1]!, -error, 0n)];
    expect(await registry.verifyBatch(key.keyId, statements.flat(), POINTS, proofs)).to.equal(false);
  });

  it("errors of two knowledge equations that cancel in a plain product are rejected", async () => {
    const { registry } = await deployed();
    const statements = [1, 2].map(() => [randomScalar(), randomScalar(), 350n]);
    const error = randomScalar();
    const proofs = [offBy(statements[0]!, 0n, error), offBy(statements[1]!, 0n, -error)];
    expect(await registry.verifyBatch(key.keyId, statements.flat(), POINTS, proofs)).to.equal(false);
  });

  it("errors that cancel under the weights of another batch are rejected", async () => {
    const { registry } = await deployed();
    const harness = await ethers.deployContract("Groth16Harness");
    const statements = [1, 2].map(() => [randomScalar(), randomScalar(), 350n]);
    const error = randomScalar();
    const proofs = statements.map((statement) => offBy(statement, error, 0n));
    const [, weight] = await harness.batchWeights(key.keyId, statements.flat(), POINTS, proofs);
    // The second error chosen to cancel the first under the weight just learnt: a new proof, so a new weight.
    const cancelling = toField(-error * invertField(weight!));
    const forged = [proofs[0]!, offBy(statements[1]!, cancelling, 0n)];
    expect(await registry.verifyBatch(key.keyId, statements.flat(), POINTS, forged)).to.equal(false);
  });

  it("weights depend on every word and every point of the batch", async () => {
    const harness = await ethers.deployContract("Groth16Harness");
    const { statements, proofs, points } = batch(3);
    const words = statements.flat();
    const weights = async (of: readonly bigint[], changed: readonly Proof[], by = points) => [
      ...(await harness.batchWeights(key.keyId, [...of], [...by], [...changed])),
    ];
    const original = await weights(words, proofs);
    expect(original[0]).to.equal(1n);
    expect(new Set(original).size).to.equal(3);
    for (const index of words.keys()) {
      const changed = await weights(words.with(index, 1n), proofs);
      expect(changed[1]).not.to.equal(original[1]);
      expect(changed[2]).not.to.equal(original[2]);
    }
    for (const index of points.keys()) {
      const changed = await weights(words, proofs, points.with(index, g1(7n)));
      expect(changed[1], `data point ${index}`).not.to.equal(original[1]);
      expect(changed[2], `data point ${index}`).not.to.equal(original[2]);
    }
    for (const index of proofs.keys()) {
      for (const field of ["a", "b", "c", "blockCommitment", "blockKnowledge"] as const) {
        const point = field === "b" ? g2(7n) : g1(7n);
        const changed = await weights(words, proofs.with(index, { ...proofs[index]!, [field]: point }));
        expect(changed[1], `${field} of proof ${index}`).not.to.equal(original[1]);
        expect(changed[2], `${field} of proof ${index}`).not.to.equal(original[2]);
      }
    }
  });
});
