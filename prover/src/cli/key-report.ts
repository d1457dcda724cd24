import { statSync } from "node:fs";

import type { KeySet } from "../proof/keys/key-set.ts";
import type { Report } from "./output.ts";
import { facts, megabytes } from "./text.ts";

/** What a key set is, for programs and people. */
export function reportKeys(keySet: KeySet, folder: string): Report {
  const { keyId, manifest, provingKeyFile } = keySet;
  const provingKeyBytes = statSync(provingKeyFile).size;
  const { verifyingKey, ...entries } = manifest;
  return {
    data: { folder, provingKeyBytes, verifyingKeyBytes: verifyingKey.length / 2 - 1, ...entries },
    text: facts([
      ["key", keyId],
      ["instance", manifest.instanceId],
      ["kind", keyKind(manifest.contributions)],
      ["folder", folder],
      ["proving key", megabytes(provingKeyBytes)],
    ]),
  };
}

/** What a number of contributions says about a key. */
export function keyKind(contributions: number): string {
  return contributions === 0
    ? "development key: INSECURE, for local chains only"
    : `ceremony of ${contributions} contributions`;
}
