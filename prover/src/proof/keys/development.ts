import { mkdir, rm } from "node:fs/promises";
import path from "node:path";

import type { CompiledCircuit } from "../../circuits/build.ts";
import { circuitLayout } from "../../circuits/instance.ts";
import { icRanges, splitIc, writeCommitmentKey } from "./commitment-key.ts";
import { writeDevelopmentZkey } from "./development-zkey.ts";
import { KEY_FILES, type KeySet, loadKeySet, readManifest, sealKeySet } from "./key-set.ts";

/**
 * Makes the proving key and the commitment key of a circuit from secrets drawn here and forgotten, in
 * seconds instead of a ceremony's hours; keeps intact keys that belong to the same circuit.
 *
 * Insecure by construction, and marked so (contributions 0): deployments refuse it outside local chains.
 */
export async function makeDevelopmentKeys(
  circuit: CompiledCircuit,
  directory: string,
  onProgress: (message: string) => void = () => {},
): Promise<KeySet> {
  const present = await readManifest(directory).catch(() => undefined);
  if (present?.r1csSha256 === circuit.r1csSha256) {
    const keys = await loadKeySet(circuit.instance, directory).catch(() => undefined);
    if (keys !== undefined) return keys;
  }
  await mkdir(directory, { recursive: true });
  await rm(path.join(directory, KEY_FILES.manifest), { force: true });

  const layout = circuitLayout(circuit.instance);
  const { icBytes, knowledgeBases, sigma2 } = await writeDevelopmentZkey(
    circuit.r1csFile,
    path.join(directory, KEY_FILES.proving),
    icRanges(layout).committed,
    (message) => {
      onProgress(`${circuit.instance.id}: ${message}`);
    },
  );
  await writeCommitmentKey(path.join(directory, KEY_FILES.commitment), {
    ...splitIc(icBytes, layout),
    knowledgeBases,
    sigma2,
  });
  return sealKeySet(circuit, directory, 0);
}
