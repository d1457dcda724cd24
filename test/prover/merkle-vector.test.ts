import { expect } from "chai";
import { AbiCoder, concat, keccak256, ZeroHash } from "ethers";
import fc from "fast-check";

import {
  merkleBlockPath,
  merkleDepth,
  merklePairPath,
  merklePath,
  merkleRoot,
  merkleVector,
  partialMerkleVector,
} from "../../prover/src/merkle-vector.ts";

const words = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
const vectors = fc.array(words, { minLength: 1, maxLength: 40 });

function leafOf(index: number, value: bigint): string {
  return keccak256(keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "uint256"], [index, value])));
}

/** Root by recursion over halves, apart from the implementation. */
function rootNaively(values: readonly bigint[], start: number, size: number): string {
  if (size === 1) return start < values.length ? leafOf(start, values[start]!) : ZeroHash;
  const half = size / 2;
  return keccak256(concat([rootNaively(values, start, half), rootNaively(values, start + half, half)]));
}

function climb(leaf: string, index: number, path: readonly string[]): string {
  return path.reduce(
    (node, sibling, level) =>
      keccak256((index >> level) % 2 === 0 ? concat([node, sibling]) : concat([sibling, node])),
    leaf,
  );
}

describe("merkleVector", () => {
  it("has the root that its definition gives", () => {
    fc.assert(
      fc.property(vectors, (values) => {
        let size = 1;
        while (size < values.length) size *= 2;
        expect(merkleRoot(merkleVector(values))).to.equal(rootNaively(values, 0, size));
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it("gives paths that lead from each leaf to the root, and from no other place or value", () => {
    fc.assert(
      fc.property(vectors, fc.nat(), (values, drawn) => {
        const index = drawn % values.length;
        const tree = merkleVector(values);
        const path = merklePath(tree, index);
        const root = merkleRoot(tree);
        expect(path).to.have.length(Math.ceil(Math.log2(values.length)));
        expect(climb(leafOf(index, values[index]!), index, path)).to.equal(root);
        expect(climb(leafOf(index, values[index]! ^ 1n), index, path)).to.not.equal(root);
        if (path.length > 0) expect(climb(leafOf(index, values[index]!), index ^ 1, path)).to.not.equal(root);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it("gives pair paths: both leaves climb to siblings, whose parent climbs to the root", () => {
    for (const count of [2, 3, 7, 8, 33]) {
      const values = Array.from({ length: count }, (_, index) => BigInt(index * index));
      const tree = merkleVector(values);
      for (let index = 0; index + 1 < count; index++) {
        const path = merklePairPath(tree, index);
        let apart = 0;
        while ((index >> apart) & 1) apart++;
        const first = climb(leafOf(index, values[index]!), index, path.slice(0, apart));
        const second = climb(leafOf(index + 1, values[index + 1]!), index + 1, path.slice(apart, 2 * apart));
        const parent = keccak256(concat([first, second]));
        expect(path).to.have.length(Math.ceil(Math.log2(count)) - 1 + apart);
        expect(climb(parent, index >> (apart + 1), path.slice(2 * apart))).to.equal(merkleRoot(tree));
      }
    }
  });

  it("gives block paths, from which a vector is known in part: the paths of all values and pairs in the blocks", () => {
    for (const count of [1, 2, 5, 8, 21]) {
      const values = Array.from({ length: count }, (_, index) => BigInt(index * index + 1));
      const tree = merkleVector(values);
      for (let levels = 0; levels <= merkleDepth(count); levels++) {
        const size = 2 ** levels;
        const firsts = Array.from({ length: Math.ceil(count / size) }, (_, block) => block * size);
        const blocks = firsts.map((first) => ({
          first,
          levels,
          values: values.slice(first, first + size),
          path: merkleBlockPath(tree, first, levels),
        }));
        for (const shown of [blocks.slice(-1), blocks.slice(0, 2), blocks]) {
          const partial = partialMerkleVector(count, shown);
          const indices = shown.flatMap(({ first, values }) => values.map((_, offset) => first + offset));
          for (const index of indices) {
            expect(merklePath(partial, index)).to.deep.equal(merklePath(tree, index));
            if (!indices.includes(index + 1)) continue;
            expect(merklePairPath(partial, index)).to.deep.equal(merklePairPath(tree, index));
          }
        }
      }
    }
  });

  it("does not invent what it does not know", () => {
    const values = [1n, 2n, 3n, 4n, 5n];
    const path = merkleBlockPath(merkleVector(values), 0, 1);
    const partial = partialMerkleVector(5, [{ first: 0, levels: 1, values: values.slice(0, 2), path }]);
    expect(() => merklePath(partial, 2)).to.throw(RangeError, /node 3 of level 0 is not known/);
  });

  it("refuses an empty vector, indices beyond it and values beyond 32 bytes", () => {
    const tree = merkleVector([1n, 2n, 3n]);
    expect(() => merkleVector([])).to.throw(RangeError, /at least one/);
    expect(() => merkleVector([2n ** 256n])).to.throw(RangeError, /32 bytes/);
    for (const index of [-1, 3, 0.5])
      expect(() => merklePath(tree, index)).to.throw(RangeError, /outside 0..2/);
    expect(() => merkleBlockPath(tree, 4, 1)).to.throw(RangeError, /index 4 is outside/);
    expect(() => merklePairPath(tree, 2)).to.throw(RangeError, /index 3 is outside/);
  });
});
