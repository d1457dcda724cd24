import { expect } from "chai";

import type { SignalValues } from "../../prover/src/circuits/layout.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import type { IntegerSamples } from "../../prover/src/data/samples.ts";
import { invertField, powField, toField } from "../../prover/src/field.ts";
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
import {
  type Cheat,
  countLookups,
  lookupValues,
  unbounded,
  unboundedInputs,
  type UnboundedModel,
} from "./support/unbounded-prover.ts";

/**
 * Each test lets a prover cheat in one place and recompute everything that follows, so that only the rows that
 * forbid the cheat can notice it.
 */
describe("Accuracy against a cheating prover", function () {
  this.timeout(120_000);
  const instance = ROOMY.hidden;
  const { slots, slotBits, tableBits } = instance;
  const shift = instance.architecture.shiftBits[0]!;
  let circuit: AccuracyCircuit;
  let model: IntegerModel;
  let samples: IntegerSamples;
  /** Slots whose sample the model gets wrong. */
  let wrongSlots: number[] = [];

  before(async () => {
    circuit = await compileInstance(instance);
    // Eleven samples of one class leave a padding slot in the last group. A useful model gets some wrong.
    for (let seed = 0; wrongSlots.length < 3 || wrongSlots.length > 8; seed++) {
      const random = new SeededRandom(`${seed}`, "forgeries");
      model = randomModel(instance.architecture, random);
      samples = randomSamples(instance, random, instance.groups * slots - 1);
      samples.labels.fill(1);
      const { correct } = runReference(model, samples);
      wrongSlots = [...correct.keys()].filter((sample) => correct[sample] === 0);
    }
  });

  const forge = (cheat: Cheat, forged: UnboundedModel = unbounded(model), seed = "1") =>
    unboundedInputs(instance, forged, samples, new SeededRandom(seed, "forge"), cheat);
  const violated = (inputs: SignalValues) => evaluateInputs(circuit, inputs).violated;
  const changed = (inputs: SignalValues, name: string, index: number, value: bigint): SignalValues => ({
    ...inputs,
    [name]: inputs[name]!.with(index, toField(value)),
  });
  const recounted = (inputs: SignalValues): SignalValues => ({
    ...inputs,
    multiplicities: countLookups(instance, lookupValues(instance, inputs)),
  });
  /**
   * Solves the lookup equation for one multiplicity, as a prover could who knew alpha before committing.
   */
  const balanced = (inputs: SignalValues): SignalValues => {
    const alpha = inputs["alpha"]![0]!;
    const wanted = lookupValues(instance, inputs).reduce(
      (sum, value) => sum + invertField(alpha - value),
      0n,
    );
    const offered = inputs["multiplicities"]!.reduce(
      (sum, count, entry) => sum + count * invertField(alpha - BigInt(entry)),
      0n,
    );
    const missing = toField((wanted - offered) * alpha);
    return changed(inputs, "multiplicities", 0, inputs["multiplicities"]![0]! + missing);
  };
  /** The cheat breaks the lookup argument and nothing else: with a multiplicity chosen after alpha it would pass. */
  const expectOnlyLookupFails = (inputs: SignalValues, what: string) => {
    expect(violated(inputs), what).not.to.be.empty;
    expect(violated(balanced(inputs)), `${what}, alpha known in advance`).to.deep.equal([]);
  };

  it("accepts the same prover when it is honest", () => {
    expect(violated(forge({}))).to.deep.equal([]);
  });

  it("refuses every wrong sample claimed as correct", () => {
    for (const wrong of wrongSlots) {
      const inputs = forge({ isCorrect: (slot, honest) => (slot === wrong ? 1n : honest) });
      // The negative margin sits in its top limb, outside the table.
      expectOnlyLookupFails(inputs, `slot ${wrong}`);
    }
  });

  it("refuses a wrong sample whose negative margin is wrapped into the table", () => {
    const range = 1n << BigInt(instance.architecture.marginBits);
    for (const wrong of wrongSlots) {
      const inputs = forge({
        isCorrect: (slot, honest) => (slot === wrong ? 1n : honest),
        margin: (_, slot, honest) => (slot === wrong && honest < 0n ? honest + range : honest),
      });
      expect(countLookups(instance, lookupValues(instance, inputs))).to.deep.equal(inputs["multiplicities"]);
      expect(lookupValues(instance, inputs).every((value) => value < 1n << BigInt(tableBits))).to.equal(true);
      expect(violated(inputs), `slot ${wrong}`).not.to.be.empty;
    }
  });

  it("refuses a wrong sample whose margins are all set to zero", () => {
    const wrong = wrongSlots[0]!;
    const inputs = forge({
      isCorrect: (slot, honest) => (slot === wrong ? 1n : honest),
      margin: (_, slot, honest) => (slot === wrong ? 0n : honest),
    });
    expect(violated(inputs)).not.to.be.empty;
  });

  it("refuses a wrong sample paid for by its neighbour in the packed word", () => {
    const wrong = wrongSlots.find((slot) => slot % slots < slots - 1)!;
    let borrows = false;
    const inputs = forge({
      isCorrect: (slot, honest) => (slot === wrong ? 1n : honest),
      margin: (_, slot, honest) => {
        if (slot === wrong + 1) return borrows ? honest - 1n : honest;
        if (slot !== wrong) return honest;
        borrows = honest < 0n;
        return borrows ? honest + (1n << BigInt(slotBits)) : honest;
      },
    });
    expectOnlyLookupFails(inputs, `slot ${wrong}`);
  });

  it("refuses a wrong sample whose label's logit is raised in every margin", () => {
    const wrong = wrongSlots[0]!;
    // Enough for the label to beat any class of this circuit, and within the margins' range.
    const raise = 1_500n;
    const inputs = forge({
      isCorrect: (slot, honest) => (slot === wrong ? 1n : honest),
      margin: (_, slot, honest) => (slot === wrong ? honest + raise : honest),
    });
    const group = Math.floor(wrong / slots);
    const word = inputs["labelLogits"]![group]! + (raise << BigInt(slotBits * (wrong % slots)));
    const raised = changed(inputs, "labelLogits", group, word);
    expect(lookupValues(instance, raised).every((value) => value < 1n << BigInt(tableBits))).to.equal(true);
    expect(violated(raised)).not.to.be.empty;
  });

  it("refuses a padding slot counted as correct", () => {
    const padding = samples.sampleCount;
    expect(forge({})["sampleMask"]![padding]).to.equal(0n);
    const inputs = forge({ isCorrect: (slot, honest) => (slot === padding ? 1n : honest) });
    expect(violated(inputs)).not.to.be.empty;
  });

  it("refuses isCorrect values that are no bits", () => {
    for (const value of [2n, -1n, 7n, invertField(2n)]) {
      for (const slot of [0, wrongSlots[0]!]) {
        const inputs = forge({ isCorrect: (place, honest) => (place === slot ? value : honest) });
        expect(violated(inputs), `${value} in slot ${slot}`).not.to.be.empty;
      }
    }
  });

  it("refuses correct other than the sum of isCorrect", () => {
    const inputs = forge({});
    const correct = inputs["correct"]![0]!;
    for (const claim of [correct + 1n, correct - 1n, correct + (1n << 128n), 0n, -1n]) {
      expect(violated(changed(inputs, "correct", 0, claim)), `${claim}`).not.to.be.empty;
    }
  });

  it("refuses weights and biases beyond their range, by one or by far", () => {
    const { weightBits, biasBits } = instance.architecture;
    const [weightEnd, biasEnd] = [1n << BigInt(weightBits - 1), 1n << BigInt(biasBits - 1)];
    for (const [kind, value] of [
      ["weights", weightEnd],
      ["weights", -weightEnd - 1n],
      ["weights", 1n << BigInt(slotBits)],
      ["biases", biasEnd],
      ["biases", -biasEnd - 1n],
      ["biases", 1n << BigInt(slotBits)],
      ["biases", -(1n << BigInt(slotBits * slots))],
    ] as const) {
      for (const layer of [0, 1]) {
        const forged = unbounded(model).map((honest, index) =>
          index === layer ? { ...honest, [kind]: honest[kind].with(1, value) } : honest,
        );
        expectOnlyLookupFails(forge({}, forged), `${kind} of layer ${layer + 1}: ${value}`);
      }
    }
  });

  it("accepts weights and biases at both ends of their range", () => {
    const { weightBits, biasBits } = instance.architecture;
    for (const [kind, bits] of [
      ["weights", weightBits],
      ["biases", biasBits],
    ] as const) {
      for (const value of [(1n << BigInt(bits - 1)) - 1n, -(1n << BigInt(bits - 1))]) {
        const forged = unbounded(model).map((honest) => ({ ...honest, [kind]: honest[kind].with(1, value) }));
        expect(violated(forge({}, forged)), `${kind}: ${value}`).to.deep.equal([]);
      }
    }
  });

  it("refuses a bias of the size of a slot that lifts its class above all others", () => {
    const forged = unbounded(model).map((honest, layer) =>
      layer === 1 ? { ...honest, biases: honest.biases.with(1, 1n << 20n) } : honest,
    );
    const inputs = forge({}, forged);
    expect(inputs["correct"], "all samples would count").to.deep.equal([BigInt(samples.sampleCount)]);
    expectOnlyLookupFails(inputs, "bias 2^20");
  });

  it("refuses a remainder of 2^shift or more with a smaller quotient, though the table holds it", () => {
    expect(shift).to.be.below(tableBits);
    const step = 1n << BigInt(shift);
    for (const slot of [0, 5]) {
      const inputs = forge({
        split: (_, unit, place, honest) =>
          unit === 0 && place === slot
            ? fromQuotient(honest.activation - honest.deficit - 1n, honest.remainder + step)
            : honest,
      });
      const largest = inputs["remainderLimbs"]!.reduce((most, limb) => (limb > most ? limb : most));
      expect(largest >= step && largest < 1n << BigInt(tableBits), "inside the table").to.equal(true);
      expectOnlyLookupFails(inputs, `slot ${slot}`);
    }
  });

  it("refuses a negative remainder with a larger quotient", () => {
    const step = 1n << BigInt(shift);
    const inputs = forge({
      split: (_, unit, slot, honest) =>
        unit === 1 && slot === 2
          ? fromQuotient(honest.activation - honest.deficit + 1n, honest.remainder - step)
          : honest,
    });
    expectOnlyLookupFails(inputs, "remainder below 0");
  });

  it("refuses a remainder of 2^shift where the shift fills the table", async () => {
    const exact = ROOMY.exact;
    const other = await compileInstance(exact);
    const random = new SeededRandom("1", "exact");
    const inputs = unboundedInputs(
      exact,
      unbounded(randomModel(exact.architecture, random)),
      randomSamples(exact, random),
      random,
      {
        split: (_, unit, slot, honest) =>
          unit === 0 && slot === 1
            ? fromQuotient(honest.activation - honest.deficit - 1n, honest.remainder + 16n)
            : honest,
      },
    );
    expect(evaluateInputs(other, inputs).violated).not.to.be.empty;
  });

  it("refuses any remainder at all where there is no shift", async () => {
    const deep = ROOMY.deep;
    const other = await compileInstance(deep);
    const random = new SeededRandom("1", "deep");
    const inputs = unboundedInputs(
      deep,
      unbounded(randomModel(deep.architecture, random)),
      randomSamples(deep, random),
      random,
      {
        split: (layer, unit, slot, honest) =>
          layer === 0 && unit === 0 && slot === 0
            ? fromQuotient(honest.activation - honest.deficit - 1n, 0n)
            : honest,
      },
    );
    expect(evaluateInputs(other, inputs).violated).not.to.be.empty;
  });

  function fromQuotient(quotient: bigint, remainder: bigint) {
    return {
      activation: quotient > 0n ? quotient : 0n,
      deficit: quotient < 0n ? -quotient : 0n,
      remainder,
    };
  }

  it("refuses a unit whose activation and deficit are both non-zero", () => {
    for (const more of [1n, 3n]) {
      const inputs = forge({
        split: (_, unit, slot, honest) =>
          unit === 1 && slot === 4
            ? { ...honest, activation: honest.activation + more, deficit: honest.deficit + more }
            : honest,
      });
      expect(lookupValues(instance, inputs).every((value) => value < 1n << BigInt(tableBits))).to.equal(true);
      expect(violated(inputs), `both ${more} more`).not.to.be.empty;
    }
  });

  it("refuses an active unit switched off and an inactive unit switched on", () => {
    const flip = (wanted: boolean) =>
      forge({
        split: (_, __, ___, honest) =>
          honest.activation > 0n === wanted
            ? { ...honest, activation: honest.deficit, deficit: honest.activation }
            : honest,
      });
    expect(violated(flip(true))).not.to.be.empty;
    expect(violated(flip(false))).not.to.be.empty;
  });

  it("refuses activations of 2^magnitudeBits", () => {
    const inputs = forge({
      split: (_, unit, slot, honest) =>
        unit === 0 && slot === 0
          ? {
              activation: 1n << BigInt(instance.architecture.quotientBits - 1),
              deficit: 0n,
              remainder: honest.remainder,
            }
          : honest,
    });
    expect(violated(inputs)).not.to.be.empty;
    expect(violated(balanced(inputs)), "the matrix product notices, too").not.to.be.empty;
  });

  it("refuses an accumulator moved into its neighbour's slot", () => {
    const carry = 1n << BigInt(slotBits);
    const inputs = forge({
      split: (_, unit, slot, honest) => {
        if (unit !== 0) return honest;
        if (slot === 0) return { ...honest, remainder: honest.remainder + carry };
        if (slot === 1) return { ...honest, remainder: honest.remainder - 1n };
        return honest;
      },
    });
    expectOnlyLookupFails(inputs, "carry out of slot 0");
  });

  it("refuses values outside the table whatever multiplicities are committed before alpha", () => {
    const inputs = forge({ isCorrect: (slot, honest) => (slot === wrongSlots[0] ? 1n : honest) });
    const random = new SeededRandom("1", "multiplicities");
    const outside = lookupValues(instance, inputs).filter((value) => value >= 1n << BigInt(tableBits)).length;
    expect(outside).to.be.above(0);
    const attempts: SignalValues[] = Array.from({ length: 20 }, () =>
      changed(inputs, "multiplicities", random.nextInteger(32), fieldElement(random)),
    );
    for (let entry = 0; entry < 2 ** tableBits; entry++) {
      attempts.push(
        changed(inputs, "multiplicities", entry, inputs["multiplicities"]![entry]! + BigInt(outside)),
      );
    }
    // Balanced for one alpha, then committed: the verifier draws another.
    attempts.push({ ...balanced(inputs), alpha: [fieldElement(random)] });
    for (const attempt of attempts) expect(violated(attempt)).not.to.be.empty;
  });

  it("would accept any value if multiplicities were chosen after alpha: they must be committed", () => {
    const inputs = forge({ isCorrect: () => 1n }, unbounded(model));
    const masked = { ...inputs, sampleMask: inputs["sampleMask"]!.map(() => 1n) };
    expect(violated(masked)).not.to.be.empty;
    expect(violated(balanced(masked))).to.deep.equal([]);
  });

  it("would accept other logits if they were chosen after rho: they must be committed", () => {
    const inputs = forge({});
    const rho = inputs["rho"]![0]!;
    const words = inputs["labelLogits"]!;
    const moved = changed(inputs, "labelLogits", 0, words[0]! + 5n * powField(rho, 2n));
    const after = changed(moved, "labelLogits", 2, words[2]! - 5n);
    expect(violated(after), "rho known in advance").to.deep.equal([]);
    const other = { ...after, rho: [fieldElement(new SeededRandom("1", "rho"))] };
    expect(violated(other), "rho drawn afterwards").not.to.be.empty;
  });

  it("refuses a wrong matrix product, however it is spread over the groups", () => {
    const random = new SeededRandom("1", "products");
    for (let attempt = 0; attempt < 20; attempt++) {
      const shifts = forge({})["labelLogits"]!.map(() =>
        random.nextInteger(2) === 0 ? 0n : BigInt(random.nextInteger(1000) - 500),
      );
      if (shifts.every((value) => value === 0n)) continue;
      const inputs = forge({});
      const moved = {
        ...inputs,
        labelLogits: inputs["labelLogits"]!.map((word, group) => toField(word + shifts[group]!)),
      };
      expect(violated(moved)).not.to.be.empty;
    }
  });

  it("refuses other labels, features or masks than the dataset block's", () => {
    const inputs = forge({});
    const random = new SeededRandom("1", "dataset");
    const otherLabels: IntegerSamples = { ...samples, labels: samples.labels.map(() => 2) };
    const claimed = unboundedInputs(instance, unbounded(model), otherLabels, random);
    expect(claimed["correct"]![0]).not.to.equal(inputs["correct"]![0]);
    for (const name of ["labels", "dataWords", "sampleMask"] as const) {
      const source = name === "labels" ? claimed : inputs;
      const other = name === "labels" ? inputs[name]! : inputs[name]!.with(0, inputs[name]![0]! ^ 1n);
      expect(violated({ ...source, [name]: other }), name).not.to.be.empty;
    }
  });

  it("takes the dataset block on trust: only recomputing it from the data keeps padding from counting", () => {
    const padding = samples.sampleCount;
    const constant = unbounded(randomModel(instance.architecture, new SeededRandom("1", "zero"), "zero"));
    const alwaysOne = constant.map((layer, index) =>
      index === 1 ? { ...layer, biases: [0n, 5n, 0n] } : layer,
    );
    const inputs = forge({ isCorrect: () => 1n }, alwaysOne);
    expect(violated(inputs)).not.to.be.empty;
    expect(violated(changed(inputs, "sampleMask", padding, 1n))).to.deep.equal([]);
  });

  it("refuses another salt, other weights or another architecture behind the same commitment", () => {
    const inputs = forge({});
    expect(violated(changed(inputs, "salt", 0, inputs["salt"]![0]! + 1n))).not.to.be.empty;
    const commitment = inputs["modelCommitment"]![0]!;
    expect(violated(changed(inputs, "modelCommitment", 0, commitment + 1n))).not.to.be.empty;
    const better = forge({}, unbounded(randomModel(instance.architecture, new SeededRandom("2", "better"))));
    expect(violated(better)).to.deep.equal([]);
    expect(violated({ ...better, modelCommitment: [commitment] })).not.to.be.empty;
    const foreign = honestInputs(
      ROOMY.oneGroup,
      randomModel(ROOMY.oneGroup.architecture, new SeededRandom("1", "foreign")),
      randomSamples(ROOMY.oneGroup, new SeededRandom("1", "foreign")),
      new SeededRandom("1", "foreign"),
    );
    expect(violated({ ...inputs, modelCommitment: foreign["modelCommitment"]! })).not.to.be.empty;
  });

  it("refuses weights swapped between two positions behind one commitment", () => {
    const inputs = forge({});
    const limbs = inputs["weightLimbs"]!;
    const other = limbs.findIndex((limb) => limb !== limbs[0]);
    const swapped = changed(
      changed(inputs, "weightLimbs", 0, limbs[other]!),
      "weightLimbs",
      other,
      limbs[0]!,
    );
    expect(violated(recounted(swapped))).not.to.be.empty;
  });
});
