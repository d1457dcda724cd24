import { expect } from "chai";

import { limbCount, lookupCount } from "../../prover/src/circuits/accuracy.ts";
import { toField } from "../../prover/src/field.ts";
import { compileTemplate, type SmallCircuit } from "./support/small-circuit.ts";

const [SLOT_BITS, MAGNITUDE_BITS, TABLE_BITS] = [20, 4, 5];

describe("HiddenUnit", function () {
  this.timeout(60_000);

  for (const shift of [0, 3, 5, 7]) {
    describe(`with a shift of ${shift} over a table of ${TABLE_BITS}`, () => {
      const limbs = limbCount(shift, TABLE_BITS);
      const lookups = 2 * (lookupCount(MAGNITUDE_BITS, TABLE_BITS) + lookupCount(shift, TABLE_BITS));
      const step = 2 ** shift;
      let circuit: SmallCircuit;

      before(async () => {
        circuit = await compileTemplate(
          "hidden-unit",
          `HiddenUnit(1, 2, ${SLOT_BITS}, ${MAGNITUDE_BITS}, ${shift}, ${TABLE_BITS})`,
          ["activations", "deficits", "remainderLimbs"],
        );
      });

      /** One unit for two samples; slot 1 always has an accumulator of zero. */
      const inputs = (activation: number, deficit: number, remainder: number) => ({
        activations: [[activation, 0]],
        deficits: [[deficit, 0]],
        remainderLimbs:
          limbs === 0
            ? [0]
            : Array.from({ length: 2 * limbs }, (_, index) =>
                index >= limbs
                  ? 0
                  : index < limbs - 1
                    ? ((remainder % 32) + 32) % 32
                    : Math.floor(remainder / 32 ** index),
              ),
      });
      /** Whether the rows hold and a RangeLookup behind them would, too. */
      const accepts = (activation: number, deficit: number, remainder: number): boolean => {
        const signals = inputs(activation, deficit, remainder);
        if (!circuit.accepts(signals)) return false;
        return Array.from({ length: lookups }, (_, index) =>
          circuit.read(signals, `lookups[${index}]`),
        ).every((value) => value < 2 ** TABLE_BITS);
      };

      it("gives the accumulator of a quotient and a remainder, rounding down, and the ReLU", () => {
        for (const quotient of [-15, -2, -1, 0, 1, 2, 15]) {
          for (const remainder of new Set([0, step >> 1, step - 1])) {
            const signals = inputs(Math.max(quotient, 0), Math.max(-quotient, 0), remainder);
            expect(circuit.read(signals, "accumulatorWords[0]")).to.equal(
              toField(BigInt(quotient * step + remainder)),
            );
            expect(circuit.read(signals, "activationWords[0]")).to.equal(BigInt(Math.max(quotient, 0)));
            expect(accepts(Math.max(quotient, 0), Math.max(-quotient, 0), remainder)).to.equal(true);
          }
        }
      });

      it("puts the second sample into the second slot", () => {
        const signals = { ...inputs(0, 0, 0), activations: [[0, 3]], deficits: [[1, 0]] };
        expect(circuit.read(signals, "activationWords[0]")).to.equal(3n << BigInt(SLOT_BITS));
        const sums = -BigInt(step) + ((3n * BigInt(step)) << BigInt(SLOT_BITS));
        expect(circuit.read(signals, "accumulatorWords[0]")).to.equal(toField(sums));
      });

      it("refuses magnitudes of 2^magnitudeBits and negative ones", () => {
        for (const magnitude of [16, 17, 31, 32, 1000, -1]) {
          expect(accepts(magnitude, 0, 0), `activation ${magnitude}`).to.equal(false);
          expect(accepts(0, magnitude, 0), `deficit ${magnitude}`).to.equal(false);
        }
      });

      it("refuses activation and deficit together, even where their sum is in range", () => {
        for (const [activation, deficit] of [
          [1, 1],
          [7, 8],
          [15, -14],
          [-3, 3],
        ] as const) {
          expect(circuit.accepts(inputs(activation, deficit, 0))).to.equal(false);
        }
      });

      if (shift > 0) {
        it("refuses remainders of 2^shift and negative ones", () => {
          for (const remainder of [step, step + 1, 2 * step, -1, -step]) {
            expect(accepts(1, 0, remainder), `${remainder}`).to.equal(false);
          }
        });
      }
    });
  }
});
