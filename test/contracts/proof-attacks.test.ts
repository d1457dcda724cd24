/** What an attacker would try against the rules of the proof system, and what each rule prevents. */
import { expect } from "chai";
import { network } from "hardhat";

import { FIELD_ORDER, invertField } from "../../prover/src/field.ts";
import {
  commitAs,
  DATA,
  deployed,
  deployMarket,
  ethers,
  key,
  modelCommitmentOf,
  NATIVE,
  postTask,
  proofFor,
  REWARD_WEI,
  SPLIT,
  stakeFor,
  statementFor,
  TASK,
  single,
} from "./support/deployment.ts";
import {
  accuracyContext,
  drawTrapdoor,
  g1,
  g2,
  negatedPair,
  randomScalar,
  TrapdoorKey,
} from "./support/trapdoor-key.ts";

import type { Proof } from "./support/trapdoor-key.ts";

const { alpha, beta, delta, sigma, icStatement } = key.trapdoor;
const trueStatement = [randomScalar(), randomScalar(), 300n];
/** What the attacker wants to be believed: 50 more correct samples. */
const falseStatement = trueStatement.with(2, 350n);
const GAIN = 50n;

describe("Attacks on the committed block", () => {
  /** D of an honest run, shifted so that the sum of all points is that of the true statement. */
  const honestBlock = randomScalar();
  const shiftedBlock = honestBlock - GAIN * icStatement[2]!;

  it("D shifted by a statement's IC point is rejected: its Dp is out of reach", async () => {
    const { registry } = await deployed();
    const request = { statement: falseStatement, data: DATA, block: shiftedBlock };
    // All an attacker can compute: sigma-multiples exist for committed signals only.
    const forgery = key.proveWithKnowledge(request, sigma * honestBlock);
    expect(await registry.verify(key.keyId, falseStatement, g1(DATA), forgery)).to.equal(false);
  });

  it("D shifted by a statement's IC point would pass if sigma times that point were known", async () => {
    const { registry } = await deployed();
    const request = { statement: falseStatement, data: DATA, block: shiftedBlock };
    const leaked = sigma * icStatement[2]!;
    const forgery = key.proveWithKnowledge(request, sigma * honestBlock - GAIN * leaked);
    expect(await registry.verify(key.keyId, falseStatement, g1(DATA), forgery)).to.equal(true);
  });

  it("Dp of another D is rejected", async () => {
    const { registry } = await deployed();
    const request = { statement: trueStatement, data: DATA, block: honestBlock };
    const forgery = key.proveWithKnowledge(request, sigma * randomScalar());
    expect(await registry.verify(key.keyId, trueStatement, g1(DATA), forgery)).to.equal(false);
  });

  it("D and Dp swapped for those of another proof are rejected", async () => {
    const { registry } = await deployed();
    const proof = key.prove({ statement: trueStatement, data: DATA });
    const other = key.prove({ statement: trueStatement, data: DATA });
    const { blockCommitment, blockKnowledge } = other;
    const mixed = { ...proof, blockCommitment, blockKnowledge };
    expect(await registry.verify(key.keyId, trueStatement, g1(DATA), mixed)).to.equal(false);
  });

  it("D chosen after the challenges is rejected: they depend on it", async () => {
    const { registry } = await deployed();
    // The attacker fixes the challenges of D, then moves to D' and answers the old challenges.
    const movedBlock = randomScalar();
    const oldPublic = key.publicScalar(trueStatement, DATA, honestBlock) - honestBlock + movedBlock;
    const [a, b] = [randomScalar(), randomScalar()];
    const forgery: Proof = {
      a: g1(a),
      b: g2(b),
      c: g1((a * b - alpha * beta - oldPublic) * invertField(delta)),
      blockCommitment: g1(movedBlock),
      blockKnowledge: g1(movedBlock * sigma),
    };
    expect(await registry.verify(key.keyId, trueStatement, g1(DATA), forgery)).to.equal(false);
  });

  it("errors of the two equations that cancel in their plain product are rejected", async () => {
    const { registry } = await deployed();
    const block = randomScalar();
    const error = randomScalar();
    const publicScalar = key.publicScalar(falseStatement, DATA, block);
    const [a, b] = [randomScalar(), randomScalar()];
    const forgery: Proof = {
      a: g1(a),
      b: g2(b),
      c: g1((a * b - alpha * beta - publicScalar - error) * invertField(delta)),
      blockCommitment: g1(block),
      blockKnowledge: g1(block * sigma + error),
    };
    expect(await registry.verify(key.keyId, falseStatement, g1(DATA), forgery)).to.equal(false);
  });
});

