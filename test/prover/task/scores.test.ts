import { expect } from "chai";
import fc from "fast-check";

import { runReference } from "../../../prover/src/model/reference.ts";
import { allocateClaim, scoreOnTask, shardScores } from "../../../prover/src/task/scores.ts";
import { readTaskFiles } from "../../../prover/src/task/task-files.ts";
import { expectError } from "../support/expect-error.ts";
import { ScratchArtifacts, shardedTask } from "./support/sharded-task.ts";

describe("scores of a model on shards", () => {
  let artifacts: ScratchArtifacts;

  before(() => {
    artifacts = new ScratchArtifacts();
  });

  after(() => {
    artifacts.remove();
  });

  it("add up to the score on the whole test set", async () => {
    const { files, shards, model } = await shardedTask(artifacts);
    const scores = shardScores(model, shards);
    const { correct, publicSampleCorrect } = scoreOnTask(
      files,
      (samples) => runReference(model, samples).correctCount,
    );
    expect(scores).to.have.length(2);
    expect(correct).to.equal(scores[0]! + scores[1]!);
    expect(publicSampleCorrect).to.equal(null);
  });

  it("are unknown for a sealed test set, but for its public sample", async () => {
    const { files, documentCid, revealCid } = await shardedTask(artifacts, { isSealed: true });
    const countAll = ({ sampleCount }: { readonly sampleCount: number }): number => sampleCount;
    expect(scoreOnTask(files, countAll)).to.deep.equal({ correct: null, publicSampleCorrect: 6 });
    const revealed = await readTaskFiles(artifacts.read, { document: documentCid, reveal: revealCid });
    expect(scoreOnTask(revealed, countAll)).to.deep.equal({ correct: 16, publicSampleCorrect: 6 });
  });
});

describe("allocateClaim", () => {
  it("shares a claim out in proportion to the sizes where the model allows it", () => {
    expect(allocateClaim(50, [20, 20, 40], [25, 25, 50])).to.deep.equal([13, 12, 25]);
    expect(allocateClaim(0, [5, 5], [10, 10])).to.deep.equal([0, 0]);
    expect(allocateClaim(10, [1, 9], [10, 10])).to.deep.equal([1, 9]);
    expect(allocateClaim(0, [], [])).to.deep.equal([]);
  });

  it("claims exactly what is asked for, and in no shard more than the model has", () => {
    const shard = fc
      .tuple(fc.integer({ min: 1, max: 400 }), fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([size, share]) => ({ size, score: Math.floor(size * share) }));
    fc.assert(
      fc.property(
        fc.array(shard, { minLength: 1, maxLength: 64 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (shards, share) => {
          const scores = shards.map(({ score }) => score);
          const achieved = scores.reduce((sum, score) => sum + score, 0);
          const correct = Math.floor(share * achieved);
          const claims = allocateClaim(
            correct,
            scores,
            shards.map(({ size }) => size),
          );
          expect(claims.reduce((sum, claim) => sum + claim, 0)).to.equal(correct);
          claims.forEach((claim, index) => {
            expect(claim).to.be.within(0, scores[index]!);
          });
        },
      ),
    );
  });

  it("refuses one more than the model achieves", async () => {
    expect(allocateClaim(7, [3, 4], [10, 10])).to.deep.equal([3, 4]);
    const error = await expectError(() => allocateClaim(8, [3, 4], [10, 10]), "task.claim", /8 .* 7/);
    expect(error.details).to.deep.equal({ claimed: 8, achieved: 7 });
  });
});
