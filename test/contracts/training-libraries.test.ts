/** The libraries of the training audit against implementations written from their descriptions. */
import { expect } from "chai";
import fc from "fast-check";

import { ethers, networkHelpers } from "./support/deployment.ts";
import { MerkleVector } from "./support/merkle-vector.ts";
import { fieldValue, learningRateFactor, shuffledIndex, WINDOW_BLOCKS } from "./support/training.ts";

import type { TrainingTerms } from "./support/training.ts";

async function deployHarness() {
  return await ethers.deployContract("TrainingHarness");
}

const bytes32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);

describe("SwapOrNot", () => {
  it("permutes the batches of every epoch, as its description says", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    for (const count of [1n, 2n, 3n, 5n, 44n, 64n]) {
      for (const epoch of [0n, 1n, 39n]) {
        const seed = ethers.id(`order ${count}`);
        const order = [...(await harness.order(seed, epoch, count))];
        const expected = order.map((_, position) => shuffledIndex(seed, epoch, BigInt(position), count));
        expect(order).to.deep.equal(expected);
        expect(new Set(order).size).to.equal(Number(count));
      }
    }
  });

  it("agrees for random seeds, epochs and counts up to 64 bits", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const property = fc.asyncProperty(
      bytes32,
      uint64,
      fc.oneof(fc.bigInt({ min: 1n, max: 100n }), fc.bigInt({ min: 1n, max: 2n ** 64n - 1n })),
      uint64,
      async (seed, epoch, count, any) => {
        const position = any % count;
        const index = await harness.indexAt(seed, epoch, position, count);
        expect(index).to.equal(shuffledIndex(seed, epoch, position, count));
        expect(index < count).to.equal(true);
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 1 });
  });

  it("orders the batches otherwise for another seed and another epoch", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const order = async (seed: string, epoch: bigint) =>
      (await harness.order(ethers.id(seed), epoch, 44n)).join();
    expect(await order("a", 0n)).not.to.equal(await order("b", 0n));
    expect(await order("a", 0n)).not.to.equal(await order("a", 1n));
  });
});

describe("LearningRate", () => {
  it("halves every so many steps down to one", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const factors = await Promise.all(
      [0n, 9n, 10n, 19n, 20n, 29n, 30n, 1_000_000n].map((step) => harness.factorAt(3n, 10n, step)),
    );
    expect(factors).to.deep.equal([8n, 8n, 4n, 4n, 2n, 2n, 1n, 1n]);
  });

  it("agrees with repeated halving", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const property = fc.asyncProperty(
      fc.bigInt({ min: 0n, max: 32n }),
      fc.bigInt({ min: 1n, max: 500n }),
      fc.bigInt({ min: 0n, max: 20_000n }),
      async (learningRateExponent, halvingSteps, step) => {
        const terms = { learningRateExponent, halvingSteps } as TrainingTerms;
        const factor = await harness.factorAt(learningRateExponent, halvingSteps, step);
        expect(factor).to.equal(learningRateFactor(terms, step));
      },
    );
    await fc.assert(property, { numRuns: 40, seed: 2 });
  });
});

