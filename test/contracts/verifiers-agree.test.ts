/** The prover's own check of a proof before sending it, against the contract's, on the same inputs. */
import { expect } from "chai";

import { drawChallenges, foldingWeight } from "../../prover/src/proof/challenge.ts";
import { decodeVerifyingKey, encodeVerifyingKey } from "../../prover/src/proof/keys/verifying-key.ts";
import { verifyProof } from "../../prover/src/proof/verify.ts";
import { DATA, deployed, ethers, key } from "./support/deployment.ts";
import { BASE_FIELD_ORDER, g1, g2, negatedPair, randomScalar } from "./support/trapdoor-key.ts";

import type { Groth16Proof } from "../../prover/src/proof/challenge.ts";
import type { G1Point, Proof } from "./support/trapdoor-key.ts";

const statement = [randomScalar(), randomScalar(), 350n];
const valid = key.prove({ statement, data: DATA });

function forProver({ b, ...points }: Proof): Groth16Proof {
  return { ...points, b: { x: [b.xReal, b.xImag], y: [b.yReal, b.yImag] } };
}

/** "true", "false" or "malformed". */
function offChain(words: readonly bigint[], dataPoint: G1Point, proof: Proof): string {
  try {
    const verifyingKey = decodeVerifyingKey(key.bytes);
    return `${verifyProof(verifyingKey, key.keyId as `0x${string}`, words, dataPoint, forProver(proof))}`;
  } catch {
    return "malformed";
  }
}

describe("The prover's verifier and the contract", () => {
  it("read and write the same key bytes", () => {
    expect(encodeVerifyingKey(decodeVerifyingKey(key.bytes))).to.equal(key.bytes);
  });

  it("draw the same randomness from a proof", async () => {
    const harness = await ethers.deployContract("Groth16Harness");
    const drawn = await harness.randomness(key.keyId, statement, g1(DATA), valid);
    const keyId = key.keyId as `0x${string}`;
    const { seed, alpha, rho } = drawChallenges(keyId, statement, g1(DATA), valid.blockCommitment);
    expect([...drawn]).to.deep.equal([seed, alpha, rho, foldingWeight(seed, forProver(valid))]);
  });

  it("draw other randomness when any word behind it changes", async () => {
    const harness = await ethers.deployContract("Groth16Harness");
    const original = await harness.randomness(key.keyId, statement, g1(DATA), valid);
    const point = g1(7n);
    // The challenges are fixed by what comes before the proof, and by D.
    for (const [keyId, words, dataPoint, proof] of [
      [ethers.id("another key"), statement, g1(DATA), valid],
      ...statement.keys().map((index) => [key.keyId, statement.with(index, 1n), g1(DATA), valid] as const),
      [key.keyId, statement, { ...g1(DATA), x: 1n }, valid],
      [key.keyId, statement, { ...g1(DATA), y: 1n }, valid],
      [key.keyId, statement, g1(DATA), { ...valid, blockCommitment: { ...valid.blockCommitment, x: 1n } }],
      [key.keyId, statement, g1(DATA), { ...valid, blockCommitment: { ...valid.blockCommitment, y: 1n } }],
    ] as const) {
      const changed = await harness.randomness(keyId, [...words], dataPoint, proof);
      for (const name of ["seed", "alpha", "rho", "weight"] as const) {
        expect(changed[name], name).not.to.equal(original[name]);
      }
    }
    // The weight is fixed by every point of the proof, the challenges are not.
    for (const change of [
      ...(["a", "c", "blockKnowledge"] as const).flatMap((field) => [
        { [field]: { ...valid[field], x: point.x } },
        { [field]: { ...valid[field], y: point.y } },
      ]),
      ...(["xImag", "xReal", "yImag", "yReal"] as const).map((word) => ({ b: { ...valid.b, [word]: 1n } })),
    ]) {
      const changed = await harness.randomness(key.keyId, statement, g1(DATA), { ...valid, ...change });
      expect(changed.seed).to.equal(original.seed);
      expect(changed.weight, Object.keys(change)[0]).not.to.equal(original.weight);
    }
  });

  const { x, y } = valid.c;
  const cases: readonly [string, string, readonly bigint[], G1Point, Proof][] = [
    ["a valid proof", "true", statement, g1(DATA), valid],
    ["its negated pair", "true", statement, g1(DATA), negatedPair(valid)],
    ["another context", "false", statement.with(0, 1n), g1(DATA), valid],
    ["another count", "false", statement.with(2, 351n), g1(DATA), valid],
    ["another data point", "false", statement, g1(1n), valid],
    ["another A", "false", statement, g1(DATA), { ...valid, a: g1(7n) }],
    ["another B", "false", statement, g1(DATA), { ...valid, b: g2(7n) }],
    ["another D", "false", statement, g1(DATA), { ...valid, blockCommitment: g1(7n) }],
    ["another Dp", "false", statement, g1(DATA), { ...valid, blockKnowledge: g1(7n) }],
    ["a statement too short", "malformed", statement.slice(1), g1(DATA), valid],
    ["C off the curve", "malformed", statement, g1(DATA), { ...valid, c: { x, y: y - 1n } }],
    ["C aliased", "malformed", statement, g1(DATA), { ...valid, c: { x: x + BASE_FIELD_ORDER, y } }],
  ];
  for (const [name, expected, words, dataPoint, proof] of cases) {
    it(`both say "${expected}" to ${name}`, async () => {
      const { registry } = await deployed();
      const onChain = await registry
        .verify(key.keyId, [...words], dataPoint, proof)
        .then(String, () => "malformed");
      expect(onChain).to.equal(expected);
      expect(offChain(words, dataPoint, proof)).to.equal(expected);
    });
  }
});
