import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";

import type { AccuracyInstance } from "../../../prover/src/circuits/accuracy.ts";
import type { CompiledCircuit } from "../../../prover/src/circuits/build.ts";
import { flattenBlock } from "../../../prover/src/circuits/layout.ts";
import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { commandBackend, SNARKJS_BACKEND } from "../../../prover/src/proof/backend.ts";
import { drawChallenges, type Groth16Proof } from "../../../prover/src/proof/challenge.ts";
import type { KeySet } from "../../../prover/src/proof/keys/key-set.ts";
import { decodeVerifyingKey } from "../../../prover/src/proof/keys/verifying-key.ts";
import { multiExponentiate, releaseCurve } from "../../../prover/src/proof/multi-exponentiation.ts";
import { BASE_FIELD_ORDER, type G1Point } from "../../../prover/src/proof/points.ts";
import {
  datasetPoint,
  proveCircuit,
  type ProvingStep,
  solveCircuit,
} from "../../../prover/src/proof/prove.ts";
import { verifyProof } from "../../../prover/src/proof/verify.ts";
import { randomFieldElement } from "../../../prover/src/random-field.ts";
import { expectError } from "../support/expect-error.ts";
import { provingInput, statementWords, tinyCircuit } from "./support/tiny-proof.ts";

const { Point } = bn254.G1;
const add = (a: G1Point, b: G1Point): G1Point => Point.fromAffine(a).add(Point.fromAffine(b)).toAffine();
const times = (a: G1Point, scalar: bigint): G1Point => Point.fromAffine(a).multiply(scalar).toAffine();
const negate = (a: G1Point): G1Point => Point.fromAffine(a).negate().toAffine();

