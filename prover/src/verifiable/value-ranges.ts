import type { SgdStep } from "./sgd-step.ts";
import { SIGMOID_HALF_SIZE } from "./sigmoid-table.ts";
import type { TrainingRule } from "./training-rule.ts";

/** The largest magnitude a kind of value took, and how much room its range had left. */
export interface ValueRange {
  /** E.g. `layer 1 weight`. */
  readonly name: string;
  readonly largest: number;
  /** Magnitudes from here on stop training; null where the rule sets no limit of its own. */
  readonly limit: number | null;
  /** log2(limit/largest): one bit is a factor of two; null without a limit, Infinity for values that were all 0. */
  readonly headroomBits: number | null;
}

/** Keeps the largest magnitude of every kind of value over the steps of a run. */
export class ObservedRanges {
  readonly #rule: TrainingRule;
  readonly #largest = new Map<string, { largest: number; limit: number | null }>();

  constructor(rule: TrainingRule) {
    this.#rule = rule;
  }

  /** Takes in one step. */
  observe({ model, trace }: SgdStep): void {
    const { weightBits, biasBits, quotientBits } = this.#rule.architecture;
    const { magnitudeBits, excessBits } = this.#rule;
    trace.hiddenLayers.forEach((layer, index) => {
      const name = `layer ${index + 1}`;
      this.#note(`${name} sum`, layer.forward.sums, null);
      this.#note(`${name} quotient`, layer.forward.quotients, 2 ** (quotientBits - 1));
      this.#note(`${name} back-propagated sum`, layer.backward.sums, null);
      this.#note(`${name} back-propagated value`, layer.backward.quotients, 2 ** magnitudeBits);
    });
    const { logits, excesses } = trace.output;
    this.#note("logit", logits.sums, null);
    this.#note("sigmoid index before clamping", logits.quotients, 2 ** excessBits + SIGMOID_HALF_SIZE);
    this.#note("excess over the sigmoid table", excesses, 2 ** excessBits);
    trace.updates.forEach(({ weightGradients, weightChanges, biasGradients, biasChanges }, index) => {
      const name = `layer ${index + 1}`;
      this.#note(`${name} weight gradient`, weightGradients, null);
      this.#note(`${name} weight change`, weightChanges.quotients, null);
      this.#note(`${name} weight`, model.layers[index]!.weights, 2 ** (weightBits - 1));
      this.#note(`${name} bias gradient`, biasGradients, null);
      this.#note(`${name} bias change`, biasChanges.quotients, null);
      this.#note(`${name} bias`, model.layers[index]!.biases, 2 ** (biasBits - 1));
    });
  }

  /** One entry per kind of value, in the order of computation. */
  report(): ValueRange[] {
    return [...this.#largest].map(([name, { largest, limit }]) => ({
      name,
      largest,
      limit,
      headroomBits: limit === null ? null : Math.log2(limit / largest),
    }));
  }

  #note(name: string, values: Int32Array | Float64Array, limit: number | null): void {
    let largest = this.#largest.get(name)?.largest ?? 0;
    for (let index = 0; index < values.length; index++) {
      const magnitude = Math.abs(values[index]!);
      if (magnitude > largest) largest = magnitude;
    }
    this.#largest.set(name, { largest, limit });
  }
}
