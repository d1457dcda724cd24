/**
 * The gas of sealed test sets, compared with seal-gas-snapshot.json: of 39 words, and of the largest trees there are.
 * ZKPOT_UPDATE_SNAPSHOT=1 rewrites the file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { concat, keccak256, toBeHex } from "ethers";
import hre from "hardhat";

import type { Hash } from "../../prover/src/merkle-vector.ts";
import { releaseCurve } from "../../prover/src/proof/multi-exponentiation.ts";
import { CHUNK_WORDS, type OpenedWord, openingRoot, openShards } from "../../prover/src/seal/opening.ts";
import { ANSWER_GAS } from "../../prover/src/seal/terms.ts";
import { openingCase } from "../support/opening-cases.ts";
import { nextBlockAt } from "./support/deployment.ts";
import { faultOf, openCase, postSealed, sealDeployed, threeShards, wrongAt } from "./support/seal.ts";
import { g1, packWords, seededScalars } from "./support/trapdoor-key.ts";

import type { ContractTransactionResponse } from "ethers";

const SNAPSHOT_FILE = path.join(import.meta.dirname, "seal-gas-snapshot.json");
/** Keys of tasks and proofs are fresh in every run: zero bytes in them make calldata cheaper by chance. */
const TOLERANCE = 1_000;
const LIMITS = { dispute: 200_000, answer: Number(ANSWER_GAS), other: 150_000 };
/** Shards, and words of each, of the largest opening a task can have; the step in the middle has the longest path. */
const LARGEST = { shards: 64, words: 2 ** 32 - 1, depth: 38, basesDepth: 32, index: 2 ** 37 };

function hash(...words: readonly string[]): Hash {
  return keccak256(concat(words)) as Hash;
}

function leafOf(index: number, value: string): Hash {
  return hash(hash(toBeHex(index, 32), value));
}

function climb(node: Hash, index: number, siblings: readonly Hash[]): Hash {
  return siblings.reduce(
    (below, sibling, level) =>
      Math.floor(index / 2 ** level) % 2 === 0 ? hash(below, sibling) : hash(sibling, below),
    node,
  );
}

function valueOf({ word, partialSum: { x, y } }: OpenedWord): Hash {
  return hash(packWords([word, x, y]));
}

/** Draws arbitrary values and siblings, the same in every run. */
function drawer(label: string) {
  const draw = seededScalars(label);
  return {
    sibling: () => toBeHex(draw(), 32) as Hash,
    opened: (): OpenedWord => ({ word: draw(), partialSum: g1(draw()) }),
    base: () => g1(draw()),
  };
}

/** The first chunk of the largest opening: the root follows from its values and from arbitrary siblings. */
function largestChunk() {
  const { sibling, opened } = drawer("largest chunk");
  const values = Array.from({ length: CHUNK_WORDS }, opened);
  const path = Array.from({ length: LARGEST.depth - Math.log2(CHUNK_WORDS) }, sibling);
  let nodes = values.map((value, index) => leafOf(index, valueOf(value)));
  while (nodes.length > 1) {
    const below = nodes;
    nodes = Array.from({ length: below.length / 2 }, (_, i) => hash(below[2 * i]!, below[2 * i + 1]!));
  }
  return { values, path, openingRoot: climb(nodes[0]!, 0, path) };
}

/** A wrong step in the middle of the largest opening: the roots follow from the claim and from arbitrary siblings. */
function largestClaim() {
  const { depth, basesDepth, words, index } = LARGEST;
  const { sibling, opened, base: drawBase } = drawer("largest claim");
  const [previous, current, base] = [opened(), opened(), drawBase()];
  const apart = depth - 1;
  const openingPath = Array.from({ length: 2 * apart }, sibling);
  const basePath = Array.from({ length: basesDepth }, sibling);
  const left = climb(leafOf(index - 1, valueOf(previous)), index - 1, openingPath.slice(0, apart));
  const right = climb(leafOf(index, valueOf(current)), index, openingPath.slice(apart));
  const position = index % words;
  return {
    claim: { index, previous, current, openingPath, base, basePath },
    openingRoot: hash(left, right),
    basesRoot: climb(leafOf(position, hash(packWords([base.x, base.y]))), position, basePath),
  };
}

