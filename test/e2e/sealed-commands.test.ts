import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { Wallet, ZeroAddress } from "ethers";

import { formatArtifactUri } from "../../prover/src/artifacts/artifact-uri.ts";
import { putDocument } from "../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../prover/src/artifacts/store.ts";
import { type Connection, connect } from "../../prover/src/chain/connect.ts";
import { type Contracts, openContracts } from "../../prover/src/chain/contracts.ts";
import { TransactionJournal } from "../../prover/src/chain/journal.ts";
import { answerDemand, readSeal, revealTestSet, type SealRecord } from "../../prover/src/chain/seal.ts";
import type { Sender } from "../../prover/src/chain/send.ts";
import { commitModel, readTask } from "../../prover/src/chain/tasks.ts";
import { parseConfig, networkProfile } from "../../prover/src/config.ts";
import { findInstance, keyDirectory } from "../../prover/src/cli/artifacts.ts";
import type { AccuracyInstance } from "../../prover/src/circuits/accuracy.ts";
import { loadKeySet } from "../../prover/src/proof/keys/key-set.ts";
import { chunkAnswer, type Opening, openingRoot } from "../../prover/src/seal/opening.ts";
import { openTestSet } from "../../prover/src/seal/reveal.ts";
import { publishReveal } from "../../prover/src/task/publish-task.ts";
import { SealedStore } from "../../prover/src/task/sealed-store.ts";
import type { TaskShard } from "../../prover/src/task/task-files.ts";
import { ANVIL_ADDRESSES, ANVIL_KEYS } from "../support/anvil.ts";
import { newTinyProver, startTinyMarket, TINY_INSTANCE, type TinyMarket } from "../support/tiny-task.ts";
import { Workspace } from "../support/zkpot.ts";

const ETHER = 10n ** 18n;
const HOUR = 3_600;
const SAMPLES = 10;
const BOND_WEI = ETHER / 2n;
/** A CID that nobody has published anything under. */
const NOWHERE = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

const POST = [
  ...["task", "post", "--test-set", "test-set.json", "--instance", TINY_INSTANCE, "--licence", "CC0-1.0"],
  ...["--min-correct", "6", "--reward", "1ether", "--stake", "0.1ether"],
];
/** Samples taken out of the test set: what is left is sealed, and must not have been revealed. */
const sealed = (publicSamples: number): string[] => [
  ...["--sealed", "--public-samples", String(publicSamples), "--bond", "0.5ether"],
];
const TIMES = ["--commit-within", "1h", "--unseal-within", "2h", "--prove-within", "4h"];

interface Posted {
  readonly taskId: string;
  readonly secretFile: string;
  readonly testSet: { readonly kind: string; readonly shards: unknown[]; readonly publicSample: unknown };
  readonly seal: { readonly bondWei: string; readonly demandWei: string };
}

interface Verdict {
  readonly verdict: string;
  readonly place?: { readonly kind: string };
  readonly transaction?: unknown;
}

interface Claim {
  readonly state: string;
  readonly rewardWei: string;
  readonly credits: { readonly creditWei: string }[];
  readonly transactions: unknown[];
}

