import { expect } from "chai";

import type { SignalValues } from "../../prover/src/circuits/layout.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import { maskedVector, peerSetWord, type RoundMember } from "../../prover/src/federation/masks.ts";
import { pairKey } from "../../prover/src/federation/pair-keys.ts";
import { parameterVector, vectorDigest } from "../../prover/src/federation/parameter-vector.ts";
import { toField } from "../../prover/src/field.ts";
import { modelCommitment } from "../../prover/src/model/commitment.ts";
import { maskedUpdateWitness } from "../../prover/src/witness/masked-update-witness.ts";
import { fieldElement, randomModel } from "./support/accuracy-case.ts";
import { ARCHITECTURE, MASKED, members, withChallenges } from "./support/federation-case.ts";
import { compileTraining, type TrainingCircuit } from "./support/training-case.ts";

const EVERYBODY = [0, 1, 2, 3];

describe("MaskedUpdate", function () {
  this.timeout(600_000);

  const random = new SeededRandom("1", "masked-update");
  const model = randomModel(ARCHITECTURE, random);
  const salt = fieldElement(random);
  const roster = members(4, random);
  const honest = (member: RoundMember, changes: Partial<Parameters<typeof maskedUpdateWitness>[1]> = {}) =>
    withChallenges(
      maskedUpdateWitness(MASKED, {
        context: 7n,
        model,
        salt,
        weightFactor: 5,
        member,
        peerPlaces: EVERYBODY,
        ...changes,
      }),
      random,
    );
  let circuit: TrainingCircuit;
  let inputs: SignalValues;

  // Keys, bits of the scalar and of the set are unique, so where the solver fails there is no witness at all.
  async function expectNone(changes: SignalValues, what: string): Promise<void> {
    const outcome: unknown = await circuit.solve({ ...inputs, ...changes }).catch((cause: unknown) => cause);
    expect(outcome, what).to.be.instanceOf(Error);
    expect((outcome as Error).message).to.include("Assert Failed");
  }

  before(async () => {
    circuit = await compileTraining(MASKED);
    inputs = honest(roster[1]!);
  });

  it("holds for every member's vector, for extreme models and factors", async () => {
    for (const [place, style, weightFactor] of [
      [0, "largest", 28],
      [1, "uniform", 1],
      [2, "smallest", 28],
      [3, "extreme", 7],
    ] as const) {
      const values = honest(roster[place]!, {
        model: randomModel(ARCHITECTURE, random, style),
        weightFactor,
      });
      expect(circuit.system.violated(await circuit.solve(values)), `member ${place}`).to.deep.equal([]);
    }
  });

  it("holds with empty places on the roster, and for the vector without a peer that dropped out", async () => {
    for (const member of members(3, random)) {
      const witness = await circuit.solve(honest(member, { peerPlaces: [0, 1, 2] }));
      expect(circuit.system.violated(witness)).to.deep.equal([]);
    }
    const again = honest(roster[1]!, { peerPlaces: [0, 1, 3] });
    expect(circuit.system.violated(await circuit.solve(again))).to.deep.equal([]);
    expect(again["maskedDigest"]).not.to.deep.equal(inputs["maskedDigest"]);
  });

  it("has no witness for a vector of other masks or of none", async () => {
    const vector = maskedVector(model, 5, MASKED.maxFactorSum, roster[1]!, EVERYBODY);
    for (const [what, forged] of [
      ["one word off by one", vector.with(0, toField(vector[0]! + 1n))],
      ["no masks", parameterVector(model, 5, MASKED.maxFactorSum)],
      ["another round", maskedVector(model, 5, 28, { ...roster[1]!, round: 1001n }, EVERYBODY)],
      ["another federation", maskedVector(model, 5, 28, { ...roster[1]!, federation: 9n }, EVERYBODY)],
      ["a peer left out", maskedVector(model, 5, 28, roster[1]!, [0, 1, 3])],
      ["another's masks", maskedVector(model, 5, 28, roster[2]!, EVERYBODY)],
    ] as const) {
      await expectNone({ maskedDigest: [vectorDigest(forged)] }, what);
    }
  });

  it("has no witness for another model than the committed one, or another factor", async () => {
    const other = honest(roster[1]!, { model: randomModel(ARCHITECTURE, random) });
    const { modelCommitment: own } = inputs as Record<string, bigint[]>;
    await expectNone({ ...other, modelCommitment: own! }, "the vector of another model");
    await expectNone({ maskedDigest: other["maskedDigest"]! }, "the digest of another model's vector");
    await expectNone({ modelCommitment: [modelCommitment(model, salt + 1n)] }, "salt");
    await expectNone({ weightFactor: [6n] }, "factor");
    await expectNone({ weightFactor: [0n] }, "factor of nothing");
  });

  it("has no witness for parameters out of range", async () => {
    const limbs = inputs["weightLimbs"]!;
    await expectNone({ weightLimbs: limbs.with(0, limbs[0]! + 64n) }, "weight");
  });

  it("has no witness for swapped peers, another roster, set, key or place", async () => {
    const points = inputs["roster"]!;
    const swapped = [...points.slice(0, 4), ...points.slice(6, 8), ...points.slice(4, 6)];
    await expectNone({ roster: swapped }, "swapped peers");
    const stranger = pairKey(11n);
    const { x, y } = stranger.publicKey;
    await expectNone({ ownKey: [x, y], ownScalar: [stranger.scalar] }, "key of a stranger");
    await expectNone({ ownScalar: [stranger.scalar] }, "scalar of a stranger");
    await expectNone({ isOwn: [1n, 0n, 0n, 0n] }, "another place");
    await expectNone({ isOwn: [0n, 0n, 0n, 0n] }, "no place");
    await expectNone({ isOwn: [0n, 2n, -1n, 0n].map(toField) }, "places that are no bits");
    await expectNone({ peersDigest: [1n] }, "roster");
    await expectNone({ peerSet: [peerSetWord([0, 1, 3])] }, "a smaller set");
    await expectNone({ peerSet: [peerSetWord([0, 1, 2, 3, 4])] }, "a place beyond the roster");
  });

  it("takes no notice of the member's own bit in the set", async () => {
    const witness = await circuit.solve({ ...inputs, peerSet: [peerSetWord([0, 2, 3])] });
    expect(circuit.system.violated(witness)).to.deep.equal([]);
  });

  it("leaves no wire free: a valid witness with one wire changed violates some row", async () => {
    const witness = await circuit.solve(inputs);
    const free: string[] = [];
    for (let wire = 1; wire < circuit.system.wireCount; wire++) {
      const rows = circuit.system.rowsOf(wire);
      const changed = [witness[wire]! + 1n, fieldElement(random)].map(toField);
      if (changed.some((value) => circuit.system.violated(witness.with(wire, value), rows).length === 0)) {
        free.push(circuit.wireNames[wire]!);
      }
    }
    expect(free).to.deep.equal([]);
  });
});
