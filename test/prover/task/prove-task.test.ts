import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import { type ProofBundle, verifyBundle } from "../../../prover/src/proof/bundle.ts";
import { BundleStore } from "../../../prover/src/task/bundle-store.ts";
import { type BundleDestination, checkBundle, checkBundles } from "../../../prover/src/task/check-bundle.ts";
import {
  planProofs,
  type PlanResult,
  provePlan,
  type ProvingPlan,
  type TaskClaim,
} from "../../../prover/src/task/prove-task.ts";
import { proveShard } from "../../../prover/src/task/prove-shard.ts";
import { shardScores } from "../../../prover/src/task/scores.ts";
import { expectError } from "../support/expect-error.ts";
import { PROVER, ScratchArtifacts, type ShardedTask, shardedTask } from "./support/sharded-task.ts";

describe("proving a task in shards", () => {
  let artifacts: ScratchArtifacts;
  let task: ShardedTask;
  let folder: string;
  let store: BundleStore;
  /** What the model achieves in each shard. */
  let scores: number[];
  let claim: TaskClaim;

  before(async () => {
    artifacts = new ScratchArtifacts();
    task = await shardedTask(artifacts, { minCorrect: 2 });
    scores = shardScores(task.model, task.shards);
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-prove-task-"));
    store = new BundleStore(folder);
    claim = claimOf(scores[0]! + scores[1]!);
  });

  after(() => {
    artifacts.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  function claimOf(correct: number, changes: Partial<BundleDestination["submission"]> = {}): TaskClaim {
    const { opening, shards, model, submission } = task;
    return {
      destination: {
        chainId: opening.chainId,
        market: opening.market,
        task: task.task,
        submission: { ...submission, ...changes },
      },
      ...{ shards, model, correct },
    };
  }

  /** Plans, and returns what was said, too. */
  async function plan(of: TaskClaim): Promise<ProvingPlan & { readonly said: readonly string[] }> {
    const said: string[] = [];
    return { ...(await planProofs(of, store, (message) => said.push(message))), said };
  }

  async function prove(of: TaskClaim, which: ProvingPlan, jobs: number): Promise<PlanResult> {
    const { circuit, keys, opening } = task;
    return await provePlan({ claim: of, plan: which, circuit, keys, opening, store, jobs });
  }

  it("plans all shards at first, each with a claim that its samples allow", async () => {
    expect(scores[0]!).to.be.above(0);
    expect(scores[1]!).to.be.above(0);
    const { stored, work, said } = await plan(claim);
    expect(stored).to.deep.equal([]);
    expect(work).to.deep.equal([
      { shard: 0, correct: scores[0] },
      { shard: 1, correct: scores[1] },
    ]);
    expect(said).to.deep.equal([]);
  });

  it("refuses to plan more than the model achieves, also when some of it is on the chain", async () => {
    await expectError(() => plan(claimOf(claim.correct + 1)), "task.claim", /the model classifies/);
    const accepted = { provenShards: [0], correct: scores[0]! - 1 };
    await expectError(() => plan(claimOf(claim.correct, accepted)), "task.claim", /the model classifies/);
  });

  it("proves in processes of their own and keeps every proof at once", async () => {
    const { bundles, peakMemoryBytes } = await prove(claim, await plan(claim), 2);
    expect(bundles.map(({ shard, correct }) => [shard, correct])).to.deep.equal([
      [0, scores[0]],
      [1, scores[1]],
    ]);
    expect(peakMemoryBytes).to.be.above(50e6);
    for (const bundle of bundles) {
      expect(verifyBundle(bundle)).to.equal(true);
      expect(await store.load(bundle.shard)).to.deep.equal(bundle);
    }
    checkBundles(bundles, claim.destination);
  });

  it("finds nothing to do when all proofs are kept, or on the chain", async () => {
    const kept = await plan(claim);
    expect(kept.stored.map(({ shard }) => shard)).to.deep.equal([0, 1]);
    expect(kept.work).to.deep.equal([]);
    expect(await prove(claim, kept, 1)).to.deep.equal({ bundles: [], peakMemoryBytes: 0 });
    const done = await plan(claimOf(claim.correct, { provenShards: [0, 1], correct: 3 }));
    expect(done).to.deep.equal({ stored: [], work: [], said: [] });
  });

  it("proves again what is damaged, about another shard or of another claim, and says so", async () => {
    const files = [0, 1].map((shard) => readFileSync(store.fileOf(shard), "utf8"));
    try {
      writeFileSync(store.fileOf(1), files[1]!.replace('"correct":', '"correct":1'));
      const damaged = await plan(claim);
      expect(damaged.work).to.deep.equal([{ shard: 1, correct: scores[1] }]);
      expect(damaged.said).to.have.length(1);
      expect(damaged.said[0]).to.match(/damaged.*; proving shard 1 again/);

      writeFileSync(store.fileOf(1), files[0]!);
      const other = await plan(claim);
      expect(other.work.map(({ shard }) => shard)).to.deep.equal([1]);
      expect(other.said[0]).to.match(/about shard 0; proving shard 1 again/);
    } finally {
      files.forEach((text, shard) => {
        writeFileSync(store.fileOf(shard), text);
      });
    }
    const lower = await plan(claimOf(1));
    expect(lower.stored).to.deep.equal([]);
    expect(lower.work.map(({ correct }) => correct).reduce((a, b) => a + b)).to.equal(1);
    expect(lower.said[0]).to.match(/another claim/);
  });

  it("leaves accepted shards out of the plan and claims the rest of the others", async () => {
    const { work, stored } = await plan(claimOf(claim.correct, { provenShards: [0], correct: scores[0]! }));
    expect(work).to.deep.equal([]);
    expect(stored.map(({ shard }) => shard)).to.deep.equal([1]);
  });

  it("fails by name in the process as it would here", async () => {
    const tooMuch: ProvingPlan = { stored: [], work: [{ shard: 0, correct: scores[0]! + 1 }] };
    await expectError(() => prove(claim, tooMuch, 1), "witness.claim", /claim/);
    const { circuit, keys, opening, shards, model } = task;
    const here = { shard: 0, data: shards[0]!, dataPoint: task.task.dataPoints[0]!, circuit, keys };
    await expectError(
      () => proveShard({ ...here, opening, model, correct: scores[0]! + 1 }),
      "witness.claim",
      /claim/,
    );
  });

  it("says which shard was lost when a process dies, and leaves none behind", async () => {
    const alone = new BundleStore(path.join(folder, "alone"));
    const { circuit, keys, opening } = task;
    const provers = (): number[] =>
      execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" })
        .split("\n")
        .map((line) =>
          line
            .trim()
            .split(/\s+/, 2)
            .map(Number)
            .concat(line.includes("shard-process") ? 1 : 0),
        )
        .filter(([, parent, isProver]) => parent === process.pid && isProver === 1)
        .map(([pid]) => pid!);
    const work = [{ shard: 1, correct: scores[1]! }];
    const error = await expectError(
      () =>
        provePlan({
          ...{ claim, plan: { stored: [], work }, circuit, keys, opening, store: alone, jobs: 1 },
          onStep: () => {
            for (const pid of provers()) process.kill(pid, "SIGKILL");
          },
        }),
      "proof.process",
      /shard 1 ended with SIGKILL/,
    );
    expect(error.nextStep).to.match(/--jobs 1/);
    expect(existsSync(alone.fileOf(1))).to.equal(false);
    expect(provers()).to.deep.equal([]);
  });

  describe("checkBundles", () => {
    let bundles: ProofBundle[];

    before(async () => {
      bundles = [(await store.load(0))!, (await store.load(1))!];
    });

    const refusal = async (
      changed: readonly ProofBundle[],
      code: string,
      message: RegExp,
      destination = claim.destination,
    ): Promise<void> => {
      await expectError(
        () => {
          checkBundles(changed, destination);
        },
        code,
        message,
      );
    };

    it("takes a part of the shards, whatever its count", () => {
      checkBundles(bundles.slice(1), claim.destination);
      checkBundles([], claim.destination);
    });

    it("refuses a proof under another shard's number, and of a shard there is none of", async () => {
      const [first] = bundles;
      await refusal([{ ...first!, shard: 1 }], "task.bundle-mismatch", /another data point/);
      await refusal(
        [{ ...first!, shard: 2 }],
        "task.bundle-mismatch",
        /another shard: 2 instead of one of 0 to 1/,
      );
      const { dataPoint } = bundles[1]!;
      await refusal([{ ...first!, shard: 1, dataPoint }], "task.invalid-proof", /shard 1/);
    });

    it("refuses two proofs of a shard, and one that the chain has", async () => {
      const [first] = bundles;
      await refusal([first!, first!], "task.repeated-shard", /two proofs for shard 0/);
      const { destination } = claimOf(0, { provenShards: [0], correct: 1 });
      await refusal([first!], "task.repeated-shard", /shard 0/, destination);
    });

    it("refuses the last shards when all counts together miss the threshold", async () => {
      const { destination } = claimOf(0);
      const high = { ...destination, task: { ...destination.task, minCorrect: claim.correct + 1 } };
      await refusal(
        bundles,
        "task.below-threshold",
        new RegExp(`show ${claim.correct} .* ${claim.correct + 1}`),
        high,
      );
      checkBundles(bundles.slice(1), high);
      const accepted = { ...high.submission, provenShards: [0], correct: scores[0]! + 1 };
      checkBundles(bundles.slice(1), { ...high, submission: accepted });
    });

    it("refuses what was made for another place or person", async () => {
      const [first] = bundles;
      for (const [changes, what] of [
        [{ chainId: 1n }, "chain"],
        [{ market: `0x${"1".repeat(40)}` }, "market"],
        [{ taskId: 4n }, "task"],
        [{ prover: `0x${"2".repeat(40)}` }, "prover"],
      ] as const) {
        const bundle = { ...first!, place: { ...first!.place, ...changes } };
        const error = await expectError(
          () => {
            checkBundle(bundle, claim.destination);
          },
          "task.bundle-mismatch",
          new RegExp(what),
        );
        expect(error.details.what).to.equal(what);
      }
      const stranger = claimOf(0, { state: "none" }).destination;
      await refusal([first!], "task.not-committed", new RegExp(PROVER), stranger);
      const other = claimOf(0, { modelCommitment: 5n }).destination;
      await refusal([first!], "task.bundle-mismatch", /model commitment/, other);
    });

    it("refuses a raised count", async () => {
      const [first] = bundles;
      await refusal([{ ...first!, correct: first!.correct + 1 }], "task.invalid-proof", /shard 0/);
    });
  });

  it("keeps the proofs of each task and prover apart", () => {
    const place = { chainId: 31337n, market: "0xAb", taskId: 1n, prover: "0xCd" };
    const { folder: one } = BundleStore.of("/work", place);
    expect(one).to.equal(path.join("/work", ".zkpot", "proofs", "31337-0xab-1", "0xcd"));
    expect(BundleStore.of("/work", { ...place, taskId: 2n }).folder).not.to.equal(one);
    expect(BundleStore.of("/work", { ...place, prover: "0xce" }).folder).not.to.equal(one);
  });
});
