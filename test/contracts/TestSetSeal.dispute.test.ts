import { expect } from "chai";
import { keccak256 } from "ethers";
import fc from "fast-check";

import { FIELD_ORDER, toField } from "../../prover/src/field.ts";
import { merklePairPath, merklePath, merkleRoot, merkleVector } from "../../prover/src/merkle-vector.ts";
import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import type { StepClaim } from "../../prover/src/seal/find-fault.ts";
import {
  basesVector,
  type OpenedWord,
  type Opening,
  openingRoot,
  openShards,
  publishedOpening,
} from "../../prover/src/seal/opening.ts";
import { basesOf, edgeCase, openingCase } from "../support/opening-cases.ts";
import { networkHelpers, nextBlockAt } from "./support/deployment.ts";
import {
  changedOpening,
  faultOf,
  FORFEIT,
  openCase,
  postSealed,
  sealDeployed,
  type SealDeployment,
  SealedTask,
  type SealedWords,
  threeShards,
  valuesOf,
  wrongAt,
} from "./support/seal.ts";
import { BASE_FIELD_ORDER, g1, type G1Point, packWords, randomScalar } from "./support/trapdoor-key.ts";

const SHARDS = 3;
const WORDS = 13;
const COUNT = SHARDS * WORDS;
/** Of a transaction that shows a wrong place of any opening of 39 words. */
const DISPUTE_GAS = 75_000n;

let words: SealedWords;
before(async () => (words = await threeShards()));
after(releaseCurve);

/** A task to which alice has committed, right after its commit deadline. */
async function committed(of = words): Promise<{ d: SealDeployment; task: SealedTask }> {
  const d = await sealDeployed();
  const task = await postSealed(d, of);
  await task.commit(d.alice);
  await nextBlockAt(task.spec.commitDeadline + 1n);
  return { d, task };
}

/** What `disputeStep` takes about a place, be it right or wrong. */
async function claimAt({ bases, scalars }: SealedWords, opening: Opening, index: number): Promise<StepClaim> {
  const position = index % opening.wordsPerShard;
  return {
    index,
    previous: opening.valueAt(position === 0 ? index : index - 1)!,
    current: opening.valueAt(index)!,
    openingPath: position === 0 ? merklePath(opening.tree, index) : merklePairPath(opening.tree, index - 1),
    base: g1(scalars[position]!),
    basePath: merklePath(await basesVector(bases), position),
  };
}

/** Everything `disputeEnd` takes about a shard, be it right or wrong. */
function endOf(opening: Opening, shard: number): [number, OpenedWord, string[]] {
  const index = (shard + 1) * opening.wordsPerShard - 1;
  return [shard, opening.valueAt(index)!, merklePath(opening.tree, index)];
}

