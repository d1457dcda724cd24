import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

import { ARCHITECTURE_SCHEMA } from "../model/architecture.ts";
import type { AccuracyInstance } from "./accuracy.ts";
import { CIRCUITS_DIRECTORY } from "./build.ts";

/** Schema of a circuit's parameters inside documents. */
export const INSTANCE_SCHEMA = z
  .object({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/, "is not an instance id (a-z, 0-9, -)"),
    template: z.literal("accuracy"),
    architecture: ARCHITECTURE_SCHEMA,
    tableBits: z.number().int().min(1).max(20),
    groups: z.number().int().min(1).max(1_000_000),
    slots: z.number().int().min(1).max(252),
    slotBits: z.number().int().min(1).max(252),
  })
  .strict();

/** The instances this checkout ships, from `circuits/circuits.json`. */
export async function loadInstances(): Promise<readonly AccuracyInstance[]> {
  const text = await readFile(path.join(CIRCUITS_DIRECTORY, "circuits.json"), "utf8");
  return z.array(INSTANCE_SCHEMA).parse(JSON.parse(text));
}

/** One of them by id. Throws RangeError for an id that is not shipped. */
export async function loadInstance(id: string): Promise<AccuracyInstance> {
  const instance = (await loadInstances()).find((candidate) => candidate.id === id);
  if (instance === undefined) throw new RangeError(`circuits.json has no instance ${id}`);
  return instance;
}
