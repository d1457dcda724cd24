import path from "node:path";

import { buildCircuit } from "../../prover/src/circuits/build.ts";
import { loadCircuitInstances } from "../../prover/src/circuits/instances.ts";
import { makeDevelopmentKeys } from "../../prover/src/proof/keys/development.ts";

const build = path.join(import.meta.dirname, "..", "..", "build");

/** Compiles every circuit of circuits.json and makes its development keys; intact files of the same sources stay. */
export async function buildCircuitsAndKeys(): Promise<void> {
  const onProgress = (message: string): void => {
    process.stderr.write(`[set-up] ${message}\n`);
  };
  for (const instance of await loadCircuitInstances()) {
    const circuit = await buildCircuit(instance, path.join(build, "circuits"), onProgress);
    await makeDevelopmentKeys(circuit, path.join(build, "keys", instance.id), onProgress);
  }
}
