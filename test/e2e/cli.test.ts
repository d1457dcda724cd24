import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { CID } from "multiformats/cid";

import { getDocument } from "../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../prover/src/artifacts/store.ts";
import { parseArtifactUri, parseCid } from "../../prover/src/artifacts/artifact-uri.ts";
import { toChainProof } from "../../prover/src/chain/chain-proof.ts";
import { ChainError } from "../../prover/src/chain/chain-error.ts";
import { connect } from "../../prover/src/chain/connect.ts";
import { type Contracts, openContracts } from "../../prover/src/chain/contracts.ts";
import { simulateProofs } from "../../prover/src/chain/tasks.ts";
import { parseConfig, networkProfile } from "../../prover/src/config.ts";
import { decodeDocument, encodeDocument } from "../../prover/src/data/document.ts";
import { PROOF_BUNDLE, type ProofBundle } from "../../prover/src/proof/bundle.ts";
import { INTEGER_MODEL } from "../../prover/src/quantization/integer-model-document.ts";
import { BundleStore } from "../../prover/src/task/bundle-store.ts";
import { COMMITMENT_OPENING } from "../../prover/src/task/commitment-opening.ts";
import { TASK_DOCUMENT } from "../../prover/src/task/task-document.ts";
import { referenceCid } from "../prover/artifacts/support/reference-cid.ts";
import { ANVIL_ADDRESSES, ANVIL_KEYS, type Anvil, startAnvil } from "../support/anvil.ts";
import {
  TINY_CLUSTERS as CLUSTERS,
  TINY_INSTANCE as INSTANCE,
  TINY_MIN_CORRECT as MIN_CORRECT,
  TINY_SAMPLE_COUNT as SAMPLE_COUNT,
} from "../support/tiny-task.ts";
import { Workspace } from "../support/zkpot.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");
const REWARD_WEI = 10n ** 18n;

/** The code of the error that `work` ends with. */
async function refusalOf(work: Promise<void>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ChainError) return error.code;
    throw error;
  }
  return "none";
}

interface Posted {
  readonly taskId: string;
  /** CID. */
  readonly document: string;
  readonly testSet: { readonly shards: readonly { readonly cid: string }[] };
}

