import { expect } from "chai";
import fc from "fast-check";

import { SeededRandom } from "../../../prover/src/data/random.ts";

/** xoshiro128** written independently on bigints, from the state words. */
function* naiveXoshiro(state: bigint[]): Generator<number> {
  const mask = 0xffffffffn;
  const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (32n - bits))) & mask;
  let [a, b, c, d] = state as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number((rotate((b * 5n) & mask, 7n) * 9n) & mask);
    const t = (b << 9n) & mask;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11n);
  }
}

describe("SeededRandom", () => {
  it("equals xoshiro128** from the state it documents", async () => {
    const { keccak256, toUtf8Bytes, getBytes } = await import("ethers");
    const digest = getBytes(keccak256(toUtf8Bytes("zkpot.random.v1\0split\x0042")));
    const state = [0, 1, 2, 3].map((word) =>
      digest.slice(4 * word, 4 * word + 4).reduceRight((value, byte) => (value << 8n) + BigInt(byte), 0n),
    );
    const expected = naiveXoshiro(state);
    const random = new SeededRandom("42", "split");
    for (let index = 0; index < 1_000; index++) {
      expect(random.nextUint32()).to.equal(expected.next().value);
    }
  });

  it("repeats for equal seed and stream, and differs when either differs", () => {
    const draw = (seed: string, stream: string): number[] => {
      const random = new SeededRandom(seed, stream);
      return Array.from({ length: 8 }, () => random.nextUint32());
    };
    expect(draw("a", "s")).to.deep.equal(draw("a", "s"));
    expect(draw("a", "s")).to.not.deep.equal(draw("b", "s"));
    expect(draw("a", "s")).to.not.deep.equal(draw("a", "t"));
    // The separator keeps stream and seed apart.
    expect(draw("bc", "a")).to.not.deep.equal(draw("c", "ab"));
  });

  it("draws integers below the limit, all of them", () => {
    const random = new SeededRandom("1", "integers");
    for (const limit of [1, 2, 3, 7, 10]) {
      const seen = new Set(Array.from({ length: 300 }, () => random.nextInteger(limit)));
      expect([...seen].sort((a, b) => a - b)).to.deep.equal([...Array(limit).keys()]);
    }
    expect(random.nextInteger(2 ** 32)).to.be.within(0, 2 ** 32 - 1);
  });

  it("refuses limits it cannot draw below", () => {
    const random = new SeededRandom("1", "integers");
    for (const limit of [0, -1, 1.5, 2 ** 32 + 1, NaN]) {
      expect(() => random.nextInteger(limit)).to.throw(RangeError, String(limit));
    }
  });

  it("permutes: every index once, and not in order", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 200 }), (seed, count) => {
        const permutation = new SeededRandom(seed, "permutation").permutation(count);
        expect([...permutation].sort((a, b) => a - b)).to.deep.equal([...Array(count).keys()]);
      }),
      { numRuns: 100 },
    );
    const order = [...new SeededRandom("1", "permutation").permutation(50)];
    expect(order).to.not.deep.equal([...Array(50).keys()]);
  });

  it("draws units from 0 to below 1 with mean one half", () => {
    const random = new SeededRandom("1", "units");
    const units = Array.from({ length: 10_000 }, () => random.nextUnit());
    expect(Math.min(...units)).to.be.at.least(0);
    expect(Math.max(...units)).to.be.below(1);
    expect(units.reduce((sum, unit) => sum + unit, 0) / units.length).to.be.closeTo(0.5, 0.02);
  });
});