describe("TestSetSeal.disputeStep", () => {
  it("takes the bond for a wrong word, at every place of an opening", async () => {
    const { d, task } = await committed();
    const sealed = await networkHelpers.takeSnapshot();
    for (let place = 0; place < COUNT; place++) {
      const wrong = wrongAt(words, place);
      await task.reveal(openingRoot(wrong));
      const transaction = task.disputeStep(await claimAt(words, wrong, place));
      await expect(transaction, `place ${place}`)
        .to.emit(d.seal, "BondForfeited")
        .withArgs(task.taskId, FORFEIT.wrongStep);
      expect(await d.seal.hasForfeited(task.taskId)).to.equal(true);
      await sealed.restore();
    }
  });

  it("takes it for words outside the field, for points that are none, and for the opposite point", async () => {
    const { d, task } = await committed();
    const sealed = await networkHelpers.takeSnapshot();
    const place = 20;
    const { word, partialSum } = words.opening.valueAt(place)!;
    const { x, y } = partialSum;
    const after = (partialSum: G1Point) => [{ partialSum }, place] as const;
    const before = (partialSum: G1Point) => [{ partialSum }, place + 1] as const;
    for (const [change, index] of [
      [{ word: word + FIELD_ORDER }, place],
      [{ word: 2n ** 256n - 1n }, place],
      ...[
        { x, y: BASE_FIELD_ORDER - y },
        { x, y: y + 1n },
        { x: x + BASE_FIELD_ORDER, y },
        { x, y: y + BASE_FIELD_ORDER },
        { x: 0n, y: 0n },
        { x: 0n, y: BASE_FIELD_ORDER },
        { x: 2n ** 256n - 1n, y: 2n ** 256n - 1n },
      ].flatMap((point) => [after(point), before(point)]),
    ] as const) {
      const wrong = changedOpening(words.opening, (value, at) =>
        at === place ? { ...value, ...change } : value,
      );
      await task.reveal(openingRoot(wrong));
      await expect(task.disputeStep(await claimAt(words, wrong, index)))
        .to.emit(d.seal, "BondForfeited")
        .withArgs(task.taskId, FORFEIT.wrongStep);
      await sealed.restore();
    }
  });

  it("takes it for a base that is no point: the poster named the root of the bases", async () => {
    const one = await openCase(openingCase("no base", 1, 1));
    for (const base of [
      { x: 1n, y: 1n },
      { x: 0n, y: 0n },
    ]) {
      const d = await sealDeployed();
      const basesRoot = merkleRoot(merkleVector([BigInt(keccak256(packWords([base.x, base.y])))]));
      const task = await postSealed(d, one, { basesRoot });
      // As if any multiple of such a base were infinity.
      const opening = changedOpening(one.opening, ({ word }) => ({ word, partialSum: { x: 0n, y: 0n } }));
      await task.commitAndReveal([d.alice], openingRoot(opening));
      const claim = await claimAt(one, opening, 0);
      await expect(task.disputeStep({ ...claim, base }))
        .to.emit(d.seal, "BondForfeited")
        .withArgs(task.taskId, FORFEIT.wrongStep);
    }
  });

  it("holds for every place of right openings, sums at infinity included", async () => {
    for (const each of [words, await openCase(edgeCase()), await openCase(openingCase("one", 1, 1))]) {
      const { d, task } = await committed(each);
      await task.reveal();
      const { shardCount, wordsPerShard } = each.opening;
      for (let index = 0; index < shardCount * wordsPerShard; index++) {
        await expect(task.disputeStep(await claimAt(each, each.opening, index)))
          .to.be.revertedWithCustomError(d.seal, "TestSetSealStepHolds")
          .withArgs(task.taskId, BigInt(index));
      }
    }
  });

  it("takes values of the opening, in their place, with their base", async () => {
    const { d, task } = await committed();
    await task.reveal();
    const [claim, other] = [await claimAt(words, words.opening, 20), await claimAt(words, words.opening, 21)];
    const wrongValue = { ...claim.current, word: toField(claim.current.word + 1n) };
    for (const [changes, error] of [
      [{ current: wrongValue }, "TestSetSealNotInOpening"],
      [{ previous: wrongValue }, "TestSetSealNotInOpening"],
      [{ previous: claim.current, current: claim.previous }, "TestSetSealNotInOpening"],
      [{ index: 28 }, "TestSetSealNotInOpening"],
      [{ openingPath: claim.openingPath.with(0, claim.basePath[0]!) }, "TestSetSealNotInOpening"],
      [{ base: other.base }, "TestSetSealNotTheBase"],
      [{ base: other.base, basePath: other.basePath }, "TestSetSealNotTheBase"],
      [{ base: { x: 1n, y: 1n } }, "TestSetSealNotTheBase"],
    ] as const) {
      const index = "index" in changes ? changes.index : 20;
      await expect(task.disputeStep({ ...claim, ...changes }))
        .to.be.revertedWithCustomError(d.seal, error)
        .withArgs(task.taskId, BigInt(index));
    }
  });

  it("takes paths of the shape of the trees, and places of the opening", async () => {
    const { d, task } = await committed();
    await task.reveal();
    const claim = await claimAt(words, words.opening, 20);
    const { openingPath, basePath } = claim;
    // Place 19 ends in two one bits: two siblings more than the five above the pair.
    for (const [changes, length, required] of [
      [{ openingPath: openingPath.slice(1) }, 6n, 7n],
      [{ openingPath: [...openingPath, openingPath[0]!] }, 8n, 7n],
      [{ openingPath: [] }, 0n, 7n],
      [{ basePath: basePath.slice(1) }, 3n, 4n],
      [{ basePath: [...basePath, basePath[0]!] }, 5n, 4n],
    ] as const) {
      await expect(task.disputeStep({ ...claim, ...changes }))
        .to.be.revertedWithCustomError(d.seal, "MerkleVectorPathLength")
        .withArgs(length, required);
    }
    for (const index of [COUNT, 2 ** 40]) {
      await expect(task.disputeStep({ ...claim, index }))
        .to.be.revertedWithCustomError(d.seal, "TestSetSealUnknownWord")
        .withArgs(task.taskId, BigInt(index), BigInt(COUNT));
    }
  });

  it("begins each shard at infinity: what stands before does not count", async () => {
    const { d, task } = await committed();
    const carriedOn = await openShards(Buffer.concat([words.bases, words.bases, words.bases]), [
      words.shards.flat(),
    ]);
    const wrong = publishedOpening(words.opening, valuesOf(carriedOn));
    const sealed = await networkHelpers.takeSnapshot();
    for (const index of [13, 26]) {
      await task.reveal(openingRoot(wrong));
      await expect(task.disputeStep(await claimAt(words, wrong, index)))
        .to.emit(d.seal, "BondForfeited")
        .withArgs(task.taskId, FORFEIT.wrongStep);
      await sealed.restore();
    }
    await task.reveal();
    const claim = await claimAt(words, words.opening, 13);
    await expect(task.disputeStep({ ...claim, previous: words.opening.valueAt(12)! }))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealStepHolds")
      .withArgs(task.taskId, 13n);
  });
});

