import { globSync, statSync } from "node:fs";

import { expect } from "chai";

import { ANVIL_ADDRESSES, ANVIL_KEYS, type Anvil, startAnvil } from "../support/anvil.ts";
import { TINY_CLUSTERS } from "../support/tiny-task.ts";
import { Workspace } from "../support/zkpot.ts";

const ACCURACY = "trained-4-3-3x10";
const STEP = "train-step-4-3-3x4";
const INIT = "train-init-4-3-3";

interface AuditStatus {
  readonly state: string;
  readonly stepCount: number;
  readonly challengedSteps: readonly number[];
  readonly pendingSteps: readonly number[];
  readonly isInitAnswered: boolean;
  readonly transactions: readonly { readonly hash: string }[];
}

describe("a task with training proof, with the command line alone", function () {
  this.timeout(300_000);

  let anvil: Anvil;
  let poster: Workspace;
  let prover: Workspace;
  let taskId: string;

  before(async () => {
    anvil = await startAnvil("--block-time", "1");
    poster = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
    await poster.json("init");
    poster.configure(anvil.rpcUrl);
    for (const instance of [ACCURACY, STEP, INIT]) await poster.json("keys", "dev", instance);
    const register = [ACCURACY, STEP, INIT].join(",");
    const { addresses } = await poster.json<{ addresses: Record<string, string> }>(
      ...["deploy", "--register", register],
    );
    poster.write("clusters.csv", TINY_CLUSTERS);
    await poster.json("data", "split", "./clusters.csv", "--input-bits", "4");
    const posted = await poster.json<{ taskId: string }>(
      ...["task", "post", "--test-set", "test-set.json", "--instance", ACCURACY, "--licence", "CC0-1.0"],
      ...["--min-correct", "1", "--reward", "1ether", "--stake", "0.1ether", "--max-provers", "1"],
      ...["--train-step", STEP, "--train-init", INIT, "--audited-steps", "2"],
    );
    ({ taskId } = posted);
    prover = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[1] });
    prover.configure(anvil.rpcUrl, { addresses });
    prover.fetchArtifacts(poster);
    prover.write("mine.csv", TINY_CLUSTERS);
    await prover.json("stake", "deposit", "1ether");
  });

  after(async () => {
    await anvil.stop();
    for (const workspace of [poster, prover]) workspace.remove();
  });

  const train = (): string[] => [...["train", "--verifiable", taskId, "--data", "./mine.csv"]];

  const status = async (): Promise<AuditStatus> =>
    await prover.json<AuditStatus>("audit", "status", taskId, "--prover", ANVIL_ADDRESSES[1]);

  it("refuses a task posted with one of the two training circuits", async () => {
    const error = await poster.failure(
      ...["task", "post", "--test-set", "test-set.json", "--instance", ACCURACY, "--licence", "CC0-1.0"],
      ...["--min-correct", "1", "--reward", "1ether", "--stake", "0.1ether", "--train-step", STEP],
    );
    expect(error).to.include({ code: "cli.training-circuits", exitCode: 2 });
  });

  it("quotes the odds and the price of the audit before anybody works", async () => {
    interface Quote {
      readonly steps: number;
      readonly odds: readonly { detection: number; badSteps: number; breakEvenStakeWei: string }[];
      readonly cost: { gas: string; costWei: string; provingSeconds: number };
      readonly interval: { low: number; score: number; high: number };
    }
    const quoted = await prover.json<Quote>(
      ...["quote", taskId, "--batches", "10", "--bad-shares", "0.25,1", "--training-cost", "8ether"],
      ...["--gas-price", "1gwei", "--proving-seconds", "2"],
    );
    expect(quoted.steps).to.equal(40);
    const [quarter, all] = quoted.odds;
    // Two steps out of 40 miss ten with 30·29/(40·39).
    expect(quarter!.badSteps).to.equal(10);
    expect(quarter!.detection).to.be.closeTo(1 - (30 * 29) / (40 * 39), 1e-9);
    expect(Number(quarter!.breakEvenStakeWei) / 1e18).to.be.closeTo(
      (0.25 * 8) / quarter!.detection - 1,
      1e-6,
    );
    expect(all).to.include({ detection: 1, breakEvenStakeWei: String(7n * 10n ** 18n) });
    const { cost } = quoted;
    expect(BigInt(cost.costWei)).to.equal(BigInt(cost.gas) * 10n ** 9n + 8n * 10n ** 18n);
    expect(quoted.interval.score).to.equal(0.1);
    // The test set; start, first, last and two drawn steps.
    expect(cost.provingSeconds).to.equal(12);
    const { stdout } = await prover.run("quote", taskId, "--batches", "10");
    expect(stdout).to.match(/always detected/);
    // Expected from the size of the keys at hand.
    expect(stdout).to.match(/[1-9]\d* s of proving/);
    const error = await prover.failure("quote", taskId, "--bad-shares", "2");
    expect(error.exitCode).to.equal(2);
  });

  it("has nothing to answer before the run is registered", async () => {
    expect((await status()).state).to.equal("none");
    const error = await prover.failure("audit", "answer", taskId);
    expect(error.code).to.equal("audit.no-run");
  });

  it("trains once, also when it is killed while it waits for the seed", async () => {
    const { child, finished } = prover.start(...train());
    while ((await status()).state === "none") await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill("SIGKILL");
    await finished;
    const first = await prover.json<{ modelCommitment: string; runFolder: string; state: string }>(
      ...train(),
    );
    expect(first.state).to.be.oneOf(["committed", "challenged"]);
    const again = await prover.json<{ modelCommitment: string }>(...train());
    expect(again.modelCommitment).to.equal(first.modelCommitment);
    for (const file of ["run.json", "checkpoints"]) {
      expect(statSync(`${first.runFolder}/${file}`).mode & 0o777, file).to.equal(0o600);
    }
    expect(statSync(prover.file("model.json")).mode & 0o777).to.equal(0o600);
  });

  it("answers the challenge unattended, and once", async () => {
    const watched = await prover.json<AuditStatus>("audit", "watch", taskId);
    expect(watched.state).to.equal("passed");
    expect(watched.pendingSteps).to.deep.equal([]);
    expect(watched.transactions).to.have.lengthOf(2);
    const proofs = globSync(".zkpot/runs/**/answers/*.json", { cwd: prover.folder });
    expect(proofs).to.have.lengthOf(watched.challengedSteps.length + 1);
    const again = await prover.json<AuditStatus>("audit", "answer", taskId);
    expect(again.transactions).to.deep.equal([]);
    expect((await status()).isInitAnswered).to.equal(true);
  });

  it("is paid for the accuracy of the model that was trained", async () => {
    await prover.json("prove", taskId, "--model", "model.json");
    await prover.json("submit", taskId);
    await prover.json("claim", taskId);
    const { task } = await prover.json<{ task: { state: string } }>("task", "show", taskId);
    expect(task.state).to.equal("settled");
  });

  it("slashes a prover that stays silent, but not before its time", async () => {
    const { taskId: second } = await poster.json<{ taskId: string }>(
      ...["task", "post", "--test-set", "test-set.json", "--instance", ACCURACY, "--licence", "CC0-1.0"],
      ...["--min-correct", "1", "--reward", "1ether", "--stake", "0.1ether", "--max-provers", "1"],
      ...["--train-step", STEP, "--train-init", INIT, "--audited-steps", "2"],
    );
    await prover.json("train", "--verifiable", second, "--data", "./mine.csv");
    const slash = ["audit", "slash", second, "--prover", ANVIL_ADDRESSES[1]];
    expect(await poster.failure(...slash)).to.include({ code: "audit.not-failed", exitCode: 1 });
    await anvil.request("evm_increaseTime", [30 * 24 * 3600]);
    await anvil.request("evm_mine", []);
    const slashed = await poster.json<{ withdrawnWei: string }>(...slash);
    // Half of the stake of 0.1 ether; the other half is burned.
    expect(slashed.withdrawnWei).to.equal(String(5n * 10n ** 16n));
    expect(await poster.failure(...slash)).to.have.property("exitCode", 1);
  });
});
