import type { SignalValues } from "../circuits/layout.ts";
import { type TrainStepInstance, trainStepDimensions } from "../circuits/train-step.ts";
import type { IntegerSamples } from "../data/samples.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import type { SgdStep } from "../verifiable/sgd-step.ts";
import { SIGMOID_HALF_SIZE } from "../verifiable/sigmoid-table.ts";
import { sigmoidShiftBits, WEIGHT_FRACTION_BITS } from "../verifiable/training-rule.ts";
import { LookupTable } from "./lookup-table.ts";
import { parameterLimbs } from "./parameter-limbs.ts";

/** A step of training, with everything that went into it. */
export interface TrainedStep {
  readonly before: IntegerModel;
  readonly batch: IntegerSamples;
  readonly step: SgdStep;
}

/**
 * The committed block of one training step: batch, weights before and after, and every intermediate value of the
 * step in the circuit's order; `blockMask` is added when the block is committed.
 */
export function trainStepCommittedBlock(instance: TrainStepInstance, trained: TrainedStep): SignalValues {
  const { rule, tableBits, fineTableBits } = instance;
  const { quotientBits, inputBits } = rule.architecture;
  const { before, batch, step } = trained;
  const size = trainStepDimensions(instance);
  const table = new LookupTable(tableBits);
  const fine = new LookupTable(fineTableBits);
  const { hiddenLayers, output, updates } = step.trace;
  const [hidden] = hiddenLayers;

  const limbsBefore = parameterLimbs(before, table);
  const limbsAfter = parameterLimbs(step.model, table);

  // The circuit orders units and logits by neuron, then sample; traces are `[sample][neuron]`.
  const byNeuron = <T>(width: number, value: (position: number) => T): T[] =>
    Array.from({ length: width * size.batch }, (_, index) =>
      value((index % size.batch) * width + Math.floor(index / size.batch)),
    );
  const perUnit = <T>(value: (position: number) => T) => byNeuron(size.hidden, value);
  const perLogit = <T>(value: (position: number) => T) => byNeuron(size.classes, value);
  const quotient = (position: number) => hidden!.forward.quotients[position]!;
  const isActive = (position: number) => (quotient(position) > 0 ? 1 : 0);

  return {
    featureLimbs: byNeuron(size.features, (position) =>
      fine.limbs(batch.features[position]!, inputBits),
    ).flat(),
    labels: perLogit((position) =>
      batch.labels[Math.floor(position / size.classes)] === position % size.classes ? 1n : 0n,
    ),
    weightLimbsBefore: limbsBefore.weightLimbs,
    biasLimbsBefore: limbsBefore.biasLimbs,
    weightLimbsAfter: limbsAfter.weightLimbs,
    biasLimbsAfter: limbsAfter.biasLimbs,
    updateRemainderLimbs: updates.flatMap(({ weightChanges, biasChanges }, layer) =>
      [...weightChanges.remainders, ...biasChanges.remainders].flatMap((value) =>
        table.limbs(value, rule.weightShiftBits[layer]!),
      ),
    ),
    excesses: perUnit((position) => {
      const excess = Math.max(quotient(position), 0) - isActive(position);
      table.look(excess + Math.max(-quotient(position), 0), quotientBits - 1);
      return BigInt(excess);
    }),
    isActive: perUnit((position) => BigInt(isActive(position))),
    deficits: perUnit((position) => BigInt(Math.max(-quotient(position), 0))),
    activationRemainderLimbs: perUnit((position) =>
      table.limbs(hidden!.forward.remainders[position]!, size.shift),
    ).flat(),
    indices: perLogit((position) => BigInt(output.tableIndices[position]! + SIGMOID_HALF_SIZE)),
    above: perLogit((position) => lookedUp(table, Math.max(output.excesses[position]!, 0))),
    below: perLogit((position) => lookedUp(table, Math.max(-output.excesses[position]!, 0))),
    logitRemainderLimbs: perLogit((position) =>
      table.limbs(output.logits.remainders[position]!, sigmoidShiftBits(rule)),
    ).flat(),
    probabilities: perLogit((position) => BigInt(output.probabilities[position]!)),
    backQuotients: perUnit((position) =>
      lookedUp(table, hidden!.backward.quotients[position]! + 2 ** (size.backBits - 1), size.backBits),
    ),
    backRemainderLimbs: perUnit((position) =>
      table.limbs(hidden!.backward.remainders[position]!, WEIGHT_FRACTION_BITS),
    ).flat(),
    sigmoidMultiplicities: countIndices(output.tableIndices),
    fineMultiplicities: fine.multiplicities(),
    multiplicities: table.multiplicities(),
  };
}

function lookedUp(table: LookupTable, value: number, bits = table.bits): bigint {
  table.look(value, bits);
  return BigInt(value);
}

function countIndices(indices: Int32Array): bigint[] {
  const counts = new Array<bigint>(2 * SIGMOID_HALF_SIZE).fill(0n);
  for (const index of indices) counts[index + SIGMOID_HALF_SIZE]!++;
  return counts;
}
