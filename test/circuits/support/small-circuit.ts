import { compileSource, type TestCircuit, wrapper } from "./compile.ts";

/** Values of signals by name; arrays of any depth are given as circom takes them. */
export type Signals = Readonly<Record<string, unknown>>;

/** One template of circuits/lib, compiled alone with all its inputs public. */
export interface SmallCircuit extends TestCircuit {
  /** Whether the rows hold for these inputs, with all other wires following from them. */
  readonly accepts: (inputs: Signals) => boolean;
  /** The value of an output or inner signal that follows from the inputs. */
  readonly read: (inputs: Signals, signal: string) => bigint;
}

/** Compiles `template` of `circuits/lib/<file>.circom`; `inputs` names its input signals. */
export async function compileTemplate(
  file: string,
  template: string,
  inputs: readonly string[],
): Promise<SmallCircuit> {
  const circuit = await compileSource(wrapper([file], template, inputs));
  const witnessOf = (values: Signals): bigint[] => {
    const known = Object.entries(values).flatMap(([name, value]) => flatten(name, value));
    return circuit.source.complete(new Map(known.map(([name, value]) => [circuit.sourceWire(name), value])));
  };
  return {
    ...circuit,
    accepts: (values) => {
      const witness = witnessOf(values);
      const rejected = circuit.system.violated(circuit.simplified(witness)).length > 0;
      if (rejected !== circuit.source.violated(witness).length > 0) {
        throw new Error("simplification changed what the circuit accepts");
      }
      return !rejected;
    },
    read: (values, signal) => witnessOf(values)[circuit.sourceWire(signal)]!,
  };
}

function flatten(name: string, value: unknown): [string, bigint][] {
  return Array.isArray(value)
    ? value.flatMap((element: unknown, index) => flatten(`${name}[${index}]`, element))
    : [[name, BigInt(value as bigint | number)]];
}
