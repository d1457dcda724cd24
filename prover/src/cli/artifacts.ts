import { readFile } from "node:fs/promises";
import path from "node:path";

import { WORKSPACE } from "../chain/abis.ts";
import type { CompiledCircuit } from "../circuits/build.ts";
import type { CircuitInstance } from "../circuits/instance.ts";
import { CIRCUIT_INSTANCE_SCHEMA, loadCircuitInstances } from "../circuits/instances.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import { note } from "./output.ts";
import { UsageError } from "./usage-error.ts";

/** Where an instance is compiled to: its id is the folder for those of circuits.json, its digest for all others. */
export async function circuitDirectory(instance: CircuitInstance): Promise<string> {
  return path.join(WORKSPACE, "build", "circuits", await instanceFolder(instance));
}

/** Where the keys of an instance are looked for unless a folder is named. */
export async function keyDirectory(instance: CircuitInstance): Promise<string> {
  return path.join(WORKSPACE, "build", "keys", await instanceFolder(instance), instance.id);
}

/** Compiles an instance, unless it is compiled already. */
export async function openCircuit<Instance extends CircuitInstance>(
  instance: Instance,
): Promise<CompiledCircuit<Instance>> {
  const { buildCircuit } = await import("../circuits/build.ts");
  return await buildCircuit(instance, await circuitDirectory(instance), note);
}

/** Empty for instances of circuits.json; a planned one may have the same id as one of them, or as another. */
async function instanceFolder(instance: CircuitInstance): Promise<string> {
  const { instanceDigest } = await import("../proof/keys/key-set.ts");
  const digest = instanceDigest(instance);
  const isPackaged = (await listInstances()).some((packaged) => instanceDigest(packaged) === digest);
  return isPackaged ? "" : path.join("planned", digest.slice(0, 16));
}

/** The instances of circuits/circuits.json. */
export async function listInstances(): Promise<readonly CircuitInstance[]> {
  return await loadCircuitInstances();
}

/** An instance by its id in circuits/circuits.json, or from a file that `zkpot circuit plan --out` wrote. */
export async function findInstance(idOrFile: string): Promise<CircuitInstance> {
  if (/[./\\]/.test(idOrFile)) return await readInstanceFile(idOrFile);
  const instances = await listInstances();
  const instance = instances.find(({ id }) => id === idOrFile);
  if (instance === undefined) {
    throw new UsageError(
      "cli.unknown-instance",
      `there is no circuit instance ${idOrFile}; there are ${instances.map(({ id }) => id).join(", ")}`,
      "Name one of them, or the file of an instance planned with `zkpot circuit plan --out`.",
      { instance: idOrFile },
    );
  }
  return instance;
}

/** As findInstance, for a circuit of one template; throws UsageError `cli.other-template` for others. */
export async function findInstanceOf<Template extends CircuitInstance["template"]>(
  template: Template,
  idOrFile: string,
): Promise<Extract<CircuitInstance, { readonly template: Template }>> {
  const instance = await findInstance(idOrFile);
  if (isOf(template, instance)) return instance;
  throw new UsageError(
    "cli.other-template",
    `${instance.id} is a ${instance.template} circuit; this needs one of template ${template}`,
    "See the instances with `zkpot circuit list`.",
    { instance: instance.id, template: instance.template, expected: template },
  );
}

function isOf<Template extends CircuitInstance["template"]>(
  template: Template,
  instance: CircuitInstance,
): instance is Extract<CircuitInstance, { readonly template: Template }> {
  return instance.template === template;
}

/** The keys of an instance, from a folder or from where `zkpot keys dev` puts them; every file is hashed. */
export async function openKeys(instance: CircuitInstance, folder: string | undefined): Promise<KeySet> {
  const { loadKeySet } = await import("../proof/keys/key-set.ts");
  return await loadKeySet(instance, folder ?? (await keyDirectory(instance)));
}

async function readInstanceFile(file: string): Promise<CircuitInstance> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new UsageError(
      "cli.instance-file",
      `cannot read an instance from ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      "Write one with `zkpot circuit plan --out`.",
      { file },
      { cause },
    );
  }
  const result = CIRCUIT_INSTANCE_SCHEMA.safeParse(parsed);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new UsageError(
    "cli.instance-file",
    `${file} is not an instance: ${issue.path.join(".")}: ${issue.message}`,
    "Write one with `zkpot circuit plan --out`.",
    { file },
  );
}
