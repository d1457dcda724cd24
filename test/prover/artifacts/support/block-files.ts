import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

import type { ArtifactStore } from "../../../../prover/src/artifacts/store.ts";

/** The files of all blocks of a store, sorted. */
export function blockFiles(store: ArtifactStore): readonly string[] {
  const blocks = path.join(store.folder, "blocks");
  if (!existsSync(blocks)) return [];
  return readdirSync(blocks, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(blocks, name))
    .filter((name) => name.endsWith(".data"))
    .sort();
}