describe("a task from posting to payment, with the command line alone", () => {
  let anvil: Anvil;
  let poster: Workspace;
  let prover: Workspace;
  let rival: Workspace;
  let everything = "";
  let contracts: Contracts;
  let destroy: () => void;
  let taskId: string;
  let document: string;
  /** CIDs of the task's artifacts, which lie beside the poster's files. */
  let published: readonly string[];

  /** Runs the command, keeps all it prints for the search for secrets, and returns its data. */
  async function run<Result>(workspace: Workspace, ...parameters: string[]): Promise<Result> {
    const { code, stdout, stderr } = await workspace.run(...parameters, "--json");
    everything += stdout + stderr;
    expect(code, `zkpot ${parameters.join(" ")}\n${stdout}${stderr}`).to.equal(0);
    return JSON.parse(stdout) as Result;
  }

  async function newProver(index: number, epochs: string): Promise<Workspace> {
    const workspace = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[index]! });
    workspace.configure(anvil.rpcUrl, { addresses: contracts.addresses });
    for (const cid of published) {
      await run(workspace, "artifact", "import", poster.file(`${cid}.car`), "--cid", cid);
    }
    workspace.write("mine.csv", CLUSTERS);
    await run(workspace, "stake", "deposit", "1ether");
    await run(
      workspace,
      "train",
      "--data",
      "./mine.csv",
      "--task",
      taskId,
      "--epochs",
      epochs,
      "--backend",
      "wasm",
    );
    await run(workspace, "quantize", "--model", "float-model.json", "--task", taskId);
    return workspace;
  }

  /** Where prove keeps the prover's proof. */
  const proofFile = (): string => {
    const place = {
      chainId: 31337n,
      market: contracts.addresses.taskMarket,
      taskId: BigInt(taskId),
      prover: ANVIL_ADDRESSES[1],
    };
    return BundleStore.of(prover.folder, place).fileOf(0);
  };
  const loadBundle = (): ProofBundle => decodeDocument(PROOF_BUNDLE, readFileSync(proofFile(), "utf8"));
  /** Writes the proof that the workspace's next submit names. */
  const writeProof = (workspace: Workspace, folder: string, content: string): void => {
    mkdirSync(workspace.file(folder));
    workspace.write(path.join(folder, "shard-0.json"), content);
  };

  before(async () => {
    anvil = await startAnvil();
    poster = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
    await run(poster, "init");
    poster.configure(anvil.rpcUrl);
    await run(poster, "keys", "dev", INSTANCE);
    await run(poster, "deploy");
    await run(poster, "keys", "register", INSTANCE);
    poster.write("clusters.csv", CLUSTERS);
    await run(poster, "data", "split", "./clusters.csv", "--input-bits", "4");
    const posted = await run<Posted>(
      poster,
      ...["task", "post", "--test-set", "test-set.json", "--instance", INSTANCE, "--licence", "CC0-1.0"],
      ...["--min-correct", String(MIN_CORRECT), "--reward", "1ether", "--stake", "0.1ether"],
    );
    ({ taskId, document } = posted);
    published = [document, ...posted.testSet.shards.map(({ cid }) => cid)];
    for (const cid of published) await run(poster, "artifact", "export", cid);
    const config = readFileSync(poster.file("zkpot.config.json"), "utf8");
    const connection = await connect(networkProfile(parseConfig(config, poster.folder, "the configuration")));
    destroy = () => {
      connection.provider.destroy();
    };
    contracts = await openContracts(connection, poster.folder);
    prover = await newProver(1, "120");
    rival = await newProver(2, "1");
  });

  after(async () => {
    destroy();
    await anvil.stop();
    for (const workspace of [poster, prover, rival]) workspace.remove();
  });

  it("lets anybody check the task against its published files", async () => {
    const { check } = await run<{ check: { agreed: string[] } }>(
      rival,
      ...["task", "show", taskId, "--check"],
    );
    expect(check.agreed).to.deep.equal([
      "documentHash",
      "keyId",
      "architectureId",
      "sampleCount",
      "minCorrect",
      "kind of test set",
      "number of shards",
      "dataPoint of shard 0",
    ]);
  });

  it("refuses to commit to a task whose published test set is damaged or missing, before anything is staked", async () => {
    const store = new ArtifactStore(rival.folder);
    const { testSet } = await getDocument(store, document, TASK_DOCUMENT);
    if (testSet.kind !== "public") throw new Error("the test set is sealed");
    const block = store.blocks.fileOf(CID.parse(testSet.shards[0]!.cid));
    const published = readFileSync(block, "utf8");
    const commit = ["commit", taskId, "--model", "model.json"];
    writeFileSync(block, published.replace('"labels":[', '"labels":[0,'));
    expect((await rival.failure(...commit)).code).to.equal("artifact.block-damaged");
    rmSync(block);
    expect((await rival.failure(...commit)).code).to.equal("artifact.missing");
    writeFileSync(block, published);
    expect(await contracts.market.proverCount(taskId)).to.equal(0n);
  });

  it("refuses to commit to a model below the threshold unless told to", async () => {
    const error = await rival.failure("commit", taskId, "--model", "model.json");
    expect(error.code).to.equal("task.below-threshold");
    expect(Number(error.details.correct)).to.be.below(MIN_CORRECT);
  });

  it("refuses to commit to a model of another architecture", async () => {
    const files = ["--out", "wide.json"];
    await run(prover, "train", "--data", "./mine.csv", "--hidden", "5", "--epochs", "1", ...files);
    await run(prover, "quantize", "--model", "wide.json", "--out", "wide-model.json");
    const error = await prover.failure("commit", taskId, "--model", "wide-model.json");
    expect(error.code).to.equal("task.model-mismatch");
    expect(error.details.what).to.equal("architecture");
  });

  it("refuses to prove before the commitment", async () => {
    const error = await prover.failure("prove", taskId, "--model", "model.json");
    expect(error.code).to.equal("cli.which-prover");
  });

  it("saves the opening before it commits, and commits once however often it is told to", async () => {
    const options = ["commit", taskId, "--model", "model.json"];
    await anvil.request("evm_setAutomine", [false]);
    const { child, finished } = prover.start(...options, "--json");
    const openings = (): string[] => globSync(".zkpot/openings/**/*.json", { cwd: prover.folder });
    const isPending = async (): Promise<boolean> => {
      const pool = (await anvil.request("txpool_status")) as { pending: string };
      return BigInt(pool.pending) > 0n;
    };
    while (!(await isPending())) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(openings()).to.have.length(1);
    expect(statSync(prover.file(openings()[0]!)).mode & 0o777).to.equal(0o600);
    child.kill("SIGKILL");
    everything += (await finished).stderr;
    await anvil.request("evm_setAutomine", [true]);
    await anvil.request("evm_mine");

    const { modelCommitment } = await run<{ modelCommitment: string }>(prover, ...options);
    const again = await run<{ modelCommitment: string; transaction?: unknown }>(prover, ...options);
    expect(again.modelCommitment).to.equal(modelCommitment);
    expect(again).not.to.have.property("transaction");
    expect(openings()).to.have.length(1);
    expect(await contracts.market.proverCount(taskId)).to.equal(1n);
    const stored = await contracts.market.submission(taskId, ANVIL_ADDRESSES[1]);
    expect(String(stored.modelCommitment)).to.equal(modelCommitment);
  });

  it("refuses to prove with a model other than the committed one", async () => {
    await run(
      prover,
      "train",
      "--data",
      "./mine.csv",
      "--task",
      taskId,
      "--seed",
      "2",
      "--out",
      "other.json",
    );
    await run(prover, "quantize", "--model", "other.json", "--task", taskId, "--out", "other-model.json");
    const error = await prover.failure("prove", taskId, "--model", "other-model.json");
    expect(error.code).to.equal("task.other-model");
  });

  it("refuses damaged keys by name before proving", async () => {
    const keys = prover.file("keys");
    cpSync(path.join(ROOT, "build", "keys", INSTANCE), keys, { recursive: true });
    const zkey = path.join(keys, "proving.zkey");
    const bytes = readFileSync(zkey);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(zkey, bytes);
    const error = await prover.failure(...["prove", taskId, "--model", "model.json", "--keys", keys]);
    expect(error.code).to.equal("keys.damaged");
    expect(error.message).to.include("proving.zkey");
  });

  it("proves, verifies, and keeps the proof", async () => {
    await run(prover, "prove", taskId, "--model", "model.json");
    const verified = await run<{ valid: boolean; correct: number }>(
      prover,
      ...["verify", proofFile(), "--task", taskId],
    );
    expect(verified).to.include({ valid: true, correct: MIN_CORRECT });
  });

  it("proves with another prover program as well", async () => {
    const snarkjs = path.join(ROOT, "node_modules", "snarkjs", "build", "cli.cjs");
    const command = `${process.execPath} ${snarkjs} groth16 prove`;
    await run(
      prover,
      ...["prove", taskId, "--model", "model.json"],
      ...["--prover-command", command, "--out", "other-proofs"],
    );
    await run(prover, "verify", "other-proofs/shard-0.json", "--task", taskId);
  });

  it("stops the other prover program and removes the witness when it is interrupted", async () => {
    // A prover that never ends, and says when it has been given the witness.
    prover.write("slow-prover.sh", `#!/bin/sh\necho $$ $3 > ${prover.file("started")}\nsleep 60\n`);
    chmodSync(prover.file("slow-prover.sh"), 0o755);
    const { child, finished } = prover.start(
      ...["prove", taskId, "--model", "model.json", "--json"],
      ...["--prover-command", `${prover.file("slow-prover.sh")} once`, "--out", "slow-proofs"],
    );
    const started = (): string =>
      existsSync(prover.file("started")) ? readFileSync(prover.file("started"), "utf8").trim() : "";
    while (started() === "") await new Promise((resolve) => setTimeout(resolve, 20));
    const [pid, witness] = started().split(" ") as [string, string];
    expect(statSync(witness).mode & 0o777).to.equal(0o600);
    child.kill("SIGINT");
    expect((await finished).code).to.equal(130);
    expect(existsSync(path.dirname(witness))).to.equal(false);
    const deadline = Date.now() + 5_000;
    const isRunning = (): boolean => {
      try {
        return process.kill(Number(pid), 0);
      } catch {
        return false;
      }
    };
    while (isRunning() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isRunning()).to.equal(false);
  });

  it("refuses to prove more than the committed model achieves", async () => {
    await run(rival, "commit", taskId, "--model", "model.json", "--even-if-below");
    const error = await rival.failure("prove", taskId, "--model", "model.json");
    expect(error.code).to.equal("task.claim");
    expect(existsSync(rival.file(".zkpot/proofs"))).to.equal(false);
  });

  it("refuses a copied bundle from another account, here and on the chain", async () => {
    writeProof(rival, "copied", readFileSync(proofFile(), "utf8"));
    const error = await rival.failure("submit", taskId, "--proofs", "copied");
    expect(error.code).to.equal("task.bundle-mismatch");
    expect(error.details.what).to.equal("prover");
    const { proof } = loadBundle();
    const refusal = await refusalOf(
      simulateProofs(contracts, ANVIL_ADDRESSES[2], BigInt(taskId), [
        { shard: 0, correct: MIN_CORRECT, proof: toChainProof(proof) },
      ]),
    );
    expect(refusal).to.equal("contract.TaskMarketInvalidProof");
  });

  it("refuses a copied bundle that was rewritten for another account", async () => {
    const copied = loadBundle();
    const stored = await contracts.market.submission(taskId, ANVIL_ADDRESSES[2]);
    const rewritten: ProofBundle = {
      ...copied,
      place: { ...copied.place, prover: ANVIL_ADDRESSES[2] },
      context: await contracts.market.proofContext(taskId, ANVIL_ADDRESSES[2]),
      modelCommitment: stored.modelCommitment,
    };
    writeProof(rival, "rewritten", encodeDocument(PROOF_BUNDLE, rewritten));
    expect((await rival.failure("verify", "rewritten/shard-0.json")).code).to.equal("proof.invalid");
    const error = await rival.failure("submit", taskId, "--proofs", "rewritten");
    expect(error.code).to.equal("task.invalid-proof");
  });

  it("refuses a count above the one that was proved, here and on the chain", async () => {
    const bundle = loadBundle();
    writeProof(prover, "over", encodeDocument(PROOF_BUNDLE, { ...bundle, correct: SAMPLE_COUNT }));
    const error = await prover.failure("submit", taskId, "--proofs", "over");
    expect(error.code).to.equal("task.invalid-proof");
    const refusal = await refusalOf(
      simulateProofs(contracts, ANVIL_ADDRESSES[1], BigInt(taskId), [
        { shard: 0, correct: SAMPLE_COUNT, proof: toChainProof(bundle.proof) },
      ]),
    );
    expect(refusal).to.equal("contract.TaskMarketInvalidProof");
  });

  it("refuses a damaged bundle", async () => {
    const text = readFileSync(proofFile(), "utf8");
    prover.write("damaged.json", text.replace(`"correct":${MIN_CORRECT}`, `"correct":${MIN_CORRECT + 1}`));
    expect((await prover.failure("verify", "damaged.json")).code).to.equal("document.damaged");
  });

  it("hands the proof in and is paid", async () => {
    const submitted = await run<{ task: string; correct: number; bundles: unknown }>(
      prover,
      "submit",
      taskId,
    );
    expect(submitted).to.include({ task: "settled", correct: MIN_CORRECT });
    expect(submitted.bundles).to.deep.equal([{ shard: 0, cid: referenceCid(readFileSync(proofFile())) }]);
    const claimed = await run<{ rewardWei: string }>(prover, "claim", taskId);
    expect(claimed.rewardWei).to.equal(String(REWARD_WEI));
    const { lockedWei } = await run<{ lockedWei: string }>(prover, "stake", "show", ANVIL_ADDRESSES[1]);
    expect(lockedWei).to.equal("0");
  });

  it("lets anybody verify the proof under its CID, and refuses other bytes", async () => {
    const uri = `ipfs://${referenceCid(readFileSync(proofFile()))}`;
    expect((await rival.failure("verify", uri)).code).to.equal("artifact.missing");
    rival.fetchArtifacts(prover);
    const verified = await run<{ valid: boolean }>(rival, "verify", uri, "--task", taskId);
    expect(verified.valid).to.equal(true);
    const file = new ArtifactStore(rival.folder).blocks.fileOf(parseCid(parseArtifactUri(uri)));
    writeFileSync(file, encodeDocument(PROOF_BUNDLE, { ...loadBundle(), correct: SAMPLE_COUNT }));
    expect((await rival.failure("verify", uri)).code).to.equal("artifact.block-damaged");
  });

  it("does not hand a proof in twice", async () => {
    const count = await contracts.market.runner!.provider!.getTransactionCount(ANVIL_ADDRESSES[1]);
    const again = await run<{ transactions: unknown[] }>(prover, "submit", taskId);
    expect(again.transactions).to.deep.equal([]);
    const after = await contracts.market.runner!.provider!.getTransactionCount(ANVIL_ADDRESSES[1]);
    expect(after).to.equal(count);
  });

  it("gives the rival its stake back", async () => {
    const { transactions } = await run<{ transactions: unknown[] }>(rival, "claim", taskId);
    expect(transactions).to.have.length(1);
    const { lockedWei } = await run<{ lockedWei: string }>(rival, "stake", "show", ANVIL_ADDRESSES[2]);
    expect(lockedWei).to.equal("0");
  });

  it("leaves weights and salt in the files that hold them, and nowhere else", () => {
    const secretFiles = globSync([".zkpot/openings/**/*.json", "*model*.json", "*.json.checkpoint"], {
      cwd: prover.folder,
    });
    const opening = secretFiles.find((file) => file.includes("openings"))!;
    const { salt } = decodeDocument(COMMITMENT_OPENING, readFileSync(prover.file(opening), "utf8"));
    const { quantized } = decodeDocument(INTEGER_MODEL, readFileSync(prover.file("model.json"), "utf8"));
    const secrets = [
      String(salt),
      salt.toString(16),
      ...quantized.model.layers.flatMap(({ weights }) => [`[${weights.join(",")}]`, weights.join(", ")]),
      ANVIL_KEYS[1].slice(2),
    ];
    for (const file of secretFiles) {
      const { mode } = statSync(prover.file(file));
      expect(mode & 0o077, file).to.equal(0);
    }
    const files = globSync("**/*", { cwd: prover.folder, withFileTypes: true, exclude: ["keys"] })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(prover.folder, path.join(entry.parentPath, entry.name)));
    const hidden = globSync([".zkpot/journal/*", ".zkpot/artifacts/blocks/**/*.data"], {
      cwd: prover.folder,
    });
    expect(hidden.length).to.be.above(2);
    for (const file of [...files, ...hidden].filter((name) => !secretFiles.includes(name))) {
      const text = readFileSync(prover.file(file), "utf8");
      for (const secret of secrets) expect(text.includes(secret), file).to.equal(false);
    }
    for (const secret of secrets) expect(everything.includes(secret)).to.equal(false);
  });
});
