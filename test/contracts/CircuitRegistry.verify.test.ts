import { expect } from "chai";

import { FIELD_ORDER } from "../../prover/src/field.ts";
import { DATA, deployed, ethers, key } from "./support/deployment.ts";
import {
  BASE_FIELD_ORDER,
  drawTrapdoor,
  G1_INFINITY,
  g1,
  g2,
  G2_INFINITY,
  g2OutsideSubgroup,
  randomScalar,
  TrapdoorKey,
} from "./support/trapdoor-key.ts";

import type { Proof } from "./support/trapdoor-key.ts";

const statement = [randomScalar(), randomScalar(), 350n];
const dataPoint = g1(DATA);
const proof = key.prove({ statement, data: DATA });

const G1_FIELDS = ["a", "c", "blockCommitment", "blockKnowledge"] as const;

describe("CircuitRegistry.verify", () => {
  it("accepts a valid proof", async () => {
    const { registry } = await deployed();
    expect(await registry.verify(key.keyId, statement, dataPoint, proof)).to.equal(true);
  });

  it("accepts fresh proofs of random statements", async () => {
    const { registry } = await deployed();
    for (let i = 0; i < 10; i++) {
      const words = [randomScalar(), randomScalar(), randomScalar()];
      const data = randomScalar();
      const fresh = key.prove({ statement: words, data });
      expect(await registry.verify(key.keyId, words, g1(data), fresh)).to.equal(true);
    }
  });

  it("accepts the boundary values of a statement word", async () => {
    const { registry } = await deployed();
    const words = [0n, 1n, FIELD_ORDER - 1n];
    const boundary = key.prove({ statement: words, data: DATA });
    expect(await registry.verify(key.keyId, words, dataPoint, boundary)).to.equal(true);
  });

  it("accepts the point at infinity as the data point of a circuit without a dataset", async () => {
    const { registry } = await deployed();
    const withoutData = key.prove({ statement, data: 0n });
    expect(await registry.verify(key.keyId, statement, G1_INFINITY, withoutData)).to.equal(true);
  });

  it("verifies statements of other lengths", async () => {
    const { registry } = await deployed();
    for (const length of [1, 2, 8]) {
      const other = new TrapdoorKey(drawTrapdoor(length));
      await registry.addKey(other.bytes);
      const words = Array.from({ length }, randomScalar);
      const valid = other.prove({ statement: words, data: DATA });
      expect(await registry.verify(other.keyId, words, dataPoint, valid)).to.equal(true);
      words[length - 1] = randomScalar();
      expect(await registry.verify(other.keyId, words, dataPoint, valid)).to.equal(false);
    }
  });

  it("rejects another statement word, whichever it is", async () => {
    const { registry } = await deployed();
    for (const index of statement.keys()) {
      const changed = statement.with(index, statement[index]! + 1n);
      expect(await registry.verify(key.keyId, changed, dataPoint, proof)).to.equal(false);
    }
  });

  it("rejects another data point", async () => {
    const { registry } = await deployed();
    expect(await registry.verify(key.keyId, statement, g1(DATA + 1n), proof)).to.equal(false);
  });

  it("rejects a proof made for another key", async () => {
    const { registry } = await deployed();
    const other = new TrapdoorKey();
    await registry.addKey(other.bytes);
    expect(await registry.verify(other.keyId, statement, dataPoint, proof)).to.equal(false);
  });

  it("rejects a proof made for the same points under another key id", async () => {
    const { registry } = await deployed();
    const promoted = new TrapdoorKey(key.trapdoor, 3n);
    await registry.addKey(promoted.bytes);
    expect(await registry.verify(promoted.keyId, statement, dataPoint, proof)).to.equal(false);
  });

  it("rejects any point of the proof replaced by another", async () => {
    const { registry } = await deployed();
    const changes: Partial<Proof>[] = G1_FIELDS.map((field) => ({ [field]: g1(randomScalar()) }));
    for (const change of [...changes, { b: g2(randomScalar()) }]) {
      expect(await registry.verify(key.keyId, statement, dataPoint, { ...proof, ...change })).to.equal(false);
    }
  });

  it("reverts for an unknown key", async () => {
    const { registry } = await deployed();
    const unknown = ethers.id("unknown");
    await expect(registry.verify(unknown, statement, dataPoint, proof))
      .to.be.revertedWithCustomError(registry, "CircuitRegistryUnknownKey")
      .withArgs(unknown);
  });

  it("reverts for a statement of another length", async () => {
    const { registry } = await deployed();
    for (const words of [[], statement.slice(1), [...statement, 0n]]) {
      await expect(registry.verify(key.keyId, words, dataPoint, proof))
        .to.be.revertedWithCustomError(registry, "CircuitRegistryStatementLength")
        .withArgs(words.length, 3n);
    }
  });

  it("reverts for a statement word that is not below the scalar field order", async () => {
    const { registry } = await deployed();
    for (const index of statement.keys()) {
      for (const value of [FIELD_ORDER, statement[index]! + FIELD_ORDER, ethers.MaxUint256]) {
        await expect(registry.verify(key.keyId, statement.with(index, value), dataPoint, proof))
          .to.be.revertedWithCustomError(registry, "StatementWordTooLarge")
          .withArgs(index, value);
      }
    }
  });

  it("reverts for a data point off the curve or not canonical", async () => {
    const { registry } = await deployed();
    const { x, y } = dataPoint;
    await expect(registry.verify(key.keyId, statement, { x, y: y - 1n }, proof))
      .to.be.revertedWithCustomError(registry, "Bn254NotOnCurve")
      .withArgs(x, y - 1n);
    for (const point of [
      { x: x + BASE_FIELD_ORDER, y },
      { x, y: y + BASE_FIELD_ORDER },
    ]) {
      await expect(registry.verify(key.keyId, statement, point, proof)).to.be.revertedWithCustomError(
        registry,
        "Bn254CoordinateTooLarge",
      );
    }
  });

  for (const field of G1_FIELDS) {
    describe(`point ${field} of the proof`, () => {
      const { x, y } = proof[field];

      it("must be on the curve", async () => {
        const { registry } = await deployed();
        for (const point of [
          { x, y: y - 1n },
          { x: 0n, y },
          { x, y: 0n },
        ]) {
          await expect(registry.verify(key.keyId, statement, dataPoint, { ...proof, [field]: point }))
            .to.be.revertedWithCustomError(registry, "Bn254NotOnCurve")
            .withArgs(point.x, point.y);
        }
      });

      it("must have coordinates below the base field order", async () => {
        const { registry } = await deployed();
        for (const [point, coordinate] of [
          [{ x: x + BASE_FIELD_ORDER, y }, x + BASE_FIELD_ORDER],
          [{ x, y: y + BASE_FIELD_ORDER }, y + BASE_FIELD_ORDER],
          [{ x: BASE_FIELD_ORDER, y }, BASE_FIELD_ORDER],
        ] as const) {
          await expect(registry.verify(key.keyId, statement, dataPoint, { ...proof, [field]: point }))
            .to.be.revertedWithCustomError(registry, "Bn254CoordinateTooLarge")
            .withArgs(coordinate);
        }
      });

      it("must be finite", async () => {
        const { registry } = await deployed();
        await expect(
          registry.verify(key.keyId, statement, dataPoint, { ...proof, [field]: G1_INFINITY }),
        ).to.be.revertedWithCustomError(registry, "Bn254PointAtInfinity");
      });
    });
  }

  describe("point b of the proof", () => {
    const WORDS = ["xImag", "xReal", "yImag", "yReal"] as const;

    it("must be on the curve", async () => {
      const { registry } = await deployed();
      for (const word of WORDS) {
        const b = { ...proof.b, [word]: (proof.b[word] + 1n) % BASE_FIELD_ORDER };
        await expect(
          registry.verify(key.keyId, statement, dataPoint, { ...proof, b }),
        ).to.be.revertedWithCustomError(registry, "Bn254PairingFailed");
      }
    });

    it("must be in the subgroup", async () => {
      const { registry } = await deployed();
      await expect(
        registry.verify(key.keyId, statement, dataPoint, { ...proof, b: g2OutsideSubgroup() }),
      ).to.be.revertedWithCustomError(registry, "Bn254PairingFailed");
    });

    it("must have coordinates below the base field order", async () => {
      const { registry } = await deployed();
      for (const word of WORDS) {
        const b = { ...proof.b, [word]: proof.b[word] + BASE_FIELD_ORDER };
        await expect(registry.verify(key.keyId, statement, dataPoint, { ...proof, b }))
          .to.be.revertedWithCustomError(registry, "Bn254CoordinateTooLarge")
          .withArgs(b[word]);
      }
    });

    it("must be finite", async () => {
      const { registry } = await deployed();
      await expect(
        registry.verify(key.keyId, statement, dataPoint, { ...proof, b: G2_INFINITY }),
      ).to.be.revertedWithCustomError(registry, "Bn254PointAtInfinity");
    });
  });

  it("reverts rather than rejects when the call has too little gas for the pairing", async () => {
    const { registry } = await deployed();
    await expect(
      registry.verify(key.keyId, statement, dataPoint, proof, { gasLimit: 220_000n }),
    ).to.be.revertedWithCustomError(registry, "Bn254PairingFailed");
  });
});
