import { expect } from "chai";
import { solidityPackedKeccak256 } from "ethers";
import fc from "fast-check";

import { batchIndex, batchOrder } from "../../../prover/src/verifiable/batch-order.ts";

const seeds = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });

/** The shuffle as the specification words it, hashing with another library. */
function shuffleNaively(seed: bigint, epoch: number, position: number, count: number): number {
  let index = position;
  for (let round = 0; round < 32; round++) {
    const pivot =
      BigInt(solidityPackedKeccak256(["uint256", "uint64", "uint8"], [seed, epoch, round])) % BigInt(count);
    const flip = (Number(pivot) + count - index) % count;
    const larger = Math.max(index, flip);
    const hash = solidityPackedKeccak256(
      ["uint256", "uint64", "uint8", "uint64"],
      [seed, epoch, round, larger],
    );
    if (BigInt(hash) % 2n === 1n) index = flip;
  }
  return index;
}

describe("batchOrder", () => {
  it("is a permutation for any number of batches", () => {
    for (let count = 1; count <= 64; count++) {
      const order = batchOrder(123n, 7, count);
      expect([...order].sort((a, b) => a - b)).to.deep.equal([...new Array(count).keys()]);
    }
    expect(new Set(batchOrder(5n, 0, 1_000)).size).to.equal(1_000);
  });

  it("equals the specification, and batchIndex computes one position alone", () => {
    fc.assert(
      fc.property(seeds, fc.nat(100_000), fc.integer({ min: 1, max: 20 }), (seed, epoch, count) => {
        const order = batchOrder(seed, epoch, count);
        order.forEach((index, position) => {
          expect(index).to.equal(shuffleNaively(seed, epoch, position, count));
          expect(batchIndex(seed, epoch, position, count)).to.equal(index);
        });
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  it("differs from epoch to epoch and from seed to seed", () => {
    const orders = [batchOrder(1n, 0, 44), batchOrder(1n, 1, 44), batchOrder(2n, 0, 44)].map((order) =>
      order.join(),
    );
    expect(new Set(orders).size).to.equal(3);
  });

  it("brings every batch to every position about as often", () => {
    const counts = new Array<number>(8).fill(0);
    for (let epoch = 0; epoch < 1_600; epoch++) counts[batchIndex(99n, epoch, 3, 8)]!++;
    // 200 expected, standard deviation 13.
    for (const count of counts) expect(count).to.be.within(140, 260);
  });

  it("refuses a number of batches that is not a positive integer, and a seed of more than 32 bytes", () => {
    expect(() => batchOrder(1n, 0, 0)).to.throw(RangeError, /batchCount/);
    expect(() => batchOrder(1n, 0, 2.5)).to.throw(RangeError, /batchCount/);
    expect(() => batchOrder(2n ** 256n, 0, 3)).to.throw(RangeError, /32 bytes/);
    expect(() => batchOrder(-1n, 0, 3)).to.throw(RangeError, /32 bytes/);
  });
});
