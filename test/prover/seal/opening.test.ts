import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import fc from "fast-check";

import { FIELD_ORDER, toField } from "../../../prover/src/field.ts";
import { merkleRoot, merkleVector } from "../../../prover/src/merkle-vector.ts";
import { releaseCurve } from "../../../prover/src/proof/multi-exponentiation.ts";
import {
  basesRoot,
  CHUNK_WORDS,
  chunkAnswer,
  chunkCount,
  type OpenedWord,
  type Opening,
  openingFromAnswers,
  openingRoot,
  openShards,
  publishedOpening,
} from "../../../prover/src/seal/opening.ts";
import { MerkleVector } from "../../contracts/support/merkle-vector.ts";
import { g1 } from "../../contracts/support/trapdoor-key.ts";
import { basesOf, edgeCase, openingCase, openingVectors, sumsOf } from "../../support/opening-cases.ts";
import { expectError } from "../support/expect-error.ts";

const coder = AbiCoder.defaultAbiCoder();

function hashOf({ word, partialSum: { x, y } }: OpenedWord): bigint {
  return BigInt(keccak256(coder.encode(["uint256", "uint256", "uint256"], [word, x, y])));
}

function valuesOf(opening: Opening): OpenedWord[] {
  const count = opening.shardCount * opening.wordsPerShard;
  return Array.from({ length: count }, (_, index) => opening.valueAt(index)!);
}

after(releaseCurve);

describe("openShards", () => {
  it("opens data points by the partial sums of each shard, those at infinity included", async () => {
    for (const { scalars, bases, shards } of [edgeCase(), openingCase("sums", 3, 11)]) {
      const opening = await openShards(bases, shards);
      const expected = shards.flatMap((words) => {
        const sums = sumsOf(scalars, words);
        return words.map((word, index) => ({ word, partialSum: sums[index]! }));
      });
      expect(valuesOf(opening)).to.deep.equal(expected);
      expect(openingRoot(opening)).to.equal(new MerkleVector(expected.map(hashOf)).root);
      expect(opening.valueAt(expected.length)).to.equal(undefined);
    }
    const [first, second] = sumsOf(edgeCase().scalars, edgeCase().shards[0]!);
    expect([first, second]).to.deep.equal([
      { x: 0n, y: 0n },
      { x: 0n, y: 0n },
    ]);
  });

  it("computes the sums of random words, across batches", async () => {
    const { scalars, bases, shards } = openingCase("batches", 1, 2_500);
    const opening = await openShards(bases, shards);
    const scalarSums: bigint[] = [];
    shards[0]!.forEach((word, index) => {
      scalarSums.push(toField((scalarSums.at(-1) ?? 0n) + word * scalars[index]!));
    });
    fc.assert(
      fc.property(fc.nat({ max: 2_499 }), (index) => {
        expect(opening.valueAt(index)!.partialSum).to.deep.equal(g1(scalarSums[index]!));
      }),
      { numRuns: 50, seed: 1, examples: [[1_023], [1_024], [2_047], [2_048], [2_499]] },
    );
  });

  it("reports how far it is", async () => {
    const { bases, shards } = openingCase("progress", 2, 1_500);
    const seen: [number, number][] = [];
    await openShards(bases, shards, (done, total) => seen.push([done, total]));
    expect(seen).to.deep.equal([1_024, 1_500, 2_524, 3_000].map((done) => [done, 3_000]));
  });

  it("refuses other numbers of words, words outside the field and no shards", async () => {
    const { bases, shards } = openingCase("refused", 2, 3);
    const [first, second] = shards as [bigint[], bigint[]];
    await expectError(() => openShards(bases, []), "seal.words", /without shards/);
    await expectError(
      () => openShards(bases, [first, second.slice(1)]),
      "seal.words",
      /shard 1 has 2 words, the key 3/,
    );
    for (const word of [-1n, FIELD_ORDER]) {
      await expectError(
        () => openShards(bases, [first, [second[0]!, word, second[2]!]]),
        "seal.words",
        /word 1 of shard 1/,
      );
    }
  });
});

describe("basesRoot", () => {
  it("commits to the points in their order", async () => {
    const scalars = [3n, 5n, 7n];
    const values = scalars.map((scalar) => {
      const { x, y } = g1(scalar);
      return BigInt(keccak256(coder.encode(["uint256", "uint256"], [x, y])));
    });
    expect(await basesRoot(basesOf(scalars))).to.equal(merkleRoot(merkleVector(values)));
    expect(await basesRoot(basesOf([3n, 7n, 5n]))).to.not.equal(await basesRoot(basesOf(scalars)));
  });
});

