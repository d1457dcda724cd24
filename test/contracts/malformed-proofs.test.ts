/** Hundreds of damaged proofs (10,000 with ZKPOT_LONG=1): none is accepted, none costs more than the limit. */
import { expect } from "chai";
import fc from "fast-check";

import { FIELD_ORDER } from "../../prover/src/field.ts";
import {
  commitAs,
  DATA,
  deployed,
  ethers,
  key,
  NATIVE,
  postTask,
  REWARD_WEI,
  shardedTestSet,
  shardProofs,
  shardScalar,
  statementFor,
  SUBMISSION,
} from "./support/deployment.ts";
import {
  BASE_FIELD_ORDER,
  g1,
  g2OutsideSubgroup,
  negatedPair,
  randomScalar,
} from "./support/trapdoor-key.ts";

import type { G2Point, Proof } from "./support/trapdoor-key.ts";

const RUNS = process.env["ZKPOT_LONG"] === "1" ? 10_000 : 400;
const GAS_LIMIT = 500_000n;
const PROOF_WORDS = 12;

const statement = [randomScalar(), randomScalar(), 350n];
const valid = key.prove({ statement, data: DATA });

function proofToWords({ a, b, c, blockCommitment, blockKnowledge }: Proof): bigint[] {
  return [a, b, c, blockCommitment, blockKnowledge].flatMap((point) => Object.values(point) as bigint[]);
}

function wordsToProof(words: readonly bigint[]): Proof {
  const point = (index: number) => ({ x: words[index]!, y: words[index + 1]! });
  const [xImag, xReal, yImag, yReal] = words.slice(2, 6);
  const b = { xImag, xReal, yImag, yReal } as G2Point;
  return { a: point(0), b, c: point(6), blockCommitment: point(8), blockKnowledge: point(10) };
}

/** Values that break an encoding or an equation. */
const wordValue = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  fc.constantFrom(0n, 1n, BASE_FIELD_ORDER - 1n, BASE_FIELD_ORDER, FIELD_ORDER, 2n ** 256n - 1n),
);

const wordIndex = fc.nat({ max: PROOF_WORDS - 1 });
const g1Index = fc.constantFrom(0, 6, 8, 10);

/** A change of the words of a proof. */
type Damage = (words: readonly bigint[]) => bigint[];

const setWord =
  (index: number, value: bigint): Damage =>
  (words) =>
    words.with(index, value);
const flipBit =
  (index: number, bit: number): Damage =>
  (words) =>
    words.with(index, words[index]! ^ (1n << BigInt(bit)));
const addFieldOrder =
  (index: number): Damage =>
  (words) =>
    words.with(index, BigInt.asUintN(256, words[index]! + BASE_FIELD_ORDER));
const setPoint =
  (index: number, scalar: bigint): Damage =>
  (words) =>
    words.with(index, g1(scalar).x).with(index + 1, g1(scalar).y);
const copyPoint =
  (to: number, from: number): Damage =>
  (words) =>
    words.with(to, words[from]!).with(to + 1, words[from + 1]!);
const negatePoint =
  (index: number): Damage =>
  (words) =>
    words.with(index + 1, BigInt.asUintN(256, BASE_FIELD_ORDER - words[index + 1]!));
const dropPoint =
  (index: number): Damage =>
  (words) =>
    words.with(index, 0n).with(index + 1, 0n);

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(wordIndex, wordValue).map((args) => setWord(...args)),
  fc.tuple(wordIndex, fc.nat({ max: 255 })).map((args) => flipBit(...args)),
  wordIndex.map(addFieldOrder),
  fc.tuple(g1Index, fc.bigInt({ min: 1n, max: FIELD_ORDER - 1n })).map((args) => setPoint(...args)),
  fc.tuple(g1Index, g1Index).map((args) => copyPoint(...args)),
  g1Index.map(negatePoint),
  g1Index.map(dropPoint),
);

