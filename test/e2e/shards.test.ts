import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

import { saveDocument } from "../../prover/src/data/document.ts";
import { fitInputQuantization } from "../../prover/src/data/input-quantization.ts";
import { loadPackagedDataset } from "../../prover/src/data/packaged-datasets.ts";
import { createTestSet, TEST_SET } from "../../prover/src/data/test-set.ts";
import { BundleStore } from "../../prover/src/task/bundle-store.ts";
import { ANVIL_ADDRESSES, ANVIL_KEYS, type Anvil, startAnvil } from "../support/anvil.ts";
import { Workspace } from "../support/zkpot.ts";

const INSTANCE = "digits-64-16-10x360";
const SAMPLE_COUNT = 1_797;
const MIN_CORRECT = 1_700;
/** Room for two proofs in a call, and no more. */
const TIGHT_BLOCK_GAS = 700_000;
const USUAL_BLOCK_GAS = 30_000_000;

interface Posted {
  readonly taskId: string;
  readonly testSet: { readonly shards: readonly { readonly sampleCount: number }[] };
}

interface Proved {
  readonly correct: number;
  readonly shards: readonly { readonly shard: number; readonly correct: number; readonly wasKept: boolean }[];
  readonly acceptedShards: readonly number[];
  readonly jobs: number;
}

interface Submitted {
  readonly task: string;
  readonly submission: string;
  readonly correct: number;
  readonly provenShards: readonly number[];
  readonly transactions: readonly unknown[];
}