async function measureAll(): Promise<Record<string, number>> {
  const gas: Record<string, number> = {};
  const record = async (name: string, sent: Promise<ContractTransactionResponse>): Promise<void> => {
    gas[name] = Number((await (await sent).wait())!.gasUsed);
  };
  const words = await threeShards();
  const wrong = wrongAt(words, 20);

  const d = await sealDeployed();
  const task = await postSealed(d, words);
  await task.commit(d.alice, d.bob);
  await nextBlockAt(task.spec.commitDeadline + 1n);
  await record("reveal", task.reveal());
  await record("demand, first", task.demand(d.alice, 0));
  await record("demand, later", task.demand(d.bob, 1));
  await record("answer, 32 words", task.answer(0));
  await record("answer, 7 words", task.answer(1));
  await nextBlockAt(task.spec.proveDeadline + 1n);
  await record("releaseBond", task.releaseBond());

  const stepped = await postSealed(d, words);
  await stepped.commitAndReveal([d.alice, d.bob, d.carol], openingRoot(wrong));
  await stepped.demand(d.alice, 0);
  await record("disputeStep, 39 words", stepped.dispute(await faultOf(words, wrong)));
  await record("releaseDemand", stepped.releaseDemand(0));
  await record("claimBond, first", stepped.claimBond(d.alice));
  await stepped.claimBond(d.bob);
  await record("claimBond, last with remainder", stepped.claimBond(d.carol));

  const ended = await postSealed(d, words);
  const other = await openShards(words.bases, words.shards.toReversed());
  await ended.commitAndReveal([d.alice], openingRoot(other));
  await record("disputeEnd, 39 words", ended.dispute(await faultOf(words, other)));

  const silent = await postSealed(d, words);
  await silent.commit(d.alice);
  await nextBlockAt(silent.unsealDeadline + 1n);
  await record("forfeit", silent.forfeit());

  const shards = await openCase(openingCase("64 shards", LARGEST.shards, 1));
  const { claim, openingRoot: root, basesRoot } = largestClaim();
  const largest = await postSealed(d, shards, { wordsPerShard: BigInt(LARGEST.words), basesRoot });
  await largest.commitAndReveal([d.alice], root);
  await record("disputeStep, 2^38 words", largest.disputeStep(claim));

  const manyShards = await postSealed(d, shards);
  const reversed = await openShards(shards.bases, shards.shards.toReversed());
  await manyShards.commitAndReveal([d.alice], openingRoot(reversed));
  await record("disputeEnd, 64 shards", manyShards.dispute(await faultOf(shards, reversed)));
  // Where nobody has credits yet, which costs an answer most.
  const fresh = await sealDeployed();
  const chunk = largestChunk();
  const answered = await postSealed(fresh, shards, { wordsPerShard: BigInt(LARGEST.words) });
  await answered.commitAndReveal([fresh.alice], chunk.openingRoot);
  await answered.demand(fresh.alice, 0);
  await record(
    "answer, 2^38 words",
    fresh.seal.connect(fresh.stranger).answer(answered.taskId, 0, chunk.values, chunk.path),
  );
  return gas;
}

describe("Gas of sealed test sets", () => {
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
  after(releaseCurve);

  it("is what the snapshot says, but for zero bytes in calldata", () => {
    const snapshot = JSON.parse(readFileSync(SNAPSHOT_FILE, "utf8")) as Record<string, number>;
    expect(Object.keys(gas)).to.deep.equal(Object.keys(snapshot));
    for (const [name, expected] of Object.entries(snapshot)) {
      expect(gas[name], name).to.be.closeTo(expected, TOLERANCE);
    }
  });

  it(`of a dispute stays within ${LIMITS.dispute}, of an answer within ${LIMITS.answer}, of the rest within ${LIMITS.other}`, () => {
    for (const [name, used] of Object.entries(gas)) {
      const kind = name.startsWith("dispute") ? "dispute" : name.startsWith("answer") ? "answer" : "other";
      expect(used, name).to.be.at.most(LIMITS[kind]);
    }
  });
});