describe("TestSetSeal.disputeEnd", () => {
  it("takes the bond for words of another data point, in every shard", async () => {
    for (let shard = 0; shard < SHARDS; shard++) {
      const other = words.shards.with(shard, words.shards[shard]!.with(4, 99n));
      const wrong = await openShards(words.bases, other);
      const { d, task } = await committed();
      await task.reveal(openingRoot(wrong));
      await expect(task.disputeEnd(...endOf(wrong, shard)))
        .to.emit(d.seal, "BondForfeited")
        .withArgs(task.taskId, FORFEIT.wrongEnd);
    }
  });

  it("takes it for the opposite of the words: the opposite of the data point is another", async () => {
    const { d, task } = await committed();
    const opposite = words.shards.with(
      0,
      words.shards[0]!.map((word) => toField(-word)),
    );
    const wrong = await openShards(words.bases, opposite);
    expect(wrong.valueAt(WORDS - 1)!.partialSum.x).to.equal(words.dataPoints[0]!.x);
    await task.reveal(openingRoot(wrong));
    await expect(task.disputeEnd(...endOf(wrong, 0))).to.emit(d.seal, "BondForfeited");
  });

  it("takes it for shards in another order", async () => {
    const { d, task } = await committed();
    const wrong = await openShards(words.bases, words.shards.toReversed());
    await task.reveal(openingRoot(wrong));
    await expect(task.disputeEnd(...endOf(wrong, 1)))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealEndHolds")
      .withArgs(task.taskId, 1n);
    await expect(task.disputeEnd(...endOf(wrong, 2))).to.emit(d.seal, "BondForfeited");
  });

  it("holds for every shard of right openings, and of wrong ones that end right", async () => {
    for (const opening of [words.opening, wrongAt(words, 3)]) {
      const { d, task } = await committed();
      await task.reveal(openingRoot(opening));
      for (let shard = 0; shard < SHARDS; shard++) {
        await expect(task.disputeEnd(...endOf(opening, shard)))
          .to.be.revertedWithCustomError(d.seal, "TestSetSealEndHolds")
          .withArgs(task.taskId, BigInt(shard));
      }
    }
  });

  it("takes the last value of a shard, with its path", async () => {
    const { d, task } = await committed();
    await task.reveal();
    const [shard, last, path] = endOf(words.opening, 1);
    const earlier = words.opening.valueAt(24)!;
    for (const [value, siblings] of [
      [{ ...last, word: last.word + 1n }, path],
      [earlier, path],
      [earlier, merklePath(words.opening.tree, 24)],
      [last, endOf(words.opening, 0)[2]],
    ] as const) {
      await expect(task.disputeEnd(shard, value, siblings))
        .to.be.revertedWithCustomError(d.seal, "TestSetSealNotInOpening")
        .withArgs(task.taskId, 25n);
    }
    await expect(task.disputeEnd(shard, last, path.slice(1)))
      .to.be.revertedWithCustomError(d.seal, "MerkleVectorPathLength")
      .withArgs(5n, 6n);
    await expect(task.disputeEnd(SHARDS, last, path))
      .to.be.revertedWithCustomError(d.seal, "TestSetSealUnknownShard")
      .withArgs(task.taskId, 3n, 3n);
  });
});