describe("Attacks on keys", () => {
  async function harness() {
    const { registry } = await deployed();
    return { registry, groth16: await ethers.deployContract("Groth16Harness") };
  }

  /** A = alpha1, B = beta2, C = −vkx: needs nothing but the key. */
  function forgeWithoutPhase2(unfinished: TrapdoorKey): Proof {
    const { trapdoor } = unfinished;
    const block = randomScalar();
    return {
      a: g1(trapdoor.alpha),
      b: g2(trapdoor.beta),
      c: g1(-unfinished.publicScalar(falseStatement, DATA, block)),
      blockCommitment: g1(block),
      blockKnowledge: g1(block * trapdoor.sigma),
    };
  }

  it("delta2 = gamma2 makes the known forgery pass, and cannot be registered", async () => {
    const { registry, groth16 } = await harness();
    const unfinished = new TrapdoorKey({ ...key.trapdoor, delta: 1n });
    const forgery = forgeWithoutPhase2(unfinished);
    expect(await groth16.verify(unfinished.bytes, falseStatement, g1(DATA), forgery)).to.equal(true);
    await expect(registry.addKey(unfinished.bytes))
      .to.be.revertedWithCustomError(registry, "CircuitRegistryRepeatedG2Point")
      .withArgs(0n, 8n);
  });

  it("the same forgery fails against a registered key", async () => {
    const { registry } = await harness();
    const forgery = forgeWithoutPhase2(key);
    expect(await registry.verify(key.keyId, falseStatement, g1(DATA), forgery)).to.equal(false);
  });

  it("sigma2 = gamma2 lets D be shifted at will, and cannot be registered", async () => {
    const { registry, groth16 } = await harness();
    const broken = new TrapdoorKey({ ...key.trapdoor, sigma: 1n });
    const shifted = randomScalar() - GAIN * icStatement[2]!;
    // Dp = D: no secret is needed.
    const forgery = broken.proveWithKnowledge(
      { statement: falseStatement, data: DATA, block: shifted },
      shifted,
    );
    expect(await groth16.verify(broken.bytes, falseStatement, g1(DATA), forgery)).to.equal(true);
    await expect(registry.addKey(broken.bytes))
      .to.be.revertedWithCustomError(registry, "CircuitRegistryRepeatedG2Point")
      .withArgs(0n, 12n);
  });

  it("beta2 = delta2 makes A = vkx, B = gamma2, C = −alpha1 pass, and cannot be registered", async () => {
    const { registry, groth16 } = await harness();
    const broken = new TrapdoorKey({ ...key.trapdoor, delta: beta });
    const block = randomScalar();
    const forgery: Proof = {
      a: g1(broken.publicScalar(falseStatement, DATA, block)),
      b: g2(1n),
      c: g1(-alpha),
      blockCommitment: g1(block),
      blockKnowledge: g1(block * sigma),
    };
    expect(await groth16.verify(broken.bytes, falseStatement, g1(DATA), forgery)).to.equal(true);
    await expect(registry.addKey(broken.bytes))
      .to.be.revertedWithCustomError(registry, "CircuitRegistryRepeatedG2Point")
      .withArgs(4n, 8n);
  });

  it("a proof for one key says nothing under another with the same circuit digest", async () => {
    const { registry } = await harness();
    const other = new TrapdoorKey(drawTrapdoor());
    await registry.addKey(other.bytes);
    const proof = other.prove({ statement: falseStatement, data: DATA });
    expect(await registry.verify(other.keyId, falseStatement, g1(DATA), proof)).to.equal(true);
    expect(await registry.verify(key.keyId, falseStatement, g1(DATA), proof)).to.equal(false);
  });
});

describe("Attacks by aliasing", () => {
  it("a statement word plus r reverts, whichever it is", async () => {
    const { registry } = await deployed();
    const proof = key.prove({ statement: trueStatement, data: DATA });
    for (const [index, word] of trueStatement.entries()) {
      await expect(registry.verify(key.keyId, trueStatement.with(index, word + FIELD_ORDER), g1(DATA), proof))
        .to.be.revertedWithCustomError(registry, "StatementWordTooLarge")
        .withArgs(index, word + FIELD_ORDER);
    }
  });

  it("a count plus 2^32 and a shard plus 2^8 revert in the market", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    const proof = await proofFor(d, taskId, alice, 350n);
    const data = market.interface.encodeFunctionData("prove", single(taskId, 350n, proof));
    const countWord = ethers.toBeHex(350n, 32).slice(2);
    const shardAndCount = `${"0".repeat(64)}${countWord}`;
    expect(data.split(shardAndCount)).to.have.length(2);
    for (const [shard, correct] of [
      [0n, 350n + 2n ** 32n],
      [0n, 350n + FIELD_ORDER],
      [2n ** 8n, 350n],
    ] as const) {
      const aliased = [shard, correct].map((value) => ethers.toBeHex(value, 32).slice(2)).join("");
      const changed = data.replace(shardAndCount, aliased);
      // The ABI decoder refuses them, without a reason.
      await expect(alice.sendTransaction({ to: market, data: changed })).to.be.revertedWithoutReason(ethers);
    }
    await alice.sendTransaction({ to: market, data });
  });

  it("a model commitment plus r reverts in the market", async () => {
    const d = await deployed();
    const { taskId } = await postTask(d);
    await stakeFor(d, d.alice);
    const alias = modelCommitmentOf(d.alice) + FIELD_ORDER;
    await expect(d.market.connect(d.alice).commit(taskId, alias))
      .to.be.revertedWithCustomError(d.market, "TaskMarketNotInField")
      .withArgs(alias);
  });
});