describe("proveCircuit", () => {
  let circuit: CompiledCircuit<AccuracyInstance>;
  let keys: KeySet;
  let input: Awaited<ReturnType<typeof provingInput>>;
  let proof: Groth16Proof;
  let statement: bigint[];
  const steps: ProvingStep[] = [];

  const verify = (
    changed: { statement?: bigint[]; dataPoint?: G1Point; proof?: Groth16Proof; keyId?: `0x${string}` } = {},
  ) =>
    verifyProof(
      decodeVerifyingKey(keys.manifest.verifyingKey),
      changed.keyId ?? keys.keyId,
      changed.statement ?? statement,
      changed.dataPoint ?? input.dataPoint,
      changed.proof ?? proof,
    );

  before(async () => {
    ({ circuit, keys } = await tinyCircuit());
    input = await provingInput(circuit, keys);
    proof = await proveCircuit(input, { onStep: (step) => steps.push(step) });
    statement = statementWords(input);
  });
  after(releaseCurve);

  it("makes a proof that verifies, step by step", () => {
    expect(verify()).to.equal(true);
    expect(steps).to.deep.equal(["commit", "witness", "prove", "verify"]);
  });

  it("makes what snarkjs accepts as a plain Groth16 proof of all public signals", async () => {
    const { groth16, wtns, zKey } = await import("snarkjs");
    const committed = { ...input.committed, blockMask: [5n] };
    const block = flattenBlock(input.layout.committed, committed);
    const blockCommitment = await multiExponentiate(keys.commitmentKey.committedBases, block);
    const { alpha, rho } = drawChallenges(keys.keyId, statement, input.dataPoint, blockCommitment);
    const witness = await solveCircuit(circuit, {
      ...input.statement,
      alpha: [alpha],
      rho: [rho],
      ...input.dataset,
      ...committed,
      ...input.private,
    });
    expect(await wtns.check(circuit.r1csFile, { type: "mem", data: witness })).to.equal(true);
    const plain = await groth16.prove(keys.provingKeyFile, { type: "mem", data: witness });
    const key = await zKey.exportVerificationKey(keys.provingKeyFile);
    expect(await groth16.verify(key, plain.publicSignals, plain.proof)).to.equal(true);
    expect(await groth16.verify(key, plain.publicSignals.with(2, "0"), plain.proof)).to.equal(false);
  });

  it("gives another block commitment every time, also for the same model", async () => {
    const again = await proveCircuit(input);
    expect(again.blockCommitment).to.not.deep.equal(proof.blockCommitment);
    expect(verify({ proof: again })).to.equal(true);
  });

  it("hides the block: the right model does not explain the commitment without its mask", async () => {
    const guess = flattenBlock(input.layout.committed, { ...input.committed, blockMask: [0n] });
    const explained = await multiExponentiate(keys.commitmentKey.committedBases, guess);
    expect(explained).to.not.deep.equal(proof.blockCommitment);
  });

  it("is worth nothing for another context, model commitment or count", () => {
    statement.forEach((word, index) => {
      expect(verify({ statement: statement.with(index, word + 1n) }), `word ${index}`).to.equal(false);
    });
  });

  it("is worth nothing for another data set or key id", () => {
    expect(verify({ dataPoint: times(input.dataPoint, 2n) })).to.equal(false);
    expect(verify({ keyId: `0x${"11".repeat(32)}` })).to.equal(false);
  });

  it("works on a blinded data set, under its own data point only", async () => {
    const dataset = { ...input.dataset, dataBlinding: [randomFieldElement()] };
    const dataPoint = await datasetPoint(input.layout, keys, dataset);
    expect(dataPoint).to.not.deep.equal(input.dataPoint);
    const blinded = await proveCircuit({ ...input, dataset, dataPoint });
    expect(verify({ proof: blinded, dataPoint })).to.equal(true);
    expect(verify({ proof: blinded })).to.equal(false);
    expect(verify({ dataPoint })).to.equal(false);
    await expectError(() => proveCircuit({ ...input, dataPoint }), "proof.invalid", /does not verify/);
  });

  it("rejects D shifted by the IC point of the count to change the statement", () => {
    const ic = decodeVerifyingKey(keys.manifest.verifyingKey).ic[3]!;
    const shifted = add(proof.blockCommitment, negate(ic));
    const forged = { ...proof, blockCommitment: shifted };
    const more = statement.with(2, statement[2]! + 1n);
    expect(verify({ statement: more, proof: forged })).to.equal(false);
    // not even with the challenges of the honest proof: without sigma·IC there is no Dp for the shift
    expect(verify({ statement: more, proof: { ...forged, blockKnowledge: proof.blockKnowledge } })).to.equal(
      false,
    );
  });

  it("rejects D and Dp of another proof, alone and together", async () => {
    const { blockCommitment, blockKnowledge } = await proveCircuit(input);
    expect(verify({ proof: { ...proof, blockCommitment } })).to.equal(false);
    expect(verify({ proof: { ...proof, blockKnowledge } })).to.equal(false);
    expect(verify({ proof: { ...proof, blockCommitment, blockKnowledge } })).to.equal(false);
  });

  it("accepts (−A, −B, C): proofs are malleable, so replay is stopped by state, not by bytes", () => {
    const b = bn254.G2.Point.fromAffine({
      x: bn254.fields.Fp2.fromBigTuple([...proof.b.x]),
      y: bn254.fields.Fp2.fromBigTuple([...proof.b.y]),
    })
      .negate()
      .toAffine();
    const negated = { ...proof, a: negate(proof.a), b: { ...proof.b, y: [b.y.c0, b.y.c1] as const } };
    expect(verify({ proof: negated })).to.equal(true);
  });

  it("refuses statement words and coordinates that are not reduced, and points off the curve", async () => {
    const malformed = (changed: Parameters<typeof verify>[0], message: RegExp) =>
      expectError(() => verify(changed), "proof.malformed", message);
    for (const [index, word] of statement.entries()) {
      await malformed({ statement: statement.with(index, word + FIELD_ORDER) }, /not below the field order/);
    }
    await malformed({ statement: statement.slice(1) }, /2 words, the key verifies 3/);
    await malformed({ proof: { ...proof, a: { ...proof.a, y: proof.a.y + 1n } } }, /not on the curve/);
    const unreduced = { ...proof.c, x: proof.c.x + BASE_FIELD_ORDER };
    await malformed({ proof: { ...proof, c: unreduced } }, /not below the base field's order/);
    for (const name of ["a", "c", "blockCommitment", "blockKnowledge"]) {
      await malformed({ proof: { ...proof, [name]: { x: 0n, y: 0n } } }, /infinity/);
    }
    await malformed({ proof: { ...proof, b: { x: [0n, 0n], y: [0n, 0n] } } }, /infinity/);
    const offTwist = { ...proof.b, x: [proof.b.x[0] + 1n, proof.b.x[1]] as const };
    await malformed({ proof: { ...proof, b: offTwist } }, /not on the curve/);
  });

  it("finds no witness for a count above what the model achieves", async () => {
    const correct = [BigInt(input.claimed + 1)];
    await expectError(
      () => proveCircuit({ ...input, statement: { ...input.statement, correct } }),
      "proof.unsatisfied",
      /do not satisfy circuit tiny/,
    );
  });

  it("finds no witness for another salt or a changed weight", async () => {
    const otherSalt = { ...input, private: { salt: [1n] } };
    const limbs = input.committed["weightLimbs"]!;
    const otherWeight = {
      ...input,
      committed: { ...input.committed, weightLimbs: limbs.with(0, limbs[0]! + 1n) },
    };
    for (const changed of [otherSalt, otherWeight]) {
      await expectError(() => proveCircuit(changed), "proof.unsatisfied", /do not satisfy circuit tiny/);
    }
  });

  it("refuses to hand out a proof that a broken prover made", async () => {
    const broken = {
      name: "broken",
      async prove(zkey: string, witness: Uint8Array) {
        const { a, b, c } = await SNARKJS_BACKEND.prove(zkey, witness);
        return { a, b, c: times(c, 2n) };
      },
    };
    await expectError(() => proveCircuit(input, { backend: broken }), "proof.invalid", /made with broken/);
  });

  describe("commandBackend", () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), "zkpot-test-"));
    const script = (name: string, text: string) => {
      const file = path.join(directory, name);
      writeFileSync(file, text);
      return [process.execPath, file];
    };
    const leftovers = () => readdirSync(os.tmpdir()).filter((name) => name.startsWith("zkpot-witness-"));
    const snarkjs = path.join(import.meta.dirname, "../../../node_modules/snarkjs/build/cli.cjs");
    const prove = async (command: readonly string[]) =>
      proveCircuit(input, { backend: commandBackend(command) });
    const failure = (command: readonly string[], message: RegExp) =>
      expectError(() => prove(command), "proof.backend", message);

    it("proves with a program called as rapidsnark's, and removes the witness", async () => {
      const before = leftovers();
      const made = await prove([process.execPath, snarkjs, "groth16", "prove"]);
      expect(verify({ proof: made })).to.equal(true);
      expect(leftovers()).to.deep.equal(before);
    });

    it("hands the witness over in a directory that only the user can enter", async () => {
      const report = path.join(directory, "mode.txt");
      const spy = script(
        "spy.cjs",
        `const fs=require("fs"),path=require("path");
         const mode=(file)=>(fs.statSync(file).mode&0o777).toString(8);
         fs.writeFileSync(${JSON.stringify(report)}, mode(path.dirname(process.argv[3]))+" "+mode(process.argv[3]));
         process.exit(1);`,
      );
      await failure(spy, /spy.cjs failed/);
      expect(execFileSync("cat", [report], { encoding: "utf8" })).to.equal("700 600");
    });

    it("says so when the program fails, is missing or writes something else, and removes the witness", async () => {
      const before = leftovers();
      await failure(script("fail.cjs", "process.exit(3)"), /fail\.cjs failed/);
      await failure(["/nonexistent/prover"], /nonexistent/);
      await failure(script("silent.cjs", ""), /proof\.json/);
      const garbage = script(
        "garbage.cjs",
        'require("fs").writeFileSync(process.argv[4], \'{"pi_a":["x"]}\')',
      );
      await failure(garbage, /pi_a/);
      expect(leftovers()).to.deep.equal(before);
      await expectError(() => commandBackend([]), "proof.backend", /empty/);
    });
  });
});
