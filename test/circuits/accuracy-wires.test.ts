import { expect } from "chai";

import type { AccuracyShape } from "../../prover/src/circuits/accuracy.ts";
import { loadInstance } from "../../prover/src/circuits/instances.ts";
import type { SignalValues } from "../../prover/src/circuits/layout.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import type { IntegerSamples } from "../../prover/src/data/samples.ts";
import { toField } from "../../prover/src/field.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import { runReference } from "../../prover/src/model/reference.ts";
import {
  type AccuracyCircuit,
  compileInstance,
  evaluateInputs,
  fieldElement,
  honestInputs,
  randomModel,
  randomSamples,
} from "./support/accuracy-case.ts";
import { ROOMY } from "./support/instances.ts";

const LONG = process.env["ZKPOT_LONG"] !== undefined;
const WITNESSES = LONG ? 20 : 4;

describe("Every wire of the accuracy circuit", function () {
  this.timeout(600_000);

  for (const id of ["tiny-4-3-3x10", ROOMY.hidden.id, ROOMY.linear.id]) {
    it(`is fixed on ${id}: a valid witness with one wire changed violates some row`, async () => {
      const instance =
        Object.values(ROOMY).find((candidate) => candidate.id === id) ?? (await loadInstance(id));
      const circuit = await compileInstance(instance);
      for (let seed = 0; seed < WITNESSES; seed++) {
        const random = new SeededRandom(`${seed}`, "wires");
        const samples = randomSamples(instance, random, instance.groups * instance.slots - 1);
        const inputs = honestInputs(instance, smallModel(instance, random), samples, random);
        const { witness, violated } = evaluateInputs(circuit, inputs);
        expect(violated).to.deep.equal([]);
        const free = new Set<string>();
        for (let wire = 1; wire < circuit.system.wireCount; wire++) {
          for (const value of [witness[wire]! + 1n, witness[wire]! - 1n, fieldElement(random)]) {
            if (circuit.system.violatedByChanges(witness, witness.with(wire, toField(value))).length > 0)
              continue;
            free.add(circuit.wireNames[wire]!);
          }
        }
        expect(free).to.deep.equal(unusedMasks(instance, inputs));
      }
    });
  }
});

describe("Every row of the accuracy circuit", function () {
  this.timeout(600_000);

  for (const instance of LONG ? Object.values(ROOMY) : [ROOMY.hidden]) {
    it(`is needed on ${instance.id}: without it some false statement has a witness`, async () => {
      const circuit = await compileInstance(instance);
      const { needed, harmless } = tryWithoutEachRow(circuit);
      // The squares of context, dataBlinding and blockMask tie nothing: they keep three public signals from being
      // simplified away. Whoever breaks them proves the same statement.
      expect([...harmless].sort()).to.deep.equal(["blockMaskSquare", "contextSquare", "dataBlindingSquare"]);
      expect(needed + harmless.size).to.equal(circuit.system.rowCount);
    });
  }
});

/**
 * For each row of the circuit, looks for a witness that violates this row and no other. Counts those whose
 * inputs have no valid witness: what the row alone keeps out. The others are named by a wire of theirs.
 */
function tryWithoutEachRow(circuit: AccuracyCircuit): { needed: number; harmless: Set<string> } {
  const { system, source, instance } = circuit;
  const inputs = allCorrect(instance, new SeededRandom("1", "rows"));
  const { sourceWitness, witness, violated } = evaluateInputs(circuit, inputs);
  expect(violated).to.deep.equal([]);
  const order = source.independentOrder(sourceWitness);
  expect(order, "rows that can be broken alone").to.have.lengthOf(source.rowCount);

  const found = new Set<number>();
  const harmless = new Set<string>();
  const products = order.filter(({ row }) => source.isProduct(row));
  const linear = order.filter(({ row }) => !source.isProduct(row));
  const commitmentWire = circuit.sourceWire("modelCommitment");
  for (const { row, wire } of [...products, ...linear]) {
    // Simplification removes linear rows by substitution, all but what ties public signals to each other.
    if (found.size === system.rowCount) break;
    const forged = source.breakRow(order, sourceWitness, row);
    const broken = system.violatedByChanges(witness, circuit.simplified(forged));
    if (broken.length !== 1 || found.has(broken[0]!)) continue;
    found.add(broken[0]!);
    const changed = circuit.inputWires.filter((input) => forged[input] !== sourceWitness[input]);
    // The commitment follows from the other inputs, so another one beside the same inputs is false.
    if (changed.length === 1 && changed[0] === commitmentWire) continue;
    const known = circuit.inputWires.map((input): [number, bigint] => [input, forged[input]!]);
    const honest = source.complete(new Map(known));
    if (source.violatedByChanges(sourceWitness, honest).length === 0)
      harmless.add(circuit.sourceNames[wire]!);
  }
  return { needed: found.size - harmless.size, harmless };
}

/** Masks of slots that are not claimed as correct: public data, which only limits what may be claimed. */
function unusedMasks({ slots }: AccuracyShape, inputs: SignalValues): Set<string> {
  const unused = inputs["isCorrect"]!.flatMap((bit, slot) =>
    bit === 0n ? [`sampleMask[${Math.floor(slot / slots)}][${slot % slots}]`] : [],
  );
  return new Set(unused);
}

/** A model without zero weights, small enough for the narrow margins of the shipped tiny instance. */
function smallModel(instance: AccuracyShape, random: SeededRandom): IntegerModel {
  const model = randomModel(instance.architecture, random, "zero");
  for (const { weights, biases } of model.layers) {
    for (const values of [weights, biases]) {
      values.forEach((_, index) => (values[index] = random.nextInteger(8) - 4 || 4));
    }
  }
  return model;
}

/** A witness without padding in which every sample is right, and no hidden unit's quotient is 0. */
function allCorrect(instance: AccuracyShape, random: SeededRandom): SignalValues {
  const { groups, slots } = instance;
  for (;;) {
    const model = randomModel(instance.architecture, random);
    const drawn = randomSamples({ ...instance, groups: 20 * groups }, random);
    const { predictions, hiddenLayers } = runReference(model, drawn);
    const useful = [...predictions.keys()].filter((sample) =>
      hiddenLayers.every(({ width, quotients }) =>
        quotients.subarray(sample * width, (sample + 1) * width).every((quotient) => quotient !== 0),
      ),
    );
    const chosen: number[] = [];
    for (let label = 0; label < drawn.classCount; label++) {
      const members = useful.filter((sample) => predictions[sample] === label);
      // At least two classes among the groups.
      const most = label === 0 ? (groups - 1) * slots : groups * slots - chosen.length;
      chosen.push(...members.slice(0, Math.min(most, members.length - (members.length % slots))));
    }
    if (chosen.length < groups * slots) continue;
    const samples: IntegerSamples = {
      ...drawn,
      sampleCount: chosen.length,
      features: Int32Array.from(
        chosen.flatMap((sample) => [
          ...drawn.features.subarray(sample * drawn.featureCount, (sample + 1) * drawn.featureCount),
        ]),
      ),
      labels: Int32Array.from(chosen, (sample) => predictions[sample]!),
    };
    return honestInputs(instance, model, samples, random);
  }
}
