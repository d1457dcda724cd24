import { expect } from "chai";

import type { TrainInitInstance } from "../../prover/src/circuits/train-init.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import { FIELD_ORDER, toField } from "../../prover/src/field.ts";
import { modelCommitment } from "../../prover/src/model/commitment.ts";
import { initialModel } from "../../prover/src/verifiable/initial-model.ts";
import type { TrainingRule } from "../../prover/src/verifiable/training-rule.ts";
import { fieldElement } from "./support/accuracy-case.ts";
import { compileTraining, randomCheckpoint, RULES, type TrainingCircuit } from "./support/training-case.ts";

describe("TrainInit", function () {
  this.timeout(600_000);

  for (const name of ["hidden", "linear"] as const) {
    describe(`with the ${name} rule`, () => {
      const rule: TrainingRule = RULES[name];
      const instance: TrainInitInstance = { id: "train-init-test", template: "train-init", rule };
      let circuit: TrainingCircuit;

      const inputsFor = (seed: bigint, checkpoint: bigint, salt: bigint) => ({
        context: [7n],
        checkpoint: [checkpoint],
        seed: [seed],
        alpha: [8n],
        rho: [9n],
        blockMask: [10n],
        salt: [salt],
      });
      const solve = (seed: bigint, checkpoint: bigint, salt: bigint) =>
        circuit.solve(inputsFor(seed, checkpoint, salt));

      before(async () => {
        circuit = await compileTraining(instance);
      });

      it("holds for the weights that the reference draws, for any seed", async () => {
        const random = new SeededRandom("seeds", "train-init");
        for (const seed of [
          0n,
          1n,
          FIELD_ORDER - 1n,
          ...Array.from({ length: 20 }, () => fieldElement(random)),
        ]) {
          const witness = await solve(seed, modelCommitment(initialModel(rule, seed), 3n), 3n);
          expect(circuit.system.violated(witness), `seed ${seed}`).to.deep.equal([]);
        }
      });

      // The digests' bits are unique (Num2Bits_strict), so where the solver fails there is no witness at all.
      it("has no witness for another seed, other weights or another salt", async () => {
        const checkpoint = modelCommitment(initialModel(rule, 5n), 3n);
        const known = randomCheckpoint(rule, new SeededRandom("known", "train-init"), 11, 6);
        for (const [seed, commitment, salt] of [
          [6n, checkpoint, 3n],
          [5n, checkpoint, 4n],
          [5n, modelCommitment(known, 3n), 3n],
        ] as const) {
          const error: unknown = await solve(seed, commitment, salt).catch((cause: unknown) => cause);
          expect(error).to.be.instanceOf(Error);
          expect((error as Error).message).to.include("Assert Failed");
        }
      });

      it("leaves no wire free: a valid witness with one wire changed violates some row", async () => {
        const random = new SeededRandom("wires", "train-init");
        const witness = await solve(5n, modelCommitment(initialModel(rule, 5n), 3n), 3n);
        const free: string[] = [];
        for (let wire = 1; wire < circuit.system.wireCount; wire++) {
          const rows = circuit.system.rowsOf(wire);
          const changed = [witness[wire]! + 1n, witness[wire]! - 1n, fieldElement(random)].map(toField);
          if (
            changed.some((value) => circuit.system.violated(witness.with(wire, value), rows).length === 0)
          ) {
            free.push(circuit.wireNames[wire]!);
          }
        }
        expect(free).to.deep.equal([]);
      });
    });
  }
});
