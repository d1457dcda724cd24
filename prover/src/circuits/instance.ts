import { type AccuracyInstance, accuracyLayout, accuracyMain } from "./accuracy.ts";
import type { Architecture } from "../model/architecture.ts";
import type { CircuitLayout } from "./layout.ts";
import { type TrainInitInstance, trainInitLayout, trainInitMain } from "./train-init.ts";
import { type TrainStepInstance, trainStepLayout, trainStepMain } from "./train-step.ts";

/** Parameters of one compiled circuit of any template. */
export type CircuitInstance = AccuracyInstance | TrainInitInstance | TrainStepInstance;

/** The signals of an instance, in its circuit's order of declaration. */
export function circuitLayout(instance: CircuitInstance): CircuitLayout {
  switch (instance.template) {
    case "accuracy":
      return accuracyLayout(instance);
    case "train-init":
      return trainInitLayout(instance);
    case "train-step":
      return trainStepLayout(instance);
  }
}

/** The circom file that instantiates a template with an instance's parameters. */
export function circuitMain(instance: CircuitInstance): string {
  switch (instance.template) {
    case "accuracy":
      return accuracyMain(instance);
    case "train-init":
      return trainInitMain(instance);
    case "train-step":
      return trainStepMain(instance);
  }
}

/** The architecture of the models that an instance speaks of. */
export function instanceArchitecture(instance: CircuitInstance): Architecture {
  return instance.template === "accuracy" ? instance.architecture : instance.rule.architecture;
}
