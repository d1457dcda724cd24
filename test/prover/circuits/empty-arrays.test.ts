import { expect } from "chai";
import path from "node:path";

import { buildCircuit, CIRCUITS_DIRECTORY } from "../../../prover/src/circuits/build.ts";
import { loadInstance } from "../../../prover/src/circuits/instances.ts";
import { makeDevelopmentKeys } from "../../../prover/src/proof/keys/development.ts";
import { decodeVerifyingKey } from "../../../prover/src/proof/keys/verifying-key.ts";
import { releaseCurve } from "../../../prover/src/proof/multi-exponentiation.ts";
import { proveCircuit } from "../../../prover/src/proof/prove.ts";
import { verifyProof } from "../../../prover/src/proof/verify.ts";
import { countCorrect } from "../../circuits/support/accuracy-case.ts";
import { ROOMY } from "../../circuits/support/instances.ts";
import { provingInput, statementWords } from "../proof/support/tiny-proof.ts";

const BUILD = path.join(path.dirname(CIRCUITS_DIRECTORY), "build");

/** Circuits in which some signal is an array of no elements. */
describe("A circuit with empty arrays", function () {
  this.timeout(240_000);
  after(() => releaseCurve());

  it("proves a linear model of two classes: breast-cancer-30-2x114, without hidden units", async () => {
    const instance = await loadInstance("breast-cancer-30-2x114");
    const circuit = await buildCircuit(instance, path.join(BUILD, "circuits"));
    const keys = await makeDevelopmentKeys(circuit, path.join(BUILD, "keys", instance.id));
    await expectProof(await provingInput(circuit, keys, { sampleCount: 114 }));
  });

  it("proves two hidden layers of which one has no shift, and so no remainders", async () => {
    const circuit = await buildCircuit(ROOMY.deep, path.join(BUILD, "test-circuits"));
    const keys = await makeDevelopmentKeys(circuit, path.join(BUILD, "test-circuits", "keys"));
    await expectProof(await provingInput(circuit, keys, { sampleCount: 4 }));
  });

  async function expectProof(input: Awaited<ReturnType<typeof provingInput>>): Promise<void> {
    expect(input.claimed).to.equal(countCorrect(input.model, input.samples)).and.to.be.above(0);
    const proof = await proveCircuit(input);
    const { keys, dataPoint } = input;
    const key = decodeVerifyingKey(keys.manifest.verifyingKey);
    const [context, modelCommitment, correct] = statementWords(input) as [bigint, bigint, bigint];
    const verify = (...statement: bigint[]) => verifyProof(key, keys.keyId, statement, dataPoint, proof);
    expect(verify(context, modelCommitment, correct)).to.equal(true);
    expect(verify(context, modelCommitment, correct + 1n)).to.equal(false);
  }
});
