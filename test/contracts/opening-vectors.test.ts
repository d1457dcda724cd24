/** The vectors of test/vectors/opening.json, which the TypeScript side reproduces, against the contract. */
import { readFileSync } from "node:fs";

import { expect } from "chai";

import { NO_RULES, networkHelpers, REWARD_WEI, modelCommitmentOf } from "./support/deployment.ts";
import { BOND_WEI, DEMAND_WEI, DISPUTE_SECONDS, sealDeployed } from "./support/seal.ts";
import { taskSpec, NATIVE } from "./support/deployment.ts";

interface Point {
  readonly x: string;
  readonly y: string;
}

interface Vectors {
  readonly bases: readonly Point[];
  readonly basesRoot: string;
  readonly basePaths: readonly (readonly string[])[];
  readonly words: readonly (readonly string[])[];
  readonly dataPoints: readonly Point[];
  readonly openingRoot: string;
  readonly partialSums: readonly Point[];
  readonly paths: readonly (readonly string[])[];
  readonly pairPaths: readonly (readonly string[])[];
  readonly chunkPaths: readonly (readonly string[])[];
}

const file = new URL("../vectors/opening.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const wordsPerShard = vectors.bases.length;
const values = vectors.words.flat().map((word, index) => ({ word, partialSum: vectors.partialSums[index]! }));

/** A task whose data points are those of the vectors, revealed with their root. */
async function revealed() {
  const d = await sealDeployed();
  const { commitDeadline, ...rest } = await taskSpec();
  const unsealDeadline = commitDeadline + 600n;
  const proveDeadline = unsealDeadline + 3n * DISPUTE_SECONDS;
  const dataPoints = vectors.dataPoints.map(({ x, y }) => ({ x: BigInt(x), y: BigInt(y) }));
  const spec = { ...rest, commitDeadline, proveDeadline, dataPoints };
  const sealTerms = {
    unsealDeadline,
    disputeSeconds: DISPUTE_SECONDS,
    bondToken: NATIVE,
    bondWei: BOND_WEI,
    demandWei: DEMAND_WEI,
    wordsPerShard,
    basesRoot: vectors.basesRoot,
  };
  const rules = { ...NO_RULES, seal: await d.seal.getAddress(), sealTerms };
  await d.market.connect(d.poster).postWithRules(spec, rules, { value: REWARD_WEI });
  await d.market.connect(d.alice).commit(1n, modelCommitmentOf(d.alice));
  await networkHelpers.time.setNextBlockTimestamp(commitDeadline + 1n);
  await d.seal.connect(d.poster).reveal(1n, vectors.openingRoot, "");
  return d;
}

describe("Vectors of openings", () => {
  it("hold step by step, with the same bases, roots and paths", async () => {
    const { seal } = await revealed();
    expect(values).to.have.length(39);
    for (const [index, current] of values.entries()) {
      const position = index % wordsPerShard;
      const claim = {
        index,
        previous: values[position === 0 ? index : index - 1]!,
        current,
        openingPath: [...(position === 0 ? vectors.paths[index]! : vectors.pairPaths[index - 1]!)],
        base: vectors.bases[position]!,
        basePath: [...vectors.basePaths[position]!],
      };
      await expect(seal.disputeStep(1n, claim), `place ${index}`)
        .to.be.revertedWithCustomError(seal, "TestSetSealStepHolds")
        .withArgs(1n, BigInt(index));
    }
  });

  it("end at the data points", async () => {
    const { seal } = await revealed();
    for (const shard of vectors.dataPoints.keys()) {
      const last = (shard + 1) * wordsPerShard - 1;
      await expect(seal.disputeEnd(1n, shard, values[last]!, [...vectors.paths[last]!]))
        .to.be.revertedWithCustomError(seal, "TestSetSealEndHolds")
        .withArgs(1n, BigInt(shard));
    }
  });

  it("answer demands for their chunks", async () => {
    const { seal, alice } = await revealed();
    expect(await seal.chunkCount(1n)).to.equal(BigInt(vectors.chunkPaths.length));
    for (const [chunk, path] of vectors.chunkPaths.entries()) {
      await seal.connect(alice).demand(1n, chunk);
      const chunkValues = values.slice(32 * chunk, 32 * (chunk + 1));
      await expect(seal.answer(1n, chunk, chunkValues, [...path])).to.emit(seal, "ChunkAnswered");
    }
  });
});
