import path from "node:path";

import { expectedProvingSeconds } from "../circuits/cost.ts";
import { KEY_FILES, readManifest } from "../proof/keys/key-set.ts";
import { readZkeyHeader } from "../proof/keys/zkey-file.ts";
import { keyDirectory, listInstances } from "./artifacts.ts";

/**
 * Expected seconds of one proof under a key on two cores, from the size of the proving key at hand; undefined
 * when no key of that id is in the usual places.
 */
export async function estimateProvingSeconds(keyId: string): Promise<number | undefined> {
  for (const instance of await listInstances()) {
    const directory = await keyDirectory(instance);
    const manifest = await readManifest(directory).catch(() => undefined);
    if (manifest?.keyId !== keyId) continue;
    const { domainSize } = await readZkeyHeader(path.join(directory, KEY_FILES.proving));
    return expectedProvingSeconds(domainSize);
  }
  return undefined;
}
