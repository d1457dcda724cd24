import { expect } from "chai";
import { poseidon2, poseidon3 } from "poseidon-lite";

import { SeededRandom } from "../../prover/src/data/random.ts";
import { toField } from "../../prover/src/field.ts";
import { packWords, poseidonChain } from "../../prover/src/model/commitment.ts";
import { fieldElement } from "./support/accuracy-case.ts";
import { compileTemplate } from "./support/small-circuit.ts";

describe("PoseidonChain", function () {
  this.timeout(120_000);

  for (const count of [1, 17]) {
    it(`equals the hash outside the circuit for ${count} values`, async () => {
      const circuit = await compileTemplate("commitment", `PoseidonChain(${count})`, ["values"]);
      const random = new SeededRandom(`${count}`, "poseidon");
      for (const draw of [() => 0n, () => -1n, () => fieldElement(random)]) {
        const values = Array.from({ length: count }, () => toField(draw()));
        const digest = poseidonChain(values);
        expect(circuit.read({ values }, "digest")).to.equal(digest);
        expect((await circuit.solve({ values }))[1]).to.equal(digest);
        const other = values.with(count - 1, toField(values[count - 1]! + 1n));
        expect(circuit.accepts({ values: other, digest })).to.equal(false);
      }
    });
  }
});

describe("ModelCommitment", function () {
  this.timeout(120_000);
  // 63 weights of 4 bits fill one word of 252 bits; the 64th starts another. 19 biases of 13 bits fill one.
  const [weightCount, weightBits, biasCount, biasBits, id] = [64, 4, 20, 13, 12_345n];

  it("equals Poseidon over a salt and the digest of id, packed weights and packed biases", async () => {
    const circuit = await compileTemplate(
      "commitment",
      `ModelCommitment(${id}, ${weightCount}, ${weightBits}, ${biasCount}, ${biasBits})`,
      ["weights", "biases", "salt"],
    );
    const random = new SeededRandom("1", "model commitment");
    const limit = (bits: number) => 2 ** bits - 1;
    for (const draw of [() => 0, limit, (bits: number) => random.nextInteger(2 ** bits)]) {
      const weights = Array.from({ length: weightCount }, () => draw(weightBits));
      const biases = Array.from({ length: biasCount }, () => draw(biasBits));
      const salt = fieldElement(random);
      const words = [...packWords(weights, weightBits), ...packWords(biases, biasBits)];
      expect(words).to.have.lengthOf(4);
      const digest = poseidonChain([id, ...words]);
      expect(circuit.read({ weights, biases, salt }, "digest")).to.equal(digest);
      const commitment = poseidon2([digest, salt]);
      expect(circuit.read({ weights, biases, salt }, "commitment")).to.equal(commitment);
      for (const position of [0, 62, 63]) {
        const other = weights.with(position, weights[position]! ^ 1);
        expect(circuit.read({ weights: other, biases, salt }, "digest")).not.to.equal(digest);
      }
      for (const position of [0, 18, 19]) {
        const other = biases.with(position, biases[position]! ^ 1);
        expect(circuit.read({ weights, biases: other, salt }, "digest")).not.to.equal(digest);
      }
      expect(circuit.read({ weights, biases, salt: salt + 1n }, "commitment")).not.to.equal(commitment);
    }
    // Packing is injective only below 2^bits: the ranges are the caller's.
    const weights = new Array<number>(weightCount).fill(0);
    const biases = new Array<number>(biasCount).fill(0);
    const carried = { weights: weights.with(0, 16), biases, salt: 1n };
    const honest = { weights: weights.with(1, 1), biases, salt: 1n };
    expect(circuit.read(carried, "digest")).to.equal(circuit.read(honest, "digest"));
  });
});

describe("RoundNullifier", function () {
  this.timeout(120_000);

  it("equals Poseidon over federation, round and model digest", async () => {
    const circuit = await compileTemplate("commitment", "RoundNullifier()", [
      "federation",
      "round",
      "modelDigest",
    ]);
    const random = new SeededRandom("1", "round nullifier");
    const seen = new Set<bigint>();
    for (const round of [0n, 1n, 2n]) {
      const [federation, modelDigest] = [fieldElement(random), fieldElement(random)];
      const inputs = { federation, round, modelDigest };
      const nullifier = poseidon3([federation, round, modelDigest]);
      expect(circuit.accepts({ ...inputs, nullifier })).to.equal(true);
      for (const name of ["federation", "round", "modelDigest"] as const) {
        const other = { ...inputs, [name]: inputs[name] + 1n };
        expect(circuit.accepts({ ...other, nullifier }), name).to.equal(false);
      }
      seen.add(nullifier);
    }
    expect(seen.size).to.equal(3);
  });
});
