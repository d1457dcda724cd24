import { expect } from "chai";
import fc from "fast-check";

import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { merklePairPath, merklePath } from "../../../prover/src/merkle-vector.ts";
import { releaseCurve } from "../../../prover/src/proof/multi-exponentiation.ts";
import { BASE_FIELD_ORDER } from "../../../prover/src/proof/points.ts";
import { findFault, findWrongEnd } from "../../../prover/src/seal/find-fault.ts";
import {
  basesVector,
  chunkAnswer,
  type OpenedWord,
  type Opening,
  openingFromAnswers,
  openShards,
  publishedOpening,
} from "../../../prover/src/seal/opening.ts";
import { g1, randomScalar } from "../../contracts/support/trapdoor-key.ts";
import { dataPointsOf, edgeCase, openingCase } from "../../support/opening-cases.ts";

const SHARDS = 3;
const WORDS = 15;
const COUNT = SHARDS * WORDS;

/** The opening with some values changed, as its poster would publish it. */
function changed(opening: Opening, changes: Record<number, Partial<OpenedWord>>): Opening {
  const count = opening.shardCount * opening.wordsPerShard;
  const values = Array.from({ length: count }, (_, index) => ({
    ...opening.valueAt(index)!,
    ...changes[index],
  }));
  return publishedOpening(opening, values);
}

describe("findFault", () => {
  const { scalars, bases, shards } = openingCase("faults", SHARDS, WORDS);
  const dataPoints = dataPointsOf({ scalars, bases, shards });
  let opening: Opening;
  before(async () => (opening = await openShards(bases, shards)));
  after(releaseCurve);

  it("finds none in right openings, sums at infinity included", async () => {
    expect(await findFault(opening, bases, dataPoints)).to.equal(undefined);
    const edges = edgeCase();
    const right = await openShards(edges.bases, edges.shards);
    expect(await findFault(right, edges.bases, dataPointsOf(edges))).to.equal(undefined);
  });

  it("finds the first place of any that were changed, with what the contract takes", async () => {
    const place = fc.nat({ max: COUNT - 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(place, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (places, words) => {
          const change = () => (words ? { word: randomScalar() } : { partialSum: g1(randomScalar()) });
          const wrong = changed(opening, Object.fromEntries(places.map((index) => [index, change()])));
          const first = Math.min(...places);
          const position = first % WORDS;
          expect(await findFault(wrong, bases, dataPoints)).to.deep.equal({
            kind: "step",
            claim: {
              index: first,
              previous:
                position === 0 ? { word: 0n, partialSum: { x: 0n, y: 0n } } : wrong.valueAt(first - 1),
              current: wrong.valueAt(first),
              openingPath:
                position === 0 ? merklePath(wrong.tree, first) : merklePairPath(wrong.tree, first - 1),
              base: g1(scalars[position]!),
              basePath: merklePath(await basesVector(bases), position),
            },
          });
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it("finds words outside the field and points that are none", async () => {
    const { word, partialSum } = opening.valueAt(20)!;
    for (const change of [
      { word: word + FIELD_ORDER },
      { word: 2n ** 256n - 1n },
      { partialSum: { x: partialSum.x, y: partialSum.y + 1n } },
      { partialSum: { x: partialSum.x + BASE_FIELD_ORDER, y: partialSum.y } },
      { partialSum: { x: partialSum.x, y: partialSum.y + BASE_FIELD_ORDER } },
      { partialSum: { x: 0n, y: 0n } },
      { partialSum: { x: 0n, y: 1n } },
    ]) {
      const fault = await findFault(changed(opening, { 20: change }), bases, dataPoints);
      expect(fault).to.deep.include({ kind: "step" });
      expect((fault!.claim as { index: number }).index).to.equal(20);
    }
  });

  it("finds a shard that opens another point, and faults before it first", async () => {
    const points = dataPoints.with(1, g1(5n));
    const last = 2 * WORDS - 1;
    const end = { shard: 1, last: opening.valueAt(last), path: merklePath(opening.tree, last) };
    expect(await findFault(opening, bases, points)).to.deep.equal({ kind: "end", claim: end });
    expect(findWrongEnd(opening, points)).to.deep.equal(end);
    expect(findWrongEnd(opening, dataPoints)).to.equal(undefined);
    const wrong = changed(opening, { [last]: { word: 1n }, [last + 1]: { word: 1n } });
    expect(((await findFault(wrong, bases, points))!.claim as { index: number }).index).to.equal(last);
    const later = changed(opening, { [last + 1]: { word: 1n } });
    expect((await findFault(later, bases, points))!.kind).to.equal("end");
  });

  it("finds them in the answers to demands alone, across chunks and at the end", async () => {
    for (const [place, chunks] of [
      [31, [0]],
      [32, [0, 1]],
      [33, [1]],
      [40, [1]],
      [30, [0]],
      [0, [0]],
    ] as const) {
      const wrong = changed(opening, { [place]: { word: 1n } });
      const answers = chunks.map((chunk) => chunkAnswer(wrong, chunk));
      const shown = openingFromAnswers(wrong, answers);
      expect(await findFault(shown, bases, dataPoints), `place ${place}`).to.deep.equal(
        await findFault(wrong, bases, dataPoints),
      );
    }
    const onlySecond = openingFromAnswers(opening, [chunkAnswer(changed(opening, { 32: { word: 1n } }), 1)]);
    expect(await findFault(onlySecond, bases, dataPoints), "its step begins in the other chunk").to.equal(
      undefined,
    );
    const points = dataPoints.with(2, g1(5n));
    const ended = openingFromAnswers(opening, [chunkAnswer(opening, 1)]);
    expect(await findFault(ended, bases, points)).to.deep.equal(await findFault(opening, bases, points));
  });
});
