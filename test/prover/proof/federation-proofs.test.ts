import { expect } from "chai";
import path from "node:path";

import { buildCircuit, CIRCUITS_DIRECTORY } from "../../../prover/src/circuits/build.ts";
import { type CircuitInstance, circuitLayout } from "../../../prover/src/circuits/instance.ts";
import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import { flattenBlock, type SignalValues } from "../../../prover/src/circuits/layout.ts";
import { SeededRandom } from "../../../prover/src/data/random.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import { makeDevelopmentKeys } from "../../../prover/src/proof/keys/development.ts";
import { decodeVerifyingKey } from "../../../prover/src/proof/keys/verifying-key.ts";
import { releaseCurve } from "../../../prover/src/proof/multi-exponentiation.ts";
import { proveCircuit } from "../../../prover/src/proof/prove.ts";
import { verifyProof } from "../../../prover/src/proof/verify.ts";
import { aggregateWitness } from "../../../prover/src/witness/aggregate-witness.ts";
import { maskedUpdateWitness } from "../../../prover/src/witness/masked-update-witness.ts";
import { randomModel } from "../../circuits/support/accuracy-case.ts";
import { members } from "../../circuits/support/federation-case.ts";

const BUILD = path.join(path.dirname(CIRCUITS_DIRECTORY), "build");
const NO_DATA_POINT = { x: 0n, y: 0n };

/** Proves with development keys, and tells whether the proof holds for its statement and for one with a word changed. */
async function proveAndVerify(
  instance: CircuitInstance,
  witness: {
    readonly statement: SignalValues;
    readonly committed: SignalValues;
    readonly private: SignalValues;
  },
): Promise<boolean[]> {
  const circuit = await buildCircuit(instance, path.join(BUILD, "circuits"));
  const keys = await makeDevelopmentKeys(circuit, path.join(BUILD, "keys", instance.id));
  const layout = circuitLayout(instance);
  const proof = await proveCircuit({
    circuit,
    keys,
    layout,
    statement: witness.statement,
    dataset: {},
    committed: witness.committed,
    private: witness.private,
    dataPoint: NO_DATA_POINT,
  });
  const key = decodeVerifyingKey(keys.manifest.verifyingKey);
  const words = flattenBlock(layout.statement, witness.statement);
  const statements = [words, ...words.keys().map((index) => words.with(index, words[index]! + 1n))];
  return statements.map((statement) => verifyProof(key, keys.keyId, statement, NO_DATA_POINT, proof));
}

describe("Proofs of a federation's round", function () {
  this.timeout(600_000);
  after(() => releaseCurve());

  it("hold for a masked update and for the average of all, and for no other statement", async () => {
    const masked = await loadCircuitInstance("masked-update", "masked-4-3-3x4");
    const aggregate = await loadCircuitInstance("aggregate", "aggregate-4-3-3x4");
    const random = new SeededRandom("1", "federation proofs");
    const updates = members(3, random).map((member, place) =>
      maskedUpdateWitness(masked, {
        context: 1n,
        model: randomModel(masked.architecture, random),
        salt: BigInt(100 + place),
        weightFactor: 1 + place,
        member,
        peerPlaces: [0, 1, 2],
      }),
    );
    const average = aggregateWitness(
      aggregate,
      2n,
      updates.map(({ vector }) => vector),
      6,
    );
    expect(average.statement["vectorDigests"]!.slice(0, 3)).to.deep.equal(
      updates.map(({ statement }) => statement["maskedDigest"]![0]),
    );
    expect(average.statement["globalCommitment"]).to.deep.equal([modelCommitment(average.model, 0n)]);
    expect(await proveAndVerify(masked, updates[0]!)).to.deep.equal([
      true,
      ...new Array<boolean>(10).fill(false),
    ]);
    expect(await proveAndVerify(aggregate, average)).to.deep.equal([
      true,
      ...new Array<boolean>(7).fill(false),
    ]);
  });
});