describe("MerkleVector", () => {
  const vectorOf = (count: number): [bigint[], MerkleVector] => {
    const values = Array.from({ length: count }, (_, i) => fieldValue("entry", count, i));
    return [values, new MerkleVector(values)];
  };

  it("finds the root from every entry and from every pair of neighbours", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    for (const count of [1, 2, 3, 4, 5, 8, 9, 16, 21]) {
      const [values, vector] = vectorOf(count);
      for (let i = 0; i < count; i++) {
        expect(await harness.root(i, values[i]!, count, vector.path(i))).to.equal(vector.root);
        if (i + 1 === count) continue;
        const pair = await harness.rootOfPair(i, values[i]!, values[i + 1]!, count, vector.pairPath(i));
        expect(pair, `${i} of ${count}`).to.equal(vector.root);
      }
    }
  });

  it("finds another root for another value, another index and another path", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const [values, vector] = vectorOf(13);
    for (let i = 0; i < 12; i++) {
      const path = vector.path(i);
      expect(await harness.root(i, values[i]! + 1n, 13, path)).not.to.equal(vector.root);
      for (let j = 0; j < 13; j++) {
        if (j !== i) expect(await harness.root(j, values[i]!, 13, path)).not.to.equal(vector.root);
      }
      const pairPath = vector.pairPath(i);
      const [first, second] = [values[i]!, values[i + 1]!];
      for (const [index, before, after, siblings] of [
        [i, second, first, pairPath],
        [i, first + 1n, second, pairPath],
        [i, first, second + 1n, pairPath],
        ...pairPath.map((_, k) => [i, first, second, pairPath.with(k, ethers.ZeroHash)] as const),
      ] as const) {
        if (siblings.join() === pairPath.join() && before === first && after === second) continue;
        expect(await harness.rootOfPair(index, before, after, 13, [...siblings])).not.to.equal(vector.root);
      }
    }
  });

  it("has room for one value an index: a tree that holds two under one index shows the one in its place", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const [values, vector] = vectorOf(4);
    // Entry 2 hashed as if it were another value of index 1: the place of a leaf follows from its index.
    const leaf = (index: bigint, value: bigint) =>
      ethers.keccak256(
        ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(["uint256", "uint256"], [index, value])),
      );
    const pair = (left: string, right: string) => ethers.keccak256(ethers.concat([left, right]));
    const left = pair(leaf(0n, values[0]!), leaf(1n, values[1]!));
    const right = pair(leaf(1n, 7n), leaf(3n, values[3]!));
    const root = pair(left, right);
    expect(await harness.root(1, values[1]!, 4, [leaf(0n, values[0]!), right])).to.equal(root);
    expect(await harness.root(1, 7n, 4, [leaf(3n, values[3]!), left])).not.to.equal(root);
    expect(vector.depth).to.equal(2);
  });

  it("reverts for a path of another length than the shape asks for", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const [values, vector] = vectorOf(9);
    for (const [path, length] of [
      [vector.path(3).slice(1), 3n],
      [[...vector.path(3), ethers.ZeroHash], 5n],
    ] as const) {
      await expect(harness.root(3, values[3]!, 9, [...path]))
        .to.be.revertedWithCustomError(harness, "MerkleVectorPathLength")
        .withArgs(length, 4n);
    }
    // Entries 3 and 4 meet three levels up.
    await expect(harness.rootOfPair(3, values[3]!, values[4]!, 9, vector.pairPath(3).slice(1)))
      .to.be.revertedWithCustomError(harness, "MerkleVectorPathLength")
      .withArgs(4n, 5n);
  });
});

describe("BlockDraw", () => {
  it("uses the block fixed in advance, and every 256 blocks the next by rule", async () => {
    const harness = await networkHelpers.loadFixture(deployHarness);
    const first = BigInt(await networkHelpers.time.latestBlock()) + 3n;
    await expect(harness.blockHash(first))
      .to.be.revertedWithCustomError(harness, "BlockDrawTooEarly")
      .withArgs(first, first - 3n);
    // Calls run on top of the latest block, with its number.
    await networkHelpers.mineUpTo(first);
    await expect(harness.blockHash(first))
      .to.be.revertedWithCustomError(harness, "BlockDrawTooEarly")
      .withArgs(first, first);
    for (const [latest, used] of [
      [first + 1n, first],
      [first + WINDOW_BLOCKS, first],
      [first + WINDOW_BLOCKS + 1n, first + WINDOW_BLOCKS],
      [first + 2n * WINDOW_BLOCKS, first + WINDOW_BLOCKS],
      [first + 2n * WINDOW_BLOCKS + 1n, first + 2n * WINDOW_BLOCKS],
      [first + 5n * WINDOW_BLOCKS, first + 4n * WINDOW_BLOCKS],
    ] as const) {
      await networkHelpers.mineUpTo(latest);
      const [number, hash] = await harness.blockHash(first);
      expect(number).to.equal(used);
      expect(hash).to.equal((await ethers.provider.getBlock(used))!.hash);
    }
  });
});
