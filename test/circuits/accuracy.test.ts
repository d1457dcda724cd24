import { expect } from "chai";

import { loadInstance } from "../../prover/src/circuits/instances.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import type { IntegerSamples } from "../../prover/src/data/samples.ts";
import { ModelError } from "../../prover/src/model/model-error.ts";
import { runReference } from "../../prover/src/model/reference.ts";
import {
  type AccuracyCircuit,
  compileInstance,
  countCorrect,
  evaluateInputs,
  honestInputs,
  randomModel,
  randomSamples,
} from "./support/accuracy-case.ts";
import { ROOMY } from "./support/instances.ts";
import { unbounded, unboundedInputs } from "./support/unbounded-prover.ts";

const MODELS_PER_INSTANCE = process.env["ZKPOT_LONG"] ? 220 : 24;

describe("Accuracy", function () {
  this.timeout(120_000);
  const circuits = {} as Record<keyof typeof ROOMY, AccuracyCircuit>;

  before(async () => {
    for (const [name, instance] of Object.entries(ROOMY)) {
      circuits[name as keyof typeof ROOMY] = await compileInstance(instance);
    }
  });

  for (const name of Object.keys(ROOMY) as (keyof typeof ROOMY)[]) {
    describe(`on ${ROOMY[name].id} (${ROOMY[name].architecture.layerSizes.join("-")})`, () => {
      const instance = ROOMY[name];

      it(`proves what the reference counts for ${MODELS_PER_INSTANCE} random models, and not one more`, async () => {
        for (let index = 0; index < MODELS_PER_INSTANCE; index++) {
          const random = new SeededRandom(`${index}`, `agreement ${name}`);
          const model = randomModel(instance.architecture, random, index % 3 === 0 ? "extreme" : "uniform");
          const count = 1 + random.nextInteger(instance.groups * instance.slots);
          const samples = randomSamples(instance, random, count);
          const expected = countCorrect(model, samples);
          expect(runReference(model, samples).correctCount, "reference").to.equal(expected);
          const inputs = honestInputs(instance, model, samples, random);
          expect(inputs["correct"]).to.deep.equal([BigInt(expected)]);
          const { witness, violated } = evaluateInputs(circuits[name], inputs);
          expect(violated, `model ${index}`).to.deep.equal([]);
          const more = { ...inputs, correct: [BigInt(expected + 1)] };
          expect(evaluateInputs(circuits[name], more).violated, `model ${index}, one more`).not.to.be.empty;
          if (index % 8 === 0) expect(await circuits[name].solve(inputs)).to.deep.equal(witness);
        }
      });

      for (const style of ["largest", "smallest", "zero"] as const) {
        it(`proves a model with every weight ${style}`, () => {
          const random = new SeededRandom(style, name);
          const model = randomModel(instance.architecture, random, style);
          const samples = randomSamples(instance, random);
          const inputs = honestInputs(instance, model, samples, random);
          expect(evaluateInputs(circuits[name], inputs).violated).to.deep.equal([]);
          // All logits are equal: the first class wins.
          const first = samples.labels.filter((label) => label === 0).length;
          expect(inputs["correct"]).to.deep.equal([BigInt(first)]);
        });
      }

      it("proves any claim from nothing to what was achieved", () => {
        const random = new SeededRandom("claims", name);
        const model = randomModel(instance.architecture, random);
        const samples = randomSamples(instance, random);
        const achieved = countCorrect(model, samples);
        for (let claim = 0; claim <= achieved; claim++) {
          const inputs = honestInputs(instance, model, samples, random, claim);
          expect(inputs["correct"]).to.deep.equal([BigInt(claim)]);
          expect(evaluateInputs(circuits[name], inputs).violated, `claim ${claim}`).to.deep.equal([]);
        }
      });

      it("takes the block that a second implementation on bigints makes", () => {
        const random = () => new SeededRandom("twice", name);
        const model = randomModel(instance.architecture, random());
        const samples = randomSamples(instance, random(), instance.groups * instance.slots - 1);
        const inputs = honestInputs(instance, model, samples, random());
        const again = unboundedInputs(instance, unbounded(model), samples, random());
        for (const key of Object.keys(inputs)) {
          // Both draw salt, context and challenges, in an order of their own.
          if (["context", "modelCommitment", "alpha", "rho", "blockMask", "salt"].includes(key)) continue;
          expect(again[key], key).to.deep.equal(inputs[key]);
        }
        expect(evaluateInputs(circuits[name], again).violated).to.deep.equal([]);
      });
    });
  }

  it("holds for any challenges, any mask, any blinding and any context", () => {
    const instance = ROOMY.hidden;
    const random = new SeededRandom("1", "challenges");
    const inputs = honestInputs(
      instance,
      randomModel(instance.architecture, random),
      randomSamples(instance, random),
      random,
    );
    for (const [alpha, rho, blockMask, dataBlinding, context] of [
      [1n << 200n, 0n, 0n, 0n, 0n],
      [-1n, -1n, -1n, -1n, -1n],
      [12_345_678n, 1n, 1n, 1n, 1n],
    ] as const) {
      const changed = {
        ...inputs,
        alpha: [alpha],
        rho: [rho],
        blockMask: [blockMask],
        dataBlinding: [dataBlinding],
        context: [context],
      };
      expect(evaluateInputs(circuits.hidden, changed).violated).to.deep.equal([]);
    }
  });

  it("rounds negative accumulators down, at exact multiples of 2^shift and around them", () => {
    const instance = ROOMY.hidden;
    const step = 2 ** instance.architecture.shiftBits[0]!;
    const random = new SeededRandom("1", "rounding");
    const samples = randomSamples(instance, random);
    for (const sum of [-3 * step - 1, -3 * step, -3 * step + 1, -step, -1, 0, 1, step - 1, step]) {
      const zero = randomModel(instance.architecture, random, "zero");
      zero.layers[0]!.biases.fill(sum);
      const inputs = honestInputs(instance, zero, samples, random);
      const quotient = Math.floor(sum / step);
      expect(new Set(inputs["activations"])).to.deep.equal(new Set([BigInt(Math.max(quotient, 0))]));
      expect(new Set(inputs["deficits"])).to.deep.equal(new Set([BigInt(Math.max(-quotient, 0))]));
      expect(new Set(inputs["remainderLimbs"])).to.deep.equal(new Set([BigInt(sum - quotient * step)]));
      expect(evaluateInputs(circuits.hidden, inputs).violated, `sum ${sum}`).to.deep.equal([]);
    }
  });

  it("gives a tie to the lower class, whichever of the two is the label", () => {
    const instance = ROOMY.linear;
    const random = new SeededRandom("1", "tie");
    const model = randomModel(instance.architecture, random, "zero");
    const oneLabel = (label: number): IntegerSamples => ({
      ...randomSamples(instance, random, instance.slots),
      labels: new Int32Array(instance.slots).fill(label),
    });
    const claim = (label: number, isCorrect: bigint) =>
      evaluateInputs(
        circuits.linear,
        unboundedInputs(instance, unbounded(model), oneLabel(label), random, {
          isCorrect: (slot) => (slot < instance.slots ? isCorrect : 0n),
        }),
      ).violated;
    expect(claim(0, 1n), "label 0 wins its tie").to.deep.equal([]);
    expect(claim(1, 1n), "label 1 loses its tie").not.to.be.empty;
    expect(claim(1, 0n)).to.deep.equal([]);
    // One more for class 1 breaks the tie.
    model.layers[0]!.biases[1] = 1;
    expect(claim(0, 1n)).not.to.be.empty;
    expect(claim(1, 1n)).to.deep.equal([]);
  });

  it("reaches the ends of the margin's range and nothing beyond", async () => {
    const instance = await loadInstance("tiny-4-3-3x10");
    const circuit = await compileInstance(instance);
    const limit = 2 ** (instance.architecture.marginBits - 1);
    const random = new SeededRandom("1", "margins");
    const samples: IntegerSamples = { ...randomSamples(instance, random, 2), labels: Int32Array.of(1, 1) };
    const attempt = (first: number, second: number) => {
      const model = randomModel(instance.architecture, random, "zero");
      model.layers[1]!.biases.set([first, second, 0]);
      const inputs = unboundedInputs(instance, unbounded(model), samples, random);
      return { model, inputs, violated: evaluateInputs(circuit, inputs).violated };
    };
    // Groups of label 1 compare class 0 with −[0 < 1]; padding groups, of label 0, compare class 1 without.
    const half = limit / 2;
    for (const [first, second, correct] of [
      [half - 1, -half, 0n],
      [-half, half - 1, 2n],
    ] as const) {
      const { model, inputs, violated } = attempt(first, second);
      expect(violated, `difference ${second - first}`).to.deep.equal([]);
      expect(inputs["correct"]).to.deep.equal([correct]);
      expect(honestInputs(instance, model, samples, random)["correct"]).to.deep.equal([correct]);
    }
    for (const [first, second] of [
      [half, -half],
      [-half - 1, half],
    ] as const) {
      const { model, violated } = attempt(first, second);
      expect(() => honestInputs(instance, model, samples, random)).to.throw(ModelError, /outside ±2047/);
      expect(violated, `difference ${second - first}`).not.to.be.empty;
    }
  });
});