describe("Attacks by replay", () => {
  it("(−A, −B, C) passes the registry, and is not paid again", async () => {
    const d = await deployed();
    const { registry, market, alice } = d;
    const { taskId } = await postTask(d, { split: SPLIT.proRata });
    await commitAs(d, taskId, alice);
    const proof = await proofFor(d, taskId, alice, 350n);
    const statement = await statementFor(d, taskId, alice, 350n);
    const negated = negatedPair(proof);
    // The fold's weight covers A and B, but both equations hold by themselves.
    expect(await registry.verify(key.keyId, statement, g1(DATA), negated)).to.equal(true);
    await market.connect(alice).prove(...single(taskId, 350n, proof));
    await expect(market.connect(alice).prove(...single(taskId, 350n, negated)))
      .to.be.revertedWithCustomError(market, "TaskMarketAlreadyProven")
      .withArgs(taskId, alice.address);
    expect((await market.task(taskId)).provenCount).to.equal(1n);
  });

  it("a re-randomised proof is paid once and to its prover only", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice, bob);
    const proof = await proofFor(d, taskId, alice, 350n);
    await expect(market.connect(bob).prove(...single(taskId, 350n, negatedPair(proof))))
      .to.be.revertedWithCustomError(market, "TaskMarketInvalidProof")
      .withArgs(taskId, bob.address);
    await market.connect(alice).prove(...single(taskId, 350n, negatedPair(proof)));
    await expect(market.connect(alice).prove(...single(taskId, 350n, proof)))
      .to.be.revertedWithCustomError(market, "TaskMarketWrongState")
      .withArgs(taskId, TASK.settled);
    expect(await market.creditOf(alice, NATIVE)).to.equal(REWARD_WEI);
  });

  it("a proof copied by another committed sender is worth nothing, even with a copied commitment", async () => {
    const d = await deployed();
    const { market, alice, bob } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    await stakeFor(d, bob);
    await market.connect(bob).commit(taskId, modelCommitmentOf(alice));
    const proof = await proofFor(d, taskId, alice, 350n);
    await expect(market.connect(bob).prove(...single(taskId, 350n, proof)))
      .to.be.revertedWithCustomError(market, "TaskMarketInvalidProof")
      .withArgs(taskId, bob.address);
    await market.connect(alice).prove(...single(taskId, 350n, proof));
  });

  it("a proof of another task of the same prover is worth nothing", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const first = await postTask(d);
    const second = await postTask(d);
    await commitAs(d, first.taskId, alice);
    await commitAs(d, second.taskId, alice);
    const proof = await proofFor(d, first.taskId, alice, 350n);
    await market.connect(alice).prove(...single(first.taskId, 350n, proof));
    await expect(market.connect(alice).prove(...single(second.taskId, 350n, proof)))
      .to.be.revertedWithCustomError(market, "TaskMarketInvalidProof")
      .withArgs(second.taskId, alice.address);
  });

  it("a proof made for another market is worth nothing", async () => {
    const d = await deployed();
    const { registry, vault, market, alice, owner } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    const otherMarket = await deployMarket(registry, vault, owner);
    const proof = await proofFor({ ...d, market: otherMarket }, taskId, alice, 350n);
    await expect(market.connect(alice).prove(...single(taskId, 350n, proof)))
      .to.be.revertedWithCustomError(market, "TaskMarketInvalidProof")
      .withArgs(taskId, alice.address);
  });

  it("a proof made for another chain is worth nothing", async () => {
    const d = await deployed();
    const { market, alice } = d;
    const { taskId } = await postTask(d);
    await commitAs(d, taskId, alice);
    const { chainId } = await ethers.provider.getNetwork();
    const address = await market.getAddress();
    const contextOn = (id: bigint): bigint => accuracyContext(id, address, taskId, alice.address);
    const proofOn = (id: bigint): Proof =>
      key.prove({ statement: [contextOn(id), modelCommitmentOf(alice), 350n], data: DATA });
    await expect(market.connect(alice).prove(...single(taskId, 350n, proofOn(chainId + 1n))))
      .to.be.revertedWithCustomError(market, "TaskMarketInvalidProof")
      .withArgs(taskId, alice.address);
    await market.connect(alice).prove(...single(taskId, 350n, proofOn(chainId)));
  });

  it("the same deployment on a chain with another id computes another context", async () => {
    const contextOn = async (chainId: number): Promise<bigint> => {
      const other = await network.create({ network: "default", override: { chainId } });
      const registry = await other.ethers.deployContract("CircuitRegistry", [true, 0n]);
      const vault = await other.ethers.deployContract("StakeVault", [0n]);
      const [sender] = await other.ethers.getSigners();
      const market = await deployMarket(registry, vault, sender!, other.ethers);
      const context = await market.proofContext(1n, sender!);
      expect(context).to.equal(
        accuracyContext(BigInt(chainId), await market.getAddress(), 1n, sender!.address),
      );
      await other.close();
      return context;
    };
    expect(await contextOn(31_337)).not.to.equal(await contextOn(31_338));
  });
});
