import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

import { sha256, sha256File, writeFileAtomically } from "../files.ts";
import { CircuitError } from "./circuit-error.ts";
import { type CircuitInstance, circuitMain } from "./instance.ts";

/** The files of a compiled circuit, with the hashes they were written with. */
export interface CompiledCircuit<Instance extends CircuitInstance = CircuitInstance> {
  readonly instance: Instance;
  readonly directory: string;
  readonly r1csFile: string;
  readonly wasmFile: string;
  readonly r1csSha256: string;
  readonly wasmSha256: string;
}

interface BuildRecord {
  readonly sourceSha256: string;
  readonly r1csSha256: string;
  readonly wasmSha256: string;
}

const require = createRequire(import.meta.url);

/** Full simplification: a linear constraint costs a row, too, and circomlib's Poseidon has 1,480 of them a call. */
const PROVING_FLAGS = ["--O2"] as const;

/** The folder of circom sources of this checkout. */
export const CIRCUITS_DIRECTORY = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)),
  "../../../circuits",
);

/**
 * Compiles an instance with circom into `directory/<id>/`, unless the files there were made from the
 * same sources, and are intact.
 *
 * Throws CircuitError `circuit.compile` with the compiler's message when circom refuses.
 */
export async function buildCircuit<Instance extends CircuitInstance>(
  instance: Instance,
  directory: string,
  onProgress: (message: string) => void = () => {},
): Promise<CompiledCircuit<Instance>> {
  const target = path.resolve(directory, instance.id);
  const source = circuitMain(instance);
  const sourceSha256 = await hashSources(source);
  const present = await readRecord(target);
  if (present?.sourceSha256 === sourceSha256) {
    try {
      return await loadCircuit(instance, directory);
    } catch (error) {
      if (!(error instanceof CircuitError)) throw error;
      onProgress(`${instance.id}: ${error.message}; compiling again`);
    }
  }

  onProgress(`${instance.id}: compiling`);
  const staging = `${target}.${process.pid}.part`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  try {
    await compileCircom(instance.id, source, staging);
    const record: BuildRecord = {
      sourceSha256,
      r1csSha256: await sha256File(path.join(staging, "main.r1cs")),
      wasmSha256: await sha256File(path.join(staging, "main.wasm")),
    };
    await writeFileAtomically(path.join(staging, "build.json"), `${JSON.stringify(record, null, 2)}\n`);
    await rm(target, { recursive: true, force: true });
    await rename(staging, target);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return loadCircuit(instance, directory);
}

/**
 * The compiled files of an instance in `directory/<id>/`.
 *
 * Throws CircuitError `circuit.not-built` when there are none, and `circuit.damaged` naming the file
 * when one is not what circom wrote.
 */
export async function loadCircuit<Instance extends CircuitInstance>(
  instance: Instance,
  directory: string,
): Promise<CompiledCircuit<Instance>> {
  const target = path.resolve(directory, instance.id);
  const record = await readRecord(target);
  if (record === undefined) {
    throw new CircuitError(
      "circuit.not-built",
      `circuit ${instance.id} is not built in ${directory}`,
      `Run "zkpot circuit build ${instance.id}".`,
      { instance: instance.id, directory },
    );
  }
  const circuit: CompiledCircuit<Instance> = {
    instance,
    directory: target,
    r1csFile: path.join(target, "main.r1cs"),
    wasmFile: path.join(target, "main.wasm"),
    r1csSha256: record.r1csSha256,
    wasmSha256: record.wasmSha256,
  };
  for (const [file, expected] of [
    [circuit.r1csFile, record.r1csSha256],
    [circuit.wasmFile, record.wasmSha256],
  ] as const) {
    const found = await sha256File(file).catch(() => "nothing");
    if (found !== expected) {
      throw new CircuitError(
        "circuit.damaged",
        `${file} is damaged: its SHA-256 is ${found}, the build recorded ${expected}`,
        `Run "zkpot circuit build ${instance.id}".`,
        { file, found, expected },
      );
    }
  }
  return circuit;
}

async function readRecord(target: string): Promise<BuildRecord | undefined> {
  try {
    return JSON.parse(await readFile(path.join(target, "build.json"), "utf8")) as BuildRecord;
  } catch {
    return undefined;
  }
}

/** SHA-256 of what determines the compiler's output: main file, sources, flags, compiler and library versions. */
export async function hashSources(main: string, flags: readonly string[] = PROVING_FLAGS): Promise<string> {
  const files = (await readdir(CIRCUITS_DIRECTORY, { recursive: true }))
    .filter((file) => file.endsWith(".circom"))
    .sort();
  const parts = await Promise.all(
    files.map(async (file) => `${file}:${sha256(await readFile(path.join(CIRCUITS_DIRECTORY, file)))}`),
  );
  const versions = ["circom2", "circomlib"].map(
    (name) => `${name}@${(require(`${name}/package.json`) as { version: string }).version}`,
  );
  return sha256([...versions, ...parts, ...flags, main].join("\n"));
}

/**
 * Compiles a circom source to `main.r1cs` and `main.wasm` in an existing directory; includes are looked up
 * in this checkout's circuits, then among the installed packages. `flags` are circom's own.
 *
 * Throws CircuitError `circuit.compile` with the compiler's message.
 */
export async function compileCircom(
  id: string,
  source: string,
  directory: string,
  flags: readonly string[] = PROVING_FLAGS,
): Promise<void> {
  await writeFile(path.join(directory, "main.circom"), source);
  const library = path.dirname(path.dirname(require.resolve("circomlib/package.json")));
  const script = fileURLToPath(new URL("./circom-process.ts", import.meta.url));
  const child = spawn(process.execPath, [
    script,
    "main.circom",
    CIRCUITS_DIRECTORY,
    library,
    directory,
    ...flags,
  ]);
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) {
    throw new CircuitError(
      "circuit.compile",
      `circom refused circuit ${id}: ${stripVTControlCharacters(output).trim().slice(-2000)}`,
      "Change the parameters that circom names; bit widths must leave room in a packed slot.",
      { instance: id },
    );
  }
  await rename(path.join(directory, "main_js", "main.wasm"), path.join(directory, "main.wasm"));
  await rm(path.join(directory, "main_js"), { recursive: true });
}
