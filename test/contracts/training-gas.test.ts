/**
 * The gas of a training audit of 2^17 steps, compared with training-gas-snapshot.json. Keys, proofs and trace are the
 * same in every run; the challenge is planted, since block hashes are not. ZKPOT_UPDATE_SNAPSHOT=1 rewrites the file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { AbiCoder, keccak256, toBeHex } from "ethers";
import hre from "hardhat";

import { DATA, ethers, key, networkHelpers, stakeFor, single } from "./support/deployment.ts";
import { DRAW_DELAY_BLOCKS, postTraining, Run, trainingDeployed } from "./support/training.ts";

import type { ContractTransactionResponse } from "ethers";

const SNAPSHOT_FILE = path.join(import.meta.dirname, "training-gas-snapshot.json");
/** Proofs and block hashes are fresh in every run: zero bytes in them make calldata cheaper by chance. */
const TOLERANCE = 1_000;
/** Of `count` answers in one transaction: `answerBase + count * answerEach`. */
const LIMITS = { commit: 200_000, answerBase: 320_000, answerEach: 110_000 };
const EPOCHS = 64n;
const BATCHES = 2 ** 11;
const COUNTS = [1, 2, 4, 6, 8];

/** Slot of a member of a prover's run: `_runs` is the contract's second mapping. */
function runSlot(taskId: bigint, prover: string, member: bigint): string {
  const encode = (...values: [string, unknown][]) =>
    keccak256(
      AbiCoder.defaultAbiCoder().encode(
        values.map(([type]) => type),
        values.map(([, value]) => value),
      ),
    );
  const outer = encode(["uint256", taskId], ["uint256", 1n]);
  return toBeHex(BigInt(encode(["address", prover], ["bytes32", outer])) + member, 32);
}

async function measureAll(): Promise<Record<string, number>> {
  const gas: Record<string, number> = {};
  const record = async (name: string, sent: Promise<ContractTransactionResponse>): Promise<void> => {
    gas[name] = Number((await (await sent).wait())!.gasUsed);
  };
  const d = await trainingDeployed();
  const task = await postTraining(d, { epochs: EPOCHS, drawnSteps: 6n, halvingSteps: 10_000n });
  const run = new Run(d, task, d.alice, BATCHES);
  expect(run.stepCount).to.equal(2n ** 17n);
  await record("register", run.register());
  await networkHelpers.mine(DRAW_DELAY_BLOCKS);
  await record("drawSeed", run.drawSeed());
  await networkHelpers.setStorageAt(
    await d.audit.getAddress(),
    runSlot(task.taskId, d.alice.address, 1n),
    ethers.id("seed"),
  );
  await stakeFor(d, d.alice);
  await record("commitWithTrace", run.commit());
  await networkHelpers.mine(DRAW_DELAY_BLOCKS);
  await record("drawChallenge", run.drawChallenge());
  await networkHelpers.setStorageAt(
    await d.audit.getAddress(),
    runSlot(task.taskId, d.alice.address, 3n),
    ethers.id("challenge"),
  );
  const answers = await run.stepAnswers();
  expect(answers).to.have.length(8);
  await record("answerInit", run.answerInit());
  const snapshot = await networkHelpers.takeSnapshot();
  for (const count of COUNTS) {
    await record(`answerSteps, ${count}`, run.answerSteps(answers.slice(0, count)));
    await snapshot.restore();
  }
  const silent = await networkHelpers.takeSnapshot();
  await networkHelpers.time.increase(5_401n);
  await record("slashStake", d.market.slashStake(task.taskId, d.alice));
  await silent.restore();
  await run.answerSteps(answers);
  const statement = [await d.market.proofContext(task.taskId, d.alice), run.modelCommitment, 350n];
  const proof = key.prove({ statement, data: DATA });
  await record("prove", d.market.connect(d.alice).prove(...single(task.taskId, 350n, proof)));
  return gas;
}

describe("Gas of a training audit with 2^17 steps", () => {
  let gas: Record<string, number>;

  before(async function () {
    this.timeout(120_000);
    // Code that counts what it runs costs more.
    if (hre.globalOptions.coverage) this.skip();
    gas = await measureAll();
    if (process.env["ZKPOT_UPDATE_SNAPSHOT"] === "1") {
      writeFileSync(SNAPSHOT_FILE, `${JSON.stringify(gas, undefined, 2)}\n`);
    }
  });

  it("is what the snapshot says, but for zero bytes in calldata", () => {
    const snapshot = JSON.parse(readFileSync(SNAPSHOT_FILE, "utf8")) as Record<string, number>;
    expect(Object.keys(gas)).to.deep.equal(Object.keys(snapshot));
    for (const [name, expected] of Object.entries(snapshot)) {
      expect(gas[name], name).to.be.closeTo(expected, TOLERANCE);
    }
  });

  it(`of a commitment stays within ${LIMITS.commit}`, () => {
    expect(gas["commitWithTrace"]).to.be.at.most(LIMITS.commit);
  });

  it(`of answers stays within ${LIMITS.answerBase} and ${LIMITS.answerEach} each`, () => {
    for (const count of COUNTS) {
      const limit = LIMITS.answerBase + count * LIMITS.answerEach;
      expect(gas[`answerSteps, ${count}`], `${count} answers`).to.be.at.most(limit);
    }
  });

  it("of every other step of an audit stays within that of a proof", () => {
    for (const name of ["register", "drawSeed", "drawChallenge", "answerInit", "slashStake", "prove"]) {
      expect(gas[name], name).to.be.at.most(420_000);
    }
  });
});
