/**
 * The exact gas of every action, compared with gas-snapshot.json. Everything that has a price is the same in every
 * run: addresses, timestamps, key and proofs. ZKPOT_UPDATE_SNAPSHOT=1 rewrites the file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import hre, { network } from "hardhat";

import { deployMarket, single } from "./support/deployment.ts";
import { accuracyContext, drawTrapdoor, g1, seededScalars, TrapdoorKey } from "./support/trapdoor-key.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionResponse, TransactionResponse } from "ethers";

import type { Proof } from "./support/trapdoor-key.ts";

const SNAPSHOT_FILE = path.join(import.meta.dirname, "gas-snapshot.json");
const LIMITS = { verifyCall: 300_000, prove: 420_000, commit: 150_000, malformedProof: 500_000 };

const START = 2_000_000_000n;
const REWARD_WEI = 10n ** 18n;
const STAKE_WEI = 10n ** 17n;
const UNBONDING_SECONDS = 604_800n;
const MIN_CORRECT = 342n;
const SPLIT = { firstValid: 0n, bestScore: 1n, proRata: 2n };

async function measureAll(): Promise<Record<string, number>> {
  const gas: Record<string, number> = {};
  const { ethers, networkHelpers } = await network.create();
  const native = ethers.ZeroAddress;
  const draw = seededScalars("gas snapshot");
  const data = draw();
  const key = new TrapdoorKey(drawTrapdoor(3, draw), 0n, draw);

  const record = async (
    name: string,
    transaction: Promise<ContractTransactionResponse | TransactionResponse>,
  ): Promise<void> => {
    gas[name] = Number((await (await transaction).wait())!.gasUsed);
  };

  await networkHelpers.time.setNextBlockTimestamp(START);
  const [poster, alice, bob] = (await ethers.getSigners()) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const registry = await ethers.deployContract("CircuitRegistry", [true, 3n]);
  const vault = await ethers.deployContract("StakeVault", [UNBONDING_SECONDS]);
  const market = await deployMarket(registry, vault, poster, ethers);
  const token = await ethers.deployContract("TestToken");
  const meter = await ethers.deployContract("GasMeter");
  for (const account of [poster, alice]) {
    await token.mint(account, 10n * REWARD_WEI);
    for (const spender of [vault, market]) await token.connect(account).approve(spender, ethers.MaxUint256);
  }
  const { chainId } = await ethers.provider.getNetwork();
  const marketAddress = await market.getAddress();

  const post = async (split: bigint, rewardToken = native, maxProvers = 3n, stakeToken = native) => {
    const now = BigInt(await networkHelpers.time.latest());
    const spec = {
      rewardToken,
      rewardWei: REWARD_WEI,
      keyId: key.keyId,
      dataPoints: [g1(data)],
      sampleCount: 360n,
      minCorrect: MIN_CORRECT,
      commitDeadline: now + 3_600n,
      proveDeadline: now + 7_200n,
      stakeToken,
      stakeWei: STAKE_WEI,
      split,
      winners: 1n,
      maxProvers,
      architectureId: data,
      documentHash: ethers.id("document"),
      documentUri: "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
    };
    const value = rewardToken === native ? REWARD_WEI : 0n;
    return await market.connect(poster).post(spec, { value });
  };
  const commitment = (prover: HardhatEthersSigner): bigint => BigInt(ethers.id(prover.address)) >> 8n;
  const commit = async (prover: HardhatEthersSigner) =>
    await market.connect(prover).commit(await market.taskCount(), commitment(prover));
  const proof = async (prover: HardhatEthersSigner, correct: bigint): Promise<Proof> => {
    const context = accuracyContext(chainId, marketAddress, await market.taskCount(), prover.address);
    return key.prove({ statement: [context, commitment(prover), correct], data });
  };
  const prove = async (prover: HardhatEthersSigner, correct: bigint) =>
    await market
      .connect(prover)
      .prove(...single(await market.taskCount(), correct, await proof(prover, correct)));

  await record("addKey", registry.addKey(key.bytes));
  await record(
    "deposit native, first",
    vault.connect(alice).deposit(native, STAKE_WEI, { value: STAKE_WEI }),
  );
  await record(
    "deposit native, later",
    vault.connect(alice).deposit(native, STAKE_WEI, { value: STAKE_WEI }),
  );
  await record("deposit token, first", vault.connect(alice).deposit(token, STAKE_WEI));
  await record("approveLocker", vault.connect(alice).approveLocker(market, native, 100n * STAKE_WEI));
  await record(
    "depositAndApprove native",
    vault.connect(bob).depositAndApprove(native, 10n * STAKE_WEI, market, 100n * STAKE_WEI, {
      value: 10n * STAKE_WEI,
    }),
  );
  await vault.connect(alice).deposit(native, 10n * STAKE_WEI, { value: 10n * STAKE_WEI });

  // First valid, native reward.
  await record("post native", post(SPLIT.firstValid));
  await record("commit, first", commit(alice));
  await record("commit, later", commit(bob));
  const statement = [
    accuracyContext(chainId, marketAddress, await market.taskCount(), alice.address),
    commitment(alice),
    350n,
  ];
  const valid = await proof(alice, 350n);
  const call = registry.interface.encodeFunctionData("verify", [key.keyId, statement, g1(data), valid]);
  const [accepted, , verifyGas] = await meter.measure.staticCall(registry, call);
  expect(accepted).to.equal(true);
  gas["verify call"] = Number(verifyGas);

  // Off the curve, so that the pairing burns its whole stipend.
  const malformed = { ...valid, b: { ...valid.b, xReal: valid.b.xReal - 1n } };
  const wrong = await proof(alice, 351n);
  for (const [name, bad] of [
    ["prove malformed, reverts", malformed],
    ["prove invalid, reverts", wrong],
  ] as const) {
    const data = market.interface.encodeFunctionData("prove", single(1n, 350n, bad));
    // The simulated chain mines the transaction, then throws: its receipt is in the latest block.
    await expect(alice.sendTransaction({ to: marketAddress, data, gasLimit: 1_000_000n })).to.revert(ethers);
    const block = await ethers.provider.getBlock("latest");
    const receipt = await ethers.provider.getTransactionReceipt(block!.transactions[0]!);
    expect(receipt!.status).to.equal(0);
    gas[name] = Number(receipt!.gasUsed);
  }
  await record("prove, first valid settles", market.connect(alice).prove(...single(1n, 350n, valid)));
  await record("releaseStake", market.releaseStake(1n, alice));
  await market.releaseStake(1n, bob);
  await record("withdraw native", market.connect(alice).withdraw(native));

  // Best score.
  await post(SPLIT.bestScore, native, 2n);
  for (const prover of [alice, bob]) await commit(prover);
  await record("prove best score, first", prove(alice, 350n));
  await record("prove best score, later and leading", prove(bob, 351n));
  await record("settle best score", market.settle(await market.taskCount()));

  // Pro rata, token reward.
  await record("post token", post(SPLIT.proRata, await token.getAddress(), 2n));
  for (const prover of [alice, bob]) await commit(prover);
  await record("prove pro rata, first", prove(alice, 350n));
  await record("prove pro rata, later", prove(bob, 349n));
  const proRata = await market.taskCount();
  await record("settle pro rata", market.settle(proRata));
  await record("claim, first", market.claim(proRata, alice));
  await record("claim, last with remainder", market.claim(proRata, bob));
  await record("withdraw token", market.connect(alice).withdraw(token));

  // Endings without a proof.
  await post(SPLIT.firstValid);
  await record("cancel", market.connect(poster).cancel(await market.taskCount()));
  await post(SPLIT.firstValid);
  await networkHelpers.time.increase(3_601n);
  await record("expire", market.expire(await market.taskCount()));

  // Stake in a token.
  await vault.connect(alice).approveLocker(market, token, STAKE_WEI);
  await post(SPLIT.firstValid, native, 1n, await token.getAddress());
  await record("commit with token stake", commit(alice));

  // Leaving the vault.
  await record("requestUnbonding", vault.connect(bob).requestUnbonding(native, STAKE_WEI));
  await networkHelpers.time.increase(UNBONDING_SECONDS);
  await record("withdraw stake", vault.connect(bob).withdraw(native));
  return gas;
}

describe("Gas", () => {
  let gas: Record<string, number>;

  before(async function () {
    // Code that counts what it runs costs more.
    if (hre.globalOptions.coverage) this.skip();
    gas = await measureAll();
    if (process.env["ZKPOT_UPDATE_SNAPSHOT"] === "1") {
      writeFileSync(SNAPSHOT_FILE, `${JSON.stringify(gas, undefined, 2)}\n`);
    }
  });

  it("is what the snapshot says, to the unit", () => {
    expect(gas).to.deep.equal(JSON.parse(readFileSync(SNAPSHOT_FILE, "utf8")));
  });

  it(`of a verification stays within ${LIMITS.verifyCall}`, () => {
    expect(gas["verify call"]).to.be.at.most(LIMITS.verifyCall);
  });

  it(`of every accepted proof, the whole transaction, stays within ${LIMITS.prove}`, () => {
    for (const name of [
      "prove, first valid settles",
      "prove best score, first",
      "prove best score, later and leading",
      "prove pro rata, first",
      "prove pro rata, later",
    ]) {
      expect(gas[name], name).to.be.at.most(LIMITS.prove);
    }
  });

  it(`of every commitment stays within ${LIMITS.commit}`, () => {
    for (const name of ["commit, first", "commit, later", "commit with token stake"]) {
      expect(gas[name], name).to.be.at.most(LIMITS.commit);
    }
  });

  it(`of a bad proof, the whole transaction, stays within ${LIMITS.malformedProof}`, () => {
    for (const name of ["prove malformed, reverts", "prove invalid, reverts"]) {
      expect(gas[name], name).to.be.at.most(LIMITS.malformedProof);
    }
  });
});
