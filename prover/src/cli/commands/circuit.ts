import type { Command } from "commander";

import type { CircuitInstance } from "../../circuits/instance.ts";
import { handle } from "../command.ts";
import { type CommonOptions, withCommonOptions } from "../shared-options.ts";
import { registerCircuitPlan } from "./circuit-plan.ts";

/** `zkpot circuit`: the circuits models are proved with. */
export function registerCircuit(program: Command): void {
  const circuit = program.command("circuit").description("list, plan and compile circuits");
  registerList(circuit);
  registerCircuitPlan(circuit);
  registerBuild(circuit);
}

function registerList(circuit: Command): void {
  const command = withCommonOptions(
    circuit.command("list").description("list the instances of circuits.json"),
  );
  handle<CommonOptions, []>(command, async () => {
    const { listInstances } = await import("../artifacts.ts");
    const { instanceArchitecture } = await import("../../circuits/instance.ts");
    const { table } = await import("../text.ts");
    const instances = await listInstances();
    return {
      data: { instances },
      text: table(
        ["instance", "proves", "model", "samples"],
        instances.map((instance) => [
          instance.id,
          instance.template,
          instanceArchitecture(instance).layerSizes.join("-"),
          String(samplesOf(instance)),
        ]),
      ),
    };
  });
}

function registerBuild(circuit: Command): void {
  const command = withCommonOptions(
    circuit
      .command("build")
      .argument("<instance>", "circuit instance: id in circuits.json, or file of a planned one")
      .description("compile a circuit, unless it is compiled already"),
  );
  handle<CommonOptions, [string]>(command, async (_invocation, name) => {
    const { findInstance, openCircuit } = await import("../artifacts.ts");
    const { facts } = await import("../text.ts");
    const circuitFiles = await openCircuit(await findInstance(name));
    const { instance, directory, r1csSha256, wasmSha256 } = circuitFiles;
    return {
      data: { instance, directory, r1csSha256, wasmSha256 },
      text: facts([
        ["instance", instance.id],
        ["folder", directory],
        ["r1cs", `SHA-256 ${r1csSha256}`],
        ["wasm", `SHA-256 ${wasmSha256}`],
      ]),
    };
  });
}

/** Samples of a test set at most, or of a batch exactly; circuits without samples have none. */
function samplesOf(instance: CircuitInstance): number {
  switch (instance.template) {
    case "accuracy":
    case "round-accuracy":
      return instance.groups * instance.slots;
    case "train-init":
    case "masked-update":
    case "aggregate":
    case "vector-sum":
      return 0;
    case "train-step":
      return instance.rule.batchSize;
  }
}