describe("Disputes", () => {
  it("are about revealed sets whose bond is neither lost nor released", async () => {
    const { d, task } = await committed();
    const wrong = wrongAt(words, 20);
    const claim = await claimAt(words, wrong, 20);
    const end = endOf(wrong, 1);
    const refused = async (error: string, of = task): Promise<void> => {
      for (const dispute of [
        async () => await of.disputeStep(claim),
        async () => await of.disputeEnd(...end),
      ]) {
        await expect(dispute()).to.be.revertedWithCustomError(d.seal, error).withArgs(of.taskId);
      }
    };
    await refused("TestSetSealUnknownTask", new SealedTask(d, words, 99n, task.spec, task.terms));
    await refused("TestSetSealNotRevealed");
    await task.reveal(openingRoot(wrong));
    const revealed = await networkHelpers.takeSnapshot();
    await task.disputeStep(claim);
    await refused("TestSetSealForfeited");
    await task.claimBond(d.alice);
    await refused("TestSetSealNoBond");
    await revealed.restore();
    await nextBlockAt(task.spec.proveDeadline + 1n);
    await task.releaseBond();
    await refused("TestSetSealNoBond");
  });

  it("are possible until the bond is released, after the prove deadline, too", async () => {
    const { d, task } = await committed();
    const wrong = wrongAt(words, 20);
    await task.reveal(openingRoot(wrong));
    await nextBlockAt(task.spec.proveDeadline + 1_000_000n);
    await expect(task.disputeStep(await claimAt(words, wrong, 20))).to.emit(d.seal, "BondForfeited");
  });

  it("take the bond of any wrong opening by one call of bounded gas", async function () {
    this.timeout(120_000);
    const { d, task } = await committed();
    const sealed = await networkHelpers.takeSnapshot();
    await fc.assert(
      fc.asyncProperty(wrongOpenings, async (make) => {
        const wrong = await make();
        await task.reveal(openingRoot(wrong));
        const transaction = await task.dispute(await faultOf(words, wrong));
        expect((await transaction.wait())!.gasUsed <= DISPUTE_GAS, "gas").to.equal(true);
        expect(await d.seal.hasForfeited(task.taskId)).to.equal(true);
        await sealed.restore();
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it("never take it of a right opening, whatever is claimed", async function () {
    this.timeout(120_000);
    const { d, task } = await committed();
    await task.reveal();
    const errors = [
      "TestSetSealNotInOpening",
      "TestSetSealNotTheBase",
      "TestSetSealStepHolds",
      "TestSetSealEndHolds",
      "TestSetSealUnknownWord",
      "TestSetSealUnknownShard",
      "MerkleVectorPathLength",
    ];
    const claims = await Promise.all(
      Array.from({ length: COUNT }, (_, index) => claimAt(words, words.opening, index)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          index: place,
          previous: place,
          current: place,
          path: place,
          base: place,
          basePath: place,
        }),
        fc.nat({ max: 63 }),
        async (from, keep) => {
          // Parts of right claims, from the same place or from others.
          const at = (part: keyof typeof from, bit: number) =>
            claims[(keep >> bit) & 1 ? from.index : from[part]]!;
          const { index } = claims[from.index]!;
          const current = at("current", 1).current;
          const openingPath = at("path", 2).openingPath;
          const claim = {
            index,
            previous: at("previous", 0).previous,
            current,
            openingPath,
            base: at("base", 3).base,
            basePath: at("basePath", 4).basePath,
          };
          const shard = Math.floor(index / WORDS);
          for (const dispute of [
            async () => await task.disputeStep(claim),
            async () => await task.disputeEnd(shard, current, openingPath),
          ]) {
            const error: unknown = await dispute().then(
              () => "none",
              (reason: unknown) => String(reason),
            );
            expect(
              errors.some((name) => String(error).includes(name)),
              String(error),
            ).to.equal(true);
          }
        },
      ),
      { numRuns: 150, seed: 1 },
    );
    expect(await d.seal.hasForfeited(task.taskId)).to.equal(false);
  });
});

const place = fc.nat({ max: COUNT - 1 });

/** Makers of openings that are wrong in some way, each in its own. */
const wrongOpenings: fc.Arbitrary<() => Promise<Opening>> = fc.oneof(
  // Words and sums changed at some places, as if nothing followed from them.
  fc
    .tuple(
      fc.uniqueArray(place, { minLength: 1, maxLength: 4 }),
      fc.constantFrom("word", "partialSum", "both"),
    )
    .map(([places, kind]) => () => {
      const change = () => ({
        ...(kind === "partialSum" ? {} : { word: randomScalar() }),
        ...(kind === "word" ? {} : { partialSum: g1(randomScalar()) }),
      });
      const wrong = changedOpening(words.opening, (value, index) =>
        places.includes(index) ? { ...value, ...change() } : value,
      );
      return Promise.resolve(wrong);
    }),
  // Other words, opened well.
  place.map((index) => async () => {
    const other = words.shards.flat().with(index, randomScalar());
    const shards = words.shards.map((_, shard) => other.slice(shard * WORDS, (shard + 1) * WORDS));
    return await openShards(words.bases, shards);
  }),
  // Other words whose last sum is set to the data point.
  fc.nat({ max: SHARDS - 1 }).map((shard) => async () => {
    const other = words.shards.with(shard, words.shards[shard]!.with(0, randomScalar()));
    const last = (shard + 1) * WORDS - 1;
    return changedOpening(await openShards(words.bases, other), (value, index) =>
      index === last ? { ...value, partialSum: words.dataPoints[shard]! } : value,
    );
  }),
  // Words opened under other bases.
  fc.nat({ max: WORDS - 1 }).map((position) => async () => {
    return await openShards(basesOf(words.scalars.with(position, randomScalar())), words.shards);
  }),
  // Sums moved by a constant, so that a shard begins elsewhere.
  fc.constant(() => {
    const offset = randomScalar();
    const sums = words.shards.flatMap((shard) => {
      let sum = offset;
      return shard.map((word, index) => g1((sum = toField(sum + word * words.scalars[index]!))));
    });
    const wrong = changedOpening(words.opening, ({ word }, index) => ({ word, partialSum: sums[index]! }));
    return Promise.resolve(wrong);
  }),
  // Two places exchanged.
  fc.uniqueArray(place, { minLength: 2, maxLength: 2 }).map(([one, other]) => () => {
    const values = valuesOf(words.opening);
    return Promise.resolve(
      changedOpening(words.opening, (value, index) =>
        index === one ? values[other!]! : index === other ? values[one!]! : value,
      ),
    );
  }),
  // Numbers that stand for the same word or point, and others that stand for none.
  fc
    .tuple(place, fc.constantFrom(FIELD_ORDER, 0n), fc.constantFrom(BASE_FIELD_ORDER, 1n))
    .map(([at, onWord, onY]) => () => {
      const wrong = changedOpening(words.opening, ({ word, partialSum: { x, y } }, index) =>
        index === at
          ? { word: word + onWord, partialSum: { x, y: y + onY } }
          : { word, partialSum: { x, y } },
      );
      return Promise.resolve(wrong);
    }),
  // All words zero, all sums at infinity.
  fc.constant(() =>
    Promise.resolve(changedOpening(words.opening, () => ({ word: 0n, partialSum: { x: 0n, y: 0n } }))),
  ),
);