describe("sealed test sets, auctions and draws, with the command line", () => {
  let market: TinyMarket;
  let poster: Workspace;
  let prover: Workspace;
  let connection: Connection;
  let contracts: Contracts;
  const folders: Workspace[] = [];

  const pass = async (seconds: number): Promise<void> => {
    await market.anvil.request("evm_increaseTime", [seconds]);
    await market.anvil.request("evm_mine");
  };

  function sender(workspace: Workspace, index: number): Sender {
    const wallet = new Wallet(ANVIL_KEYS[index]!, connection.provider);
    return { wallet, connection, journal: TransactionJournal.of(workspace.folder, 31337n, wallet.address) };
  }

  /** Posts a sealed task; provers 1 and 2 commit to some model, and the commit deadline passes. */
  async function committed(): Promise<{ readonly taskId: string; readonly seal: SealRecord }> {
    const { taskId } = await poster.json<Posted>(...POST, ...sealed(3), ...TIMES);
    for (const index of [1, 2]) {
      await commitModel(sender(folders[index - 1]!, index), contracts, BigInt(taskId), BigInt(1000 + index));
    }
    await pass(HOUR + 60);
    return { taskId, seal: await sealOf(taskId) };
  }

  async function sealOf(taskId: string): Promise<SealRecord> {
    return await readSeal(contracts, await readTask(contracts, BigInt(taskId)));
  }

  async function shardsOf(taskId: string): Promise<readonly TaskShard[]> {
    return await new SealedStore(poster.folder).load(await readTask(contracts, BigInt(taskId)));
  }

  async function openingOf(shards: readonly TaskShard[]): Promise<Opening> {
    const instance = (await findInstance(TINY_INSTANCE)) as AccuracyInstance;
    return await openTestSet(instance, await loadKeySet(instance, await keyDirectory(instance)), shards);
  }

  /** The test set with the label of its first sample changed. */
  function falsified(shards: readonly TaskShard[]): TaskShard[] {
    return shards.map(({ testSet, blinding }, index) => {
      if (index > 0) return { testSet, blinding };
      const { samples } = testSet;
      const labels = samples.labels.map((label, row) =>
        row === 0 ? (label + 1) % samples.classCount : label,
      );
      return { testSet: { ...testSet, samples: { ...samples, labels } }, blinding };
    });
  }

  before(async () => {
    market = await startTinyMarket();
    poster = market.poster;
    const profile = networkProfile(
      parseConfig(readFileSync(poster.file("zkpot.config.json"), "utf8"), poster.folder, "configuration"),
    );
    connection = await connect(profile);
    contracts = await openContracts(connection, poster.folder);
    await poster.json("stake", "deposit", "5ether");
    for (const index of [1, 2]) {
      const workspace = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[index]! });
      workspace.configure(market.anvil.rpcUrl, { addresses: market.addresses });
      await workspace.json("stake", "deposit", "5ether");
      folders.push(workspace);
    }
    prover = folders[0]!;
  });

  after(async () => {
    connection.provider.destroy();
    await market.anvil.stop();
    poster.remove();
    for (const folder of folders) folder.remove();
  });

  it("refuses to post with options of a sealed test set without --sealed, or values out of range", async () => {
    const code = async (...options: string[]): Promise<string> =>
      (await poster.failure(...POST, ...options)).code;
    expect(await code("--bond", "1ether")).to.equal("cli.stray-option");
    expect(await code("--sealed", "--public-samples", "10")).to.equal("cli.invalid-value");
    expect(await code("--sealed", "--bond", "0.05ether")).to.equal("cli.bond-too-small");
    expect(await code("--sealed", "--bond-token", ANVIL_ADDRESSES[3])).to.equal("cli.missing-option");
    expect(await code("--sealed", ...TIMES, "--dispute-time", "1h")).to.equal("cli.no-time-to-unseal");
    expect(await code("--sealed", "--unseal-within", "1h")).to.equal("cli.no-time-to-unseal");
    expect(await code("--sealed", "--bond", "6ether")).to.equal("chain.insufficient-stake");
  });

  it("keeps samples and blindings from the artifacts, in a file of the owner alone", async () => {
    const posted = await poster.json<Posted>(...POST, ...sealed(2), ...TIMES);
    expect(posted.testSet.kind).to.equal("sealed");
    expect(posted.testSet.shards).to.deep.equal([{ sampleCount: SAMPLES - 2 }]);
    expect(posted.seal.bondWei).to.equal(String(BOND_WEI));
    expect(statSync(posted.secretFile).mode & 0o777).to.equal(0o600);
    const [{ testSet, blinding }] = (await shardsOf(posted.taskId)) as [TaskShard];
    expect(testSet.samples.sampleCount).to.equal(SAMPLES - 2);
    expect(blinding > 0n).to.equal(true);
    const hidden = `"features":[${[...testSet.samples.features].join(",")}]`;
    const artifacts = poster.file(path.join(".zkpot", "artifacts"));
    for (const name of readdirSync(artifacts, { recursive: true }) as string[]) {
      const file = path.join(artifacts, name);
      if (!statSync(file).isFile()) continue;
      const text = readFileSync(file, "utf8");
      expect(text.includes(hidden) || text.includes(String(blinding)), name).to.equal(false);
    }
    const { seal } = await poster.json<{ seal: { state: string } }>("task", "show", posted.taskId);
    expect(seal.state).to.equal("sealed");
    await poster.json("task", "cancel", posted.taskId);
    const { freeWei } = await contracts.vault.balanceOf(ANVIL_ADDRESSES[0], ZeroAddress);
    await poster.json("claim", posted.taskId);
    expect((await contracts.vault.balanceOf(ANVIL_ADDRESSES[0], ZeroAddress)).freeWei).to.equal(
      freeWei + BOND_WEI,
    );
  });

  it("reveals, answers a demand, pays the proof and frees the bond", async () => {
    const { taskId } = await poster.json<Posted>(...POST, ...sealed(2), ...TIMES);
    const trained = await newTinyProver(market, taskId, 3, 60);
    folders.push(trained);
    await trained.json("commit", taskId, "--model", "model.json");
    const early = await poster.failure("task", "unseal", taskId);
    expect(early.code).to.equal("contract.TestSetSealDeadlineNotPassed");
    expect((await trained.failure("prove", taskId, "--model", "model.json")).code).to.equal("task.sealed");
    expect((await trained.failure("task", "dispute", taskId)).code).to.equal("chain.wrong-seal-state");
    await pass(HOUR + 60);
    const stranger = await trained.failure("task", "unseal", taskId);
    expect(stranger.code).to.equal("task.sealed-set-lost");

    const revealed = await poster.json<{ reveal: string; transaction?: unknown }>("task", "unseal", taskId);
    expect(revealed.transaction).to.not.equal(undefined);
    const again = await poster.json<{ reveal: string; transaction?: unknown }>("task", "unseal", taskId);
    expect(again).to.include({ reveal: revealed.reveal });
    expect(again.transaction).to.equal(undefined);
    const reused = await poster.failure(...POST, ...sealed(2), ...TIMES);
    expect(reused.code).to.equal("task.already-revealed");

    // The data have not arrived: nothing can be shown, but asked for.
    expect((await trained.json<Verdict>("task", "dispute", taskId)).verdict).to.equal("withheld");
    expect((await trained.failure("task", "demand", taskId)).code).to.equal("cli.which-chunks");
    expect((await trained.failure("task", "demand", taskId, "--chunks", "3-1")).code).to.equal(
      "cli.invalid-value",
    );
    expect((await trained.failure("task", "demand", taskId, "--chunks", "999")).code).to.equal(
      "cli.invalid-value",
    );
    const demanded = await trained.json<{ demanded: number[]; costWei: string }>(
      ...["task", "demand", taskId, "--chunks", "0"],
    );
    expect(demanded.demanded).to.deep.equal([0]);
    const repeated = await trained.json<{ demanded: number[] }>("task", "demand", taskId, "--chunks", "0");
    expect(repeated.demanded).to.deep.equal([]);
    const answered = await poster.json<{ answered: number[] }>("task", "answer", taskId);
    expect(answered.answered).to.deep.equal([0]);
    expect((await poster.json<{ answered: number[] }>("task", "answer", taskId)).answered).to.deep.equal([]);

    trained.fetchArtifacts(poster);
    expect(await trained.json<Verdict>("task", "dispute", taskId)).to.include({ verdict: "opens" });
    await trained.json("task", "show", taskId, "--check");
    await trained.json("prove", taskId, "--model", "model.json");
    await trained.json("submit", taskId);
    const claim = await trained.json<Claim>("claim", taskId);
    expect(claim).to.include({ state: "settled", rewardWei: String(ETHER) });

    expect((await poster.failure("task", "forfeit", taskId)).code).to.equal(
      "contract.TestSetSealDeadlineNotPassed",
    );
    await pass(3 * HOUR);
    const { credits } = await poster.json<Claim>("claim", taskId);
    // Half of the demand's price, for the gas of the answer.
    expect(credits.map(({ creditWei }) => creditWei)).to.deep.equal([String(BigInt(demanded.costWei) / 2n)]);
    expect((await sealOf(taskId)).state).to.equal("released");
  });

  it("takes the bond for a published test set that is not the sealed one", async () => {
    const { taskId, seal } = await committed();
    const wrong = falsified(await shardsOf(taskId));
    const store = new ArtifactStore(poster.folder);
    const cid = await publishReveal(async (kind, value) => await putDocument(store, kind, value), wrong);
    const root = openingRoot(await openingOf(wrong));
    await revealTestSet(sender(poster, 0), seal, root, formatArtifactUri(cid));
    prover.fetchArtifacts(poster);
    const verdict = await prover.json<Verdict>("task", "dispute", taskId);
    expect(verdict).to.deep.include({ verdict: "wrong", place: { kind: "end", shard: 0 } });
    expect((await prover.failure("task", "dispute", taskId)).code).to.equal("chain.wrong-seal-state");
    expect((await poster.json<{ answered: number[] }>("task", "answer", taskId)).answered).to.deep.equal([]);
    for (const folder of [folders[0]!, folders[1]!]) {
      const claim = await folder.json<Claim>("claim", taskId);
      // Whoever has the right data may still prove them.
      expect(claim.state).to.equal("committed");
      // Each prover's half of its half of the bond; the rest is burned.
      expect(claim.credits.map(({ creditWei }) => creditWei)).to.deep.equal([String(BOND_WEI / 4n)]);
    }
    await pass(4 * HOUR);
    const refund = await poster.json<Claim>("claim", taskId);
    expect(refund.state).to.equal("expired");
    expect(refund.rewardWei).to.equal(String(ETHER));
  });

  it("takes the bond for a wrong opening that only the answers to demands show", async () => {
    const { taskId, seal } = await committed();
    const wrong = await openingOf(falsified(await shardsOf(taskId)));
    await revealTestSet(sender(poster, 0), seal, openingRoot(wrong), formatArtifactUri(NOWHERE));
    prover.fetchArtifacts(poster);
    expect((await prover.json<Verdict>("task", "dispute", taskId)).verdict).to.equal("withheld");
    const { demanded } = await prover.json<{ demanded: number[] }>("task", "demand", taskId, "--all");
    expect(demanded).to.have.length(seal.chunkCount);
    const refused = await poster.failure("task", "answer", taskId);
    expect(refused.code).to.equal("task.other-opening");
    for (const chunk of demanded) await answerDemand(sender(poster, 0), seal, chunkAnswer(wrong, chunk));
    expect(await prover.json<Verdict>("task", "dispute", taskId)).to.deep.include({ verdict: "wrong" });
    const { credits } = await prover.json<Claim>("claim", taskId);
    expect(credits.map(({ creditWei }) => creditWei)).to.deep.equal([String(BOND_WEI / 4n)]);
  });

  it("takes the bond of a poster that does not answer, and gives the demand's price back", async () => {
    const { taskId, seal } = await committed();
    const right = openingRoot(await openingOf(await shardsOf(taskId)));
    await revealTestSet(sender(poster, 0), seal, right, formatArtifactUri(NOWHERE));
    prover.fetchArtifacts(poster);
    await prover.json("task", "demand", taskId, "--chunks", "0-0");
    expect((await folders[1]!.failure("task", "forfeit", taskId)).code).to.equal(
      "contract.TestSetSealDeadlineNotPassed",
    );
    await pass(2 * HOUR + 60);
    expect((await poster.failure("task", "answer", taskId)).code).to.equal(
      "contract.TestSetSealDeadlinePassed",
    );
    const { forfeitReason } = await folders[1]!.json<{ forfeitReason: string }>("task", "forfeit", taskId);
    expect(forfeitReason).to.equal("demand-unanswered");
    const { lockedWei } = await contracts.vault.balanceOf(ANVIL_ADDRESSES[1], ZeroAddress);
    const claim = await prover.json<Claim>("claim", taskId);
    expect(claim.credits.map(({ creditWei }) => creditWei)).to.deep.equal([String(BOND_WEI / 4n)]);
    const after = await contracts.vault.balanceOf(ANVIL_ADDRESSES[1], ZeroAddress);
    // The demand's price and the task's stake.
    expect(lockedWei - after.lockedWei).to.equal(seal.demandWei + ETHER / 10n);
  });

  it("takes the bond of a poster that never reveals, by a prover's claim alone", async () => {
    const { taskId } = await committed();
    await pass(HOUR + 60);
    expect((await poster.failure("task", "unseal", taskId)).code).to.equal(
      "contract.TestSetSealDeadlinePassed",
    );
    const claim = await prover.json<Claim>("claim", taskId);
    expect(claim.state).to.equal("expired");
    expect(claim.credits.map(({ creditWei }) => creditWei)).to.deep.equal([String(BOND_WEI / 4n)]);
    expect((await sealOf(taskId)).forfeitReason).to.equal("not-revealed");
  });

  it("auctions a sealed task: price, collateral, reveal, proof, and everything back", async () => {
    const { taskId } = await poster.json<Posted>(
      ...POST,
      ...sealed(4),
      ...TIMES,
      ...["--auction", "--min-price", "0.4ether", "--collateral", "0.3ether", "--ramp", "0"],
    );
    const bidder = folders[2]!;
    bidder.fetchArtifacts(poster);
    const bid = await bidder.json<{ priceWei: string }>("bid", taskId);
    expect(bid.priceWei).to.equal(String(ETHER));
    prover.fetchArtifacts(poster);
    const rival = await prover.failure("commit", taskId, "--model", bidder.file("model.json"));
    expect(rival.code).to.equal("contract.TaskMarketNotAssigned");
    await bidder.json("commit", taskId, "--model", "model.json");
    expect((await bidder.failure("claim", taskId)).code).to.equal("chain.nothing-to-claim");
    await pass(HOUR + 60);
    await poster.json("task", "unseal", taskId);
    bidder.fetchArtifacts(poster);
    await bidder.json("prove", taskId, "--model", "model.json");
    await bidder.json("submit", taskId);
    const claim = await bidder.json<Claim>("claim", taskId);
    expect(claim).to.include({ state: "settled", rewardWei: String(ETHER) });
    // Stake, collateral and reward.
    expect(claim.transactions).to.have.length(3);
    expect((await contracts.vault.balanceOf(ANVIL_ADDRESSES[3], ZeroAddress)).lockedWei).to.equal(0n);
  });

  it("draws the prover of a task, which commits, proves and gets its stake back", async () => {
    const { taskId } = await poster.json<Posted>(
      ...POST,
      ...["--draw", "--enrol-min", "0.1ether", "--enrol-blocks", "5", "--turn-blocks", "8"],
    );
    const drawn = folders[2]!;
    drawn.fetchArtifacts(poster);
    const model = ["--model", "model.json"];
    await drawn.json("enrol", taskId, "--stake", "0.2ether");
    expect((await drawn.failure("commit", taskId, ...model)).code).to.equal("contract.TaskMarketNotAssigned");
    await market.anvil.request("anvil_mine", ["0x10"]);
    await prover.json("draw", taskId);
    await drawn.json("commit", taskId, ...model);
    // It can only win by its commitment now: the stake of the draw is free.
    expect((await drawn.json<Claim>("claim", taskId)).transactions).to.have.length(1);
    await drawn.json("prove", taskId, ...model);
    await drawn.json("submit", taskId);
    expect(await drawn.json<Claim>("claim", taskId)).to.include({ state: "settled" });
    expect((await contracts.vault.balanceOf(ANVIL_ADDRESSES[3], ZeroAddress)).lockedWei).to.equal(0n);
  });
});
