import {
  type AccuracyInstance,
  type RoundAccuracyInstance,
  accuracyLayout,
  accuracyMain,
} from "./accuracy.ts";
import { type AggregateInstance, aggregateLayout, aggregateMain } from "./aggregate.ts";
import type { Architecture } from "../model/architecture.ts";
import type { CircuitLayout } from "./layout.ts";
import { type MaskedUpdateInstance, maskedUpdateLayout, maskedUpdateMain } from "./masked-update.ts";
import { type TrainInitInstance, trainInitLayout, trainInitMain } from "./train-init.ts";
import { type TrainStepInstance, trainStepLayout, trainStepMain } from "./train-step.ts";
import { type VectorSumInstance, vectorSumLayout, vectorSumMain } from "./vector-sum.ts";

/** Parameters of one compiled circuit of any template. */
export type CircuitInstance =
  | AccuracyInstance
  | RoundAccuracyInstance
  | MaskedUpdateInstance
  | AggregateInstance
  | VectorSumInstance
  | TrainInitInstance
  | TrainStepInstance;

/** The signals of an instance, in its circuit's order of declaration. */
export function circuitLayout(instance: CircuitInstance): CircuitLayout {
  switch (instance.template) {
    case "accuracy":
    case "round-accuracy":
      return accuracyLayout(instance);
    case "train-init":
      return trainInitLayout(instance);
    case "train-step":
      return trainStepLayout(instance);
    case "masked-update":
      return maskedUpdateLayout(instance);
    case "aggregate":
      return aggregateLayout(instance);
    case "vector-sum":
      return vectorSumLayout(instance);
  }
}

/** The circom file that instantiates a template with an instance's parameters. */
export function circuitMain(instance: CircuitInstance): string {
  switch (instance.template) {
    case "accuracy":
    case "round-accuracy":
      return accuracyMain(instance);
    case "train-init":
      return trainInitMain(instance);
    case "train-step":
      return trainStepMain(instance);
    case "masked-update":
      return maskedUpdateMain(instance);
    case "aggregate":
      return aggregateMain(instance);
    case "vector-sum":
      return vectorSumMain(instance);
  }
}

/** The architecture of the models that an instance speaks of. */
export function instanceArchitecture(instance: CircuitInstance): Architecture {
  return "rule" in instance ? instance.rule.architecture : instance.architecture;
}
