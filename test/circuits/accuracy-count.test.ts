import { expect } from "chai";

import { SeededRandom } from "../../prover/src/data/random.ts";
import { toField } from "../../prover/src/field.ts";
import { compileTemplate, type SmallCircuit } from "./support/small-circuit.ts";

const [GROUPS, SLOTS, CLASSES, MARGIN_BITS, SLOT_BITS] = [2, 3, 4, 6, 12];
const SLACK = 1n << BigInt(MARGIN_BITS - 1);

interface Claim {
  /** Label of each group. */
  readonly groupLabels: readonly number[];
  /** `[group][slot]`. */
  readonly sampleMask: readonly (readonly bigint[])[];
  readonly isCorrect: readonly (readonly bigint[])[];
  /** `[group][slot][class]`. */
  readonly logits: readonly (readonly (readonly bigint[])[])[];
}

const word = (values: readonly bigint[]) =>
  toField(values.reduce((sum, value, slot) => sum + (value << BigInt(SLOT_BITS * slot)), 0n));
const tieRule = (label: number, own: number) => (label < own ? 1n : 0n);
const margin = ({ groupLabels, isCorrect, logits }: Claim, label: number, group: number, slot: number) => {
  const own = groupLabels[group]!;
  const values = logits[group]![slot]!;
  return values[own]! - values[label]! - tieRule(label, own) + (1n - isCorrect[group]![slot]!) * SLACK;
};

function signals(claim: Claim) {
  const classes = Array.from({ length: CLASSES }, (_, label) => label);
  const places = Array.from({ length: SLOTS }, (_, slot) => slot);
  return {
    labels: classes.map((label) => claim.groupLabels.map((own) => (own === label ? 1n : 0n))),
    sampleMask: claim.sampleMask,
    isCorrect: claim.isCorrect,
    marginWords: classes.map((label) =>
      claim.groupLabels.map((_, group) => word(places.map((slot) => margin(claim, label, group, slot)))),
    ),
    labelLogits: claim.groupLabels.map((own, group) =>
      word(places.map((slot) => claim.logits[group]![slot]![own]!)),
    ),
  };
}

function randomClaim(random: SeededRandom): Claim {
  const matrix = <T>(draw: () => T) =>
    Array.from({ length: GROUPS }, () => Array.from({ length: SLOTS }, draw));
  const sampleMask = matrix(() => BigInt(random.nextInteger(4) > 0));
  return {
    groupLabels: Array.from({ length: GROUPS }, () => random.nextInteger(CLASSES)),
    sampleMask,
    isCorrect: sampleMask.map((row) => row.map((bit) => bit * BigInt(random.nextInteger(2)))),
    logits: matrix(() => Array.from({ length: CLASSES }, () => BigInt(random.nextInteger(31) - 15))),
  };
}

describe("AccuracyCount", function () {
  this.timeout(60_000);
  let circuit: SmallCircuit;

  before(async () => {
    circuit = await compileTemplate(
      "accuracy-count",
      `AccuracyCount(${GROUPS}, ${SLOTS}, ${CLASSES}, ${MARGIN_BITS}, ${SLOT_BITS})`,
      ["labels", "sampleMask", "isCorrect", "marginWords", "labelLogits"],
    );
  });

  it("counts isCorrect and gives back the logits that the margins stand for, ties in both orders included", () => {
    for (let seed = 0; seed < 100; seed++) {
      const claim = randomClaim(new SeededRandom(`${seed}`, "count"));
      const inputs = signals(claim);
      expect(circuit.accepts(inputs)).to.equal(true);
      const total = claim.isCorrect.flat().reduce((sum, bit) => sum + bit, 0n);
      expect(circuit.read(inputs, "correct")).to.equal(total);
      for (let label = 0; label < CLASSES; label++) {
        for (let group = 0; group < GROUPS; group++) {
          const logits = claim.logits[group]!.map((values) => values[label]!);
          expect(circuit.read(inputs, `logitWords[${label}][${group}]`)).to.equal(word(logits));
        }
      }
    }
  });

  it("leaves no margin below zero exactly where isCorrect is 0 or the label is the first maximum", () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = new SeededRandom(`${seed}`, "first maximum");
      // Few different logits, so that ties are frequent.
      const drawn = randomClaim(random);
      const claim = {
        ...drawn,
        logits: drawn.logits.map((rows) => rows.map((values) => values.map((value) => value / 6n))),
      };
      claim.groupLabels.forEach((own, group) => {
        for (let slot = 0; slot < SLOTS; slot++) {
          const values = claim.logits[group]![slot]!;
          const largest = values.reduce((most, value) => (value > most ? value : most));
          const isFirst = values.indexOf(largest) === own;
          const margins = values.map((_, label) => margin(claim, label, group, slot));
          expect(margins.every((value) => value >= 0n)).to.equal(
            claim.isCorrect[group]![slot] === 0n || isFirst,
          );
        }
      });
    }
  });

  it("refuses isCorrect that is no bit, or set where the mask is not", () => {
    const claim = randomClaim(new SeededRandom("1", "bits"));
    for (const [mask, bit] of [
      [0n, 1n],
      [1n, 2n],
      [1n, -1n],
      [0n, -1n],
    ] as const) {
      const forged = {
        ...claim,
        sampleMask: claim.sampleMask.map((row, group) => (group === 0 ? row.with(0, mask) : row)),
        isCorrect: claim.isCorrect.map((row, group) => (group === 0 ? row.with(0, bit) : row)),
      };
      expect(circuit.accepts(signals(forged)), `isCorrect ${bit}, mask ${mask}`).to.equal(false);
    }
  });

  it("refuses a margin of the label's own class that is not the slack", () => {
    const claim = randomClaim(new SeededRandom("1", "own margin"));
    const inputs = signals(claim);
    claim.groupLabels.forEach((own, group) => {
      for (const change of [1n, -1n, 1n << BigInt(SLOT_BITS)]) {
        const marginWords = inputs.marginWords.map((row, label) =>
          label === own ? row.with(group, row[group]! + change) : row,
        );
        expect(circuit.accepts({ ...inputs, marginWords })).to.equal(false);
      }
    });
  });

  it("shows in the logits whatever is changed in another class's margin or in the label's logit", () => {
    const claim = randomClaim(new SeededRandom("1", "logits"));
    const inputs = signals(claim);
    const other = (claim.groupLabels[0]! + 1) % CLASSES;
    const marginWords = inputs.marginWords.map((row, label) =>
      label === other ? row.with(0, row[0]! + 1n) : row,
    );
    const name = `logitWords[${other}][0]`;
    expect(circuit.read({ ...inputs, marginWords }, name)).to.equal(toField(circuit.read(inputs, name) - 1n));
    const labelLogits = inputs.labelLogits.with(0, inputs.labelLogits[0]! + 1n);
    for (let label = 0; label < CLASSES; label++) {
      expect(circuit.read({ ...inputs, labelLogits }, `logitWords[${label}][0]`)).to.equal(
        toField(circuit.read(inputs, `logitWords[${label}][0]`) + 1n),
      );
    }
  });
});