describe("all digits, in shards", function () {
  this.timeout(300_000);

  let anvil: Anvil;
  let poster: Workspace;
  let prover: Workspace;
  let posted: Posted;
  let store: BundleStore;
  let shardCount: number;

  const keptShards = (): number[] =>
    Array.from({ length: shardCount }, (_, shard) => shard).filter((shard) =>
      existsSync(store.fileOf(shard)),
    );

  const transactionCount = async (): Promise<number> =>
    Number(await anvil.request("eth_getTransactionCount", [ANVIL_ADDRESSES[1], "latest"]));

  const setBlockGas = async (limit: number): Promise<void> => {
    await anvil.request("evm_setBlockGasLimit", [`0x${limit.toString(16)}`]);
    await anvil.request("evm_mine");
  };

  before(async () => {
    anvil = await startAnvil();
    poster = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
    poster.configure(anvil.rpcUrl);
    await poster.json("keys", "dev", INSTANCE);
    const { addresses } = await poster.json<{ addresses: { taskMarket: string } }>(
      ...["deploy", "--register", INSTANCE],
    );
    const digits = await loadPackagedDataset("digits");
    const { testSet } = createTestSet("all digits", digits, fitInputQuantization(digits, 4));
    await saveDocument(poster.file("test-set.json"), TEST_SET, testSet);
    posted = await poster.json<Posted>(
      ...["task", "post", "--test-set", "test-set.json", "--instance", INSTANCE, "--licence", "CC-BY-4.0"],
      ...["--min-correct", String(MIN_CORRECT), "--reward", "1ether", "--stake", "0.1ether"],
    );
    shardCount = posted.testSet.shards.length;
    prover = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[1] });
    prover.configure(anvil.rpcUrl, { addresses });
    prover.fetchArtifacts(poster);
    await prover.json("stake", "deposit", "1ether");
    await prover.json("data", "split", "digits", "--input-bits", "4");
    await prover.json("train", "--split", "split.json", "--task", posted.taskId, "--epochs", "40");
    await prover.json("quantize", "--model", "float-model.json", "--task", posted.taskId);
    await prover.json("commit", posted.taskId, "--model", "model.json");
    store = BundleStore.of(prover.folder, {
      chainId: 31337n,
      market: addresses.taskMarket,
      taskId: BigInt(posted.taskId),
      prover: ANVIL_ADDRESSES[1],
    });
  });

  after(async () => {
    await anvil.stop();
    for (const workspace of [poster, prover]) workspace.remove();
  });

  it("cuts the test set into shards that hold all of it", () => {
    expect(shardCount).to.equal(5);
    const sizes = posted.testSet.shards.map(({ sampleCount }) => sampleCount);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.equal(SAMPLE_COUNT);
    expect(Math.max(...sizes) - Math.min(...sizes)).to.be.at.most(1);
  });

  let firstKept: number[];
  let firstProof: string;

  it("keeps finished proofs when it is killed", async () => {
    const { child, finished } = prover.start("prove", posted.taskId, "--model", "model.json", "--jobs", "2");
    while (keptShards().length < 2) {
      expect(child.exitCode).to.equal(null);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill("SIGKILL");
    // The processes that prove end with it: standard error is theirs, too.
    await finished;
    firstKept = keptShards();
    expect(firstKept.length).to.be.within(2, shardCount - 1);
    firstProof = readFileSync(store.fileOf(firstKept[1]!), "utf8");
  });

  it("hands in what there is, and says what is missing", async () => {
    const [first] = firstKept;
    mkdirSync(prover.file("some"));
    cpSync(store.fileOf(first!), prover.file(path.join("some", `shard-${first}.json`)));
    const submitted = await prover.json<Submitted>("submit", posted.taskId, "--proofs", "some");
    expect(submitted).to.deep.include({ submission: "committed", provenShards: [first] });
    expect(submitted.transactions).to.have.length(1);
    const again = await prover.failure("submit", posted.taskId, "--proofs", "some");
    expect(again.code).to.equal("task.no-proofs");
  });

  it("proves what is left, and no shard twice", async () => {
    const proved = await prover.json<Proved>("prove", posted.taskId, "--model", "model.json");
    expect(proved.acceptedShards).to.deep.equal(firstKept.slice(0, 1));
    expect(proved.correct).to.equal(MIN_CORRECT);
    expect(proved.jobs).to.be.at.least(1);
    const kept = proved.shards.filter(({ wasKept }) => wasKept).map(({ shard }) => shard);
    expect(kept).to.deep.equal(firstKept.slice(1));
    expect(readFileSync(store.fileOf(firstKept[1]!), "utf8")).to.equal(firstProof);
    expect(keptShards()).to.have.length(shardCount);
    const again = await prover.json<Proved>("prove", posted.taskId, "--model", "model.json");
    expect(again.shards.every(({ wasKept }) => wasKept)).to.equal(true);
  });

  it("hands in as many proofs at a time as fit a block, none twice when it is killed", async () => {
    const sentBefore = await transactionCount();
    await setBlockGas(TIGHT_BLOCK_GAS);
    await anvil.request("evm_setAutomine", [false]);
    const { child, finished } = prover.start("submit", posted.taskId);
    const isPending = async (): Promise<boolean> => {
      const pool = (await anvil.request("txpool_status")) as { pending: string };
      return BigInt(pool.pending) > 0n;
    };
    while (!(await isPending())) {
      expect(child.exitCode).to.equal(null);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill("SIGKILL");
    await finished;
    await anvil.request("evm_setAutomine", [true]);
    await anvil.request("evm_mine");

    const submitted = await prover.json<Submitted>("submit", posted.taskId);
    await setBlockGas(USUAL_BLOCK_GAS);
    expect(submitted).to.deep.include({ task: "settled", submission: "proven", correct: MIN_CORRECT });
    expect(submitted.provenShards).to.have.length(shardCount);
    // Four proofs were left: two in the call that was under way, two in another.
    expect(submitted.transactions).to.have.length(1);
    expect(await transactionCount()).to.equal(sentBefore + 2);
    const again = await prover.json<Submitted>("submit", posted.taskId);
    expect(again.transactions).to.deep.equal([]);
  });

  it("is paid", async () => {
    const { rewardWei } = await prover.json<{ rewardWei: string }>("claim", posted.taskId);
    expect(rewardWei).to.equal(String(10n ** 18n));
    const done = await prover.json<Proved>("prove", posted.taskId, "--model", "model.json");
    expect(done).to.deep.include({ shards: [], acceptedShards: [0, 1, 2, 3, 4] });
  });
});
