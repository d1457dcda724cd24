import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";

import { wtns } from "snarkjs";

import { CIRCUITS_DIRECTORY, compileCircom, hashSources } from "../../../prover/src/circuits/build.ts";
import { quietly } from "../../../prover/src/proof/quietly.ts";
import { ConstraintSystem } from "./constraint-system.ts";

const CACHE = path.join(path.dirname(CIRCUITS_DIRECTORY), "build/test-circuits");

/** Full simplification, as for proving, and none. */
const LEVELS = ["O2", "O0"] as const;

/** A circuit compiled for a test. */
export interface TestCircuit {
  /** What is proved: the rows circom leaves after full simplification, as for production. */
  readonly system: ConstraintSystem;
  /** The same circuit without simplification: every signal of the source is a wire of its own. */
  readonly source: ConstraintSystem;
  /** Name of each wire of `system`, without `main.`; the first of a wire's names where circom merged signals. */
  readonly wireNames: readonly string[];
  /** Name of each wire of `source`. */
  readonly sourceNames: readonly string[];
  /** Wire of `source` for a signal, e.g. `values[3]`. */
  readonly sourceWire: (name: string) => number;
  /** The witness of `system` within one of `source`. */
  readonly simplified: (sourceWitness: readonly bigint[]) => bigint[];
  /** The wires of `system` that circom's solver finds; rejects with circom's message where an equality fails. */
  readonly solve: (inputs: Readonly<Record<string, unknown>>) => Promise<bigint[]>;
}

/** Compiles a main file, once for each content of it and of the circuits it may include. */
export async function compileSource(main: string): Promise<TestCircuit> {
  const target = path.join(CACHE, (await hashSources(main, LEVELS)).slice(0, 32));
  const found = await access(target).then(
    () => true,
    () => false,
  );
  if (!found) await compileInto(target, main);

  const [simplified, source] = [path.join(target, "O2"), path.join(target, "O0")];
  const sourceWires = new Map(await readSymbols(source));
  const system = await ConstraintSystem.read(path.join(simplified, "main.r1cs"));
  const wireNames = new Array<string>(system.wireCount);
  wireNames[0] = "one";
  for (const [name, wire] of await readSymbols(simplified)) if (wire >= 0) wireNames[wire] ??= name;
  const sourceWire = (name: string): number => {
    const wire = sourceWires.get(name);
    if (wire === undefined) throw new RangeError(`the circuit has no signal ${name}`);
    return wire;
  };
  const origin = wireNames.map((name, wire) => (wire === 0 ? 0 : sourceWire(name)));
  const sourceNames = ["one"];
  for (const [name, wire] of sourceWires) sourceNames[wire] = name;
  return {
    system,
    sourceNames,
    source: await ConstraintSystem.read(path.join(source, "main.r1cs")),
    wireNames,
    sourceWire,
    simplified: (sourceWitness) => origin.map((wire) => sourceWitness[wire]!),
    solve: async (inputs) => {
      const witness: { type: "mem"; data?: Uint8Array } = { type: "mem" };
      const nonEmpty = Object.entries(inputs).filter(
        ([, value]) => !Array.isArray(value) || value.length > 0,
      );
      const wasm = path.join(simplified, "main.wasm");
      await quietly(() => wtns.calculate(Object.fromEntries(nonEmpty), wasm, witness));
      return wtns.exportJson({ type: "mem", data: witness.data! });
    },
  };
}

async function compileInto(target: string, main: string): Promise<void> {
  const staging = `${target}.${process.pid}.part`;
  try {
    const compilations = LEVELS.map(async (level) => {
      const folder = path.join(staging, level);
      await mkdir(folder, { recursive: true });
      await compileCircom("under test", main, folder, [`--${level}`, "--sym"]);
    });
    await Promise.all(compilations);
    await rename(staging, target).catch(async (error: unknown) => {
      // Another test process may have been faster.
      await access(target).catch(() => {
        throw error;
      });
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Names of all signals, without `main.`, with their wires; −1 for those that simplification removed. */
async function readSymbols(folder: string): Promise<[string, number][]> {
  const text = await readFile(path.join(folder, "main.sym"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [, wire, , name] = line.split(",") as [string, string, string, string];
      return [name.replace(/^main\./, ""), Number(wire)];
    });
}

/** A main file that includes library files and instantiates one template with all inputs public. */
export function wrapper(
  includes: readonly string[],
  template: string,
  publicInputs: readonly string[],
): string {
  return [
    "pragma circom 2.2.0;",
    ...includes.map((file) => `include "lib/${file}.circom";`),
    `component main${publicInputs.length > 0 ? ` {public [${publicInputs.join(", ")}]}` : ""} = ${template};`,
    "",
  ].join("\n");
}
