import { expect } from "chai";

import type { SignalValues } from "../../prover/src/circuits/layout.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import type { IntegerSamples } from "../../prover/src/data/samples.ts";
import { toField } from "../../prover/src/field.ts";
import { modelCommitment } from "../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import { initialModel } from "../../prover/src/verifiable/initial-model.ts";
import { sgdStep } from "../../prover/src/verifiable/sgd-step.ts";
import type { TrainingRule } from "../../prover/src/verifiable/training-rule.ts";
import { trainStepCommittedBlock } from "../../prover/src/witness/train-step-witness.ts";
import { fieldElement } from "./support/accuracy-case.ts";
import {
  batchCommitmentOf,
  compileTraining,
  evaluateTraining,
  honestStep,
  randomBatch,
  randomCheckpoint,
  RULES,
  stepInstance,
  type TrainingCircuit,
} from "./support/training-case.ts";

const LONG = process.env["ZKPOT_LONG"] !== undefined;
const STEPS = LONG ? 200 : 20;

/** Weights of these sizes keep the random checkpoints of a rule in all ranges, and saturate some logits. */
const WEIGHT_BITS = { hidden: 15, linear: 15, narrow: 5 } as const;

describe("TrainStep", function () {
  this.timeout(600_000);

  for (const name of ["hidden", "linear", "narrow"] as const) {
    describe(`with the ${name} rule`, () => {
      const rule: TrainingRule = RULES[name];
      const instance = stepInstance(rule);
      let circuit: TrainingCircuit;
      let start: IntegerModel;
      let batch: IntegerSamples;
      let inputs: ReturnType<typeof honestStep>;

      const violated = (changes: SignalValues) =>
        evaluateTraining(circuit, { ...inputs, ...changes }).violated.length;

      before(async () => {
        circuit = await compileTraining(instance);
        const random = new SeededRandom("1", "train-step");
        start = randomCheckpoint(rule, random, WEIGHT_BITS[name], 6);
        batch = randomBatch(rule, random);
        inputs = honestStep(instance, start, batch, 2, random);
      });

      it("holds for what the reference computes, from random checkpoints and batches", () => {
        const saturated = new Set<string>();
        for (let seed = 0; seed < STEPS; seed++) {
          const random = new SeededRandom(`${seed}`, "train-step");
          const model = randomCheckpoint(rule, random, WEIGHT_BITS[name], 6);
          const values = honestStep(instance, model, randomBatch(rule, random), 2 ** (seed % 3), random);
          expect(evaluateTraining(circuit, values).violated, `seed ${seed}`).to.deep.equal([]);
          for (const side of ["above", "below"])
            if (values[side]!.some((value) => value > 0n)) saturated.add(side);
        }
        if (name === "hidden") expect([...saturated].sort()).to.deep.equal(["above", "below"]);
      });

      it("holds for the first step from a seed, and for equal logits", () => {
        const random = new SeededRandom("first", "train-step");
        const zero = randomCheckpoint(rule, random, 1, 1);
        const even = { ...zero, layers: zero.layers.map(zeroLayer) };
        for (const model of [initialModel(rule, 12345n), even]) {
          const values = honestStep(instance, model, randomBatch(rule, random), 1, random);
          expect(evaluateTraining(circuit, values).violated).to.deep.equal([]);
        }
      });

      it("is solved by circom's own witness generator as by the constraints", async () => {
        const solved = await circuit.solve(inputs);
        expect(solved).to.deep.equal(evaluateTraining(circuit, inputs).witness);
      });

      it("fails for a skipped step: the same weights before and after", () => {
        const salt = 5n;
        const step = sgdStep(rule, start, batch, 2, 0);
        const block = trainStepCommittedBlock(instance, {
          before: start,
          batch,
          step: { ...step, model: start },
        });
        const skipped = { ...block, checkpointAfter: [modelCommitment(start, salt)], saltAfter: [salt] };
        expect(violated(skipped)).to.be.greaterThan(0);
      });

      it("fails for a weight or a bias after the step that is off by one", () => {
        const step = sgdStep(rule, start, batch, 2, 0);
        for (const part of ["weights", "biases"] as const) {
          for (const layer of step.model.layers.keys()) {
            const model = nudge(step.model, layer, part);
            const block = trainStepCommittedBlock(instance, {
              before: start,
              batch,
              step: { ...step, model },
            });
            const changes = { ...block, checkpointAfter: [modelCommitment(model, inputs.saltAfter[0])] };
            expect(violated(changes), `${part} of layer ${layer + 1}`).to.be.greaterThan(0);
          }
        }
      });

      it("fails for another learning rate, batch, checkpoint or salt than the statement's", () => {
        expect(violated({ learningRateFactor: [1n] }), "rate").to.be.greaterThan(0);
        const other = randomBatch(rule, new SeededRandom("other", "train-step"));
        expect(
          violated({ batchCommitment: [batchCommitmentOf(rule, other, inputs.batchSalt[0])] }),
        ).to.be.greaterThan(0);
        expect(violated({ checkpointBefore: inputs["checkpointAfter"]! })).to.be.greaterThan(0);
        for (const salt of ["saltBefore", "saltAfter", "batchSalt"]) {
          expect(violated({ [salt]: [1n] }), salt).to.be.greaterThan(0);
        }
      });

      it("fails for the honest step on another batch behind the same commitment", () => {
        const other = randomBatch(rule, new SeededRandom("swap", "train-step"));
        const step = sgdStep(rule, start, other, 2, 0);
        const block = trainStepCommittedBlock(instance, { before: start, batch: other, step });
        const changes = { ...block, checkpointAfter: [modelCommitment(step.model, inputs.saltAfter[0])] };
        expect(violated(changes)).to.be.greaterThan(0);
      });

      it("fails for labels that are not one-hot", () => {
        const labels = inputs["labels"]!;
        const first = labels.indexOf(1n);
        expect(violated({ labels: labels.with(first, 0n) })).to.be.greaterThan(0);
        expect(violated({ labels: labels.with(first, 2n) })).to.be.greaterThan(0);
        expect(violated({ labels: labels.with(labels.indexOf(0n), 1n) })).to.be.greaterThan(0);
      });
    });
  }

  it("leaves no wire free: a valid witness with one wire changed violates some row", async () => {
    const rule: TrainingRule = RULES.narrow;
    const circuit = await compileTraining(stepInstance(rule));
    const random = new SeededRandom("wires", "train-step");
    const model = randomCheckpoint(rule, random, WEIGHT_BITS.narrow, 6);
    const inputs = honestStep(stepInstance(rule), model, randomBatch(rule, random), 2, random);
    const { witness, violated } = evaluateTraining(circuit, inputs);
    expect(violated).to.deep.equal([]);
    const free: string[] = [];
    for (let wire = 1; wire < circuit.system.wireCount; wire++) {
      const changed = [witness[wire]! + 1n, witness[wire]! - 1n, fieldElement(random)].map(toField);
      const rows = circuit.system.rowsOf(wire);
      const isFree = changed.some(
        (value) => circuit.system.violated(witness.with(wire, value), rows).length === 0,
      );
      if (isFree) free.push(circuit.wireNames[wire]!);
    }
    expect(free).to.deep.equal([]);
  });
});

function zeroLayer(layer: { readonly weights: Int32Array; readonly biases: Int32Array }) {
  return { weights: layer.weights.map(() => 0), biases: layer.biases.map(() => 0) };
}

function nudge(model: IntegerModel, layer: number, part: "weights" | "biases"): IntegerModel {
  const changed = model.layers[layer]![part].slice();
  changed[0] = changed[0]! + (changed[0]! > 0 ? -1 : 1);
  return { ...model, layers: model.layers.with(layer, { ...model.layers[layer]!, [part]: changed }) };
}