describe("publishedOpening", () => {
  it("has the root of the opening it is a copy of", async () => {
    const { bases, shards } = edgeCase();
    const opening = await openShards(bases, shards);
    expect(openingRoot(publishedOpening(opening, valuesOf(opening)))).to.equal(openingRoot(opening));
  });

  it("refuses another number of values", async () => {
    const { bases, shards } = edgeCase();
    const opening = await openShards(bases, shards);
    await expectError(
      () => publishedOpening(opening, valuesOf(opening).slice(1)),
      "seal.shape",
      /13 values for 2 shards of 7 words/,
    );
  });
});

describe("chunkAnswer", () => {
  it("covers an opening of 1 to 70 words in chunks of 32, each of which leads to its root", async () => {
    const { bases, shards } = openingCase("chunks", 1, 70);
    const whole = await openShards(bases, shards);
    for (const count of [1, 2, 31, 32, 33, 64, 65, 70]) {
      const values = valuesOf(whole).slice(0, count);
      const opening = publishedOpening({ shardCount: 1, wordsPerShard: count }, values);
      expect(chunkCount(opening)).to.equal(Math.ceil(count / CHUNK_WORDS));
      const answers = Array.from({ length: chunkCount(opening) }, (_, chunk) => chunkAnswer(opening, chunk));
      expect(answers.flatMap((answer) => answer.values)).to.deep.equal(values);
      for (const answer of answers)
        expect(rootOf(answer, count), `${count} words`).to.equal(openingRoot(opening));
    }
  });

  it("refuses chunks that do not exist or are not known", async () => {
    const { bases, shards } = openingCase("unknown", 1, 40);
    const opening = await openShards(bases, shards);
    for (const chunk of [-1, 0.5, 2]) {
      await expectError(() => chunkAnswer(opening, chunk), "seal.chunk", /of an opening of 2 chunks/);
    }
    const half = openingFromAnswers(opening, [chunkAnswer(opening, 0)]);
    expect(chunkAnswer(half, 0)).to.deep.equal(chunkAnswer(opening, 0));
    await expectError(() => chunkAnswer(half, 1), "seal.chunk", /chunk 1 is not known/);
  });

  /** Root that an answer leads to, by hashing as the contract does. */
  function rootOf({ chunk, values, path }: ReturnType<typeof chunkAnswer>, count: number): string {
    const word = (value: bigint | number) => coder.encode(["uint256"], [value]);
    let nodes = values.map((value, offset) =>
      keccak256(keccak256(`${word(chunk * CHUNK_WORDS + offset)}${word(hashOf(value)).slice(2)}`)),
    );
    const width = Math.min(CHUNK_WORDS, 2 ** Math.ceil(Math.log2(count)));
    while (nodes.length < width) nodes.push(word(0));
    while (nodes.length > 1) {
      const below = nodes;
      nodes = below
        .slice(below.length / 2)
        .map((_, i) => keccak256(`${below[2 * i]!}${below[2 * i + 1]!.slice(2)}`));
    }
    return path.reduce(
      (node, sibling, level) =>
        (chunk >> level) % 2 === 0
          ? keccak256(`${node}${sibling.slice(2)}`)
          : keccak256(`${sibling}${node.slice(2)}`),
      nodes[0]!,
    );
  }
});

describe("openingFromAnswers", () => {
  it("knows what was answered, and nothing else", async () => {
    const { bases, shards } = openingCase("answers", 2, 50);
    const opening = await openShards(bases, shards);
    const partial = openingFromAnswers(opening, [chunkAnswer(opening, 3), chunkAnswer(opening, 1)]);
    for (let index = 0; index < 100; index++) {
      const isShown = (index >= 32 && index < 64) || index >= 96;
      expect(partial.valueAt(index)).to.deep.equal(isShown ? opening.valueAt(index) : undefined);
    }
  });

  it("refuses answers of another size", async () => {
    const { bases, shards } = openingCase("sizes", 1, 40);
    const opening = await openShards(bases, shards);
    const [first, last] = [chunkAnswer(opening, 0), chunkAnswer(opening, 1)];
    for (const answer of [
      { ...first, values: first.values.slice(1) },
      { ...last, values: first.values },
      { ...last, chunk: 2 },
      { ...first, chunk: 2, values: [] },
    ]) {
      await expectError(() => openingFromAnswers(opening, [answer]), "seal.shape", /an opening of 40 words/);
    }
  });
});

describe("test/vectors/opening.json", () => {
  it("holds what the opening code computes", async () => {
    const file = new URL("../../vectors/opening.json", import.meta.url);
    expect(JSON.parse(await readFile(file, "utf8"))).to.deep.equal(await openingVectors());
  });
});