describe("Malformed proofs", () => {
  it(`none of ${RUNS} is accepted, and none burns more than ${GAS_LIMIT} gas`, async function () {
    this.timeout(600_000);
    const { registry } = await deployed();
    const meter = await ethers.deployContract("GasMeter");
    const accepted = new Set([valid, negatedPair(valid)].map((proof) => proofToWords(proof).join()));
    const outcomes = { reverted: 0, rejected: 0, accepted: 0 };

    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        const words = damages.reduce((current, change) => change(current), proofToWords(valid));
        const call = registry.interface.encodeFunctionData("verify", [
          key.keyId,
          statement,
          g1(DATA),
          wordsToProof(words),
        ]);
        const [success, result, gasUsed] = await meter.measure.staticCall(registry, call);
        expect(gasUsed <= GAS_LIMIT, `${gasUsed} gas`).to.equal(true);
        const isAccepted = success && BigInt(result) === 1n;
        expect(isAccepted).to.equal(accepted.has(words.join()));
        outcomes[isAccepted ? "accepted" : success ? "rejected" : "reverted"]++;
      }),
      { numRuns: RUNS },
    );

    // The property means something only if the damage reached the checks and the equation alike.
    expect(outcomes.reverted > RUNS / 10, JSON.stringify(outcomes)).to.equal(true);
    expect(outcomes.rejected > RUNS / 50, JSON.stringify(outcomes)).to.equal(true);
  });
});

describe("Malformed proofs in a batch", () => {
  const COUNTS = { 0: 120n, 1: 115n, 2: 115n };

  it(`spoil all of it, wherever they stand, and burn at most ${GAS_LIMIT} gas a proof`, async function () {
    this.timeout(600_000);
    const d = await deployed();
    const { taskId } = await postTask(d, shardedTestSet(3));
    await commitAs(d, taskId, d.alice);
    const [, counts, proofs] = await shardProofs(d, taskId, d.alice, COUNTS);
    const alice = d.alice.address;
    const call = (list: readonly Proof[]) =>
      d.market.connect(d.alice).prove.estimateGas(taskId, counts, [...list]);
    expect((await call(proofs)) <= 3n * GAS_LIMIT).to.equal(true);
    const meter = await ethers.deployContract("GasMeter");
    const statements = await Promise.all(
      Object.values(COUNTS).map((correct) => statementFor(d, taskId, d.alice, correct)),
    );
    const points = [0, 1, 2].map((shard) => g1(shardScalar(shard)));
    const verify = async (list: readonly Proof[]): Promise<{ isAccepted: boolean; gasUsed: bigint }> => {
      const data = d.registry.interface.encodeFunctionData("verifyBatch", [
        key.keyId,
        statements.flat(),
        points,
        [...list],
      ]);
      const [success, result, gasUsed] = await meter.measure.staticCall(d.registry, data);
      return { isAccepted: success && BigInt(result) === 1n, gasUsed };
    };
    expect((await verify(proofs)).isAccepted).to.equal(true);

    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 2 }),
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        async (position, damages) => {
          const good = proofToWords(proofs[position]!);
          const words = damages.reduce((current, change) => change(current), good);
          const list = proofs.with(position, wordsToProof(words));
          const { isAccepted, gasUsed } = await verify(list);
          const isStillGood = [proofs[position]!, negatedPair(proofs[position]!)].some(
            (proof) => proofToWords(proof).join() === words.join(),
          );
          expect(isAccepted).to.equal(isStillGood);
          expect(gasUsed <= 3n * GAS_LIMIT, `${gasUsed} gas`).to.equal(true);
        },
      ),
      { numRuns: RUNS / 4 },
    );

    const { state, provenShards } = await d.market.submission(taskId, alice);
    expect([state, provenShards]).to.deep.equal([SUBMISSION.committed, 0n]);
  });

  it("off the curve or outside the subgroup are refused at every place of a batch, and cost no stake", async () => {
    const d = await deployed();
    const { taskId } = await postTask(d, shardedTestSet(3));
    await commitAs(d, taskId, d.alice);
    const [, counts, proofs] = await shardProofs(d, taskId, d.alice, COUNTS);
    const outside = g2OutsideSubgroup();
    for (const position of [0, 1, 2]) {
      const good = proofs[position]!;
      for (const bad of [
        { ...good, a: { x: good.a.x, y: good.a.y ^ 1n } },
        { ...good, c: { x: 5n, y: 5n } },
        { ...good, b: { ...good.b, xReal: good.b.xReal ^ 1n } },
        { ...good, b: outside },
        { ...good, blockCommitment: { x: 3n, y: 3n } },
        { ...good, blockKnowledge: { x: good.blockKnowledge.x ^ 1n, y: good.blockKnowledge.y } },
      ]) {
        const list = proofs.with(position, bad);
        await expect(d.market.connect(d.alice).prove(taskId, counts, list)).to.revert(ethers);
      }
    }
    // The prover loses gas and nothing else: it goes on with good proofs.
    await d.market.connect(d.alice).prove(taskId, counts, proofs);
    expect(await d.market.creditOf(d.alice, NATIVE)).to.equal(REWARD_WEI);
  });
});
