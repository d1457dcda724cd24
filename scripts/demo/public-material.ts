import { stat } from "node:fs/promises";
import path from "node:path";

import { accuracyDimensions, type AccuracyInstance } from "../../prover/src/circuits/accuracy.ts";
import { buildCircuit, type CompiledCircuit } from "../../prover/src/circuits/build.ts";
import type { CircuitInstance } from "../../prover/src/circuits/instance.ts";
import { makeDevelopmentKeys } from "../../prover/src/proof/keys/development.ts";
import { KEY_FILES, type KeySet } from "../../prover/src/proof/keys/key-set.ts";
import { domainPower } from "../../prover/src/proof/keys/qap.ts";
import { readR1cs } from "../../prover/src/proof/keys/r1cs.ts";
import type { DemoRecord } from "./record.ts";
import type { Story } from "./story.ts";

/** Circuit and keys, the public material that every party loads. */
export interface PublicMaterial<Instance extends CircuitInstance = AccuracyInstance> {
  readonly circuit: CompiledCircuit<Instance>;
  readonly keys: KeySet;
  readonly circuitTiming: Pick<DemoRecord["circuit"], "compileSeconds" | "wasCached">;
  readonly keyTiming: Pick<DemoRecord["keys"], "seconds" | "wasCached">;
}

/** Compiles the circuit and makes its development keys below `buildDirectory`, or finds them there. */
export async function prepareMaterial<Instance extends CircuitInstance>(
  story: Story,
  instance: Instance,
  buildDirectory: string,
): Promise<PublicMaterial<Instance>> {
  let isCompiled = false;
  const circuit = await story.act(
    "set-up",
    `looking for circuit ${instance.id}`,
    (progress) =>
      buildCircuit(instance, path.join(buildDirectory, "circuits"), (text) => {
        isCompiled = true;
        progress(text);
      }),
    () => ({ text: `circuit ${instance.id} ${isCompiled ? "compiled" : "found, compiled before"}` }),
  );
  let isMade = false;
  const directory = path.join(buildDirectory, "keys", instance.id);
  const keys = await story.act(
    "set-up",
    "looking for its keys",
    (progress) =>
      makeDevelopmentKeys(circuit.result, directory, (text) => {
        isMade = true;
        progress(text);
      }),
    ({ keyId }) => ({
      text: `development key ${keyId.slice(0, 10)}… ${isMade ? "made" : "found, made before"} (insecure by design: local chains only)`,
    }),
  );
  return {
    circuit: circuit.result,
    keys: keys.result,
    circuitTiming: { compileSeconds: circuit.seconds, wasCached: !isCompiled },
    keyTiming: { seconds: keys.seconds, wasCached: !isMade },
  };
}

/** Sizes of the circuit, read from what the compiler wrote. */
export async function describeCircuit({
  circuit,
  circuitTiming,
}: PublicMaterial): Promise<DemoRecord["circuit"]> {
  const { instance } = circuit;
  const r1cs = await readR1cs(circuit.r1csFile);
  return {
    instanceId: instance.id,
    constraints: r1cs.constraintCount,
    publicSignals: r1cs.publicCount,
    // snarkjs adds a row for each public signal and for the constant one.
    rows: r1cs.constraintCount + r1cs.publicCount + 1,
    domainPower: domainPower(r1cs),
    capacity: accuracyDimensions(instance).slotsTotal,
    tableBits: instance.tableBits,
    ...circuitTiming,
  };
}

/** Sizes and id of a key set. */
export async function describeKeys({
  keys,
  keyTiming,
}: Pick<PublicMaterial, "keys" | "keyTiming">): Promise<DemoRecord["keys"]> {
  const { manifest, provingKeyFile } = keys;
  const commitmentKeyFile = path.join(path.dirname(provingKeyFile), KEY_FILES.commitment);
  return {
    keyId: keys.keyId,
    kind: manifest.kind,
    contributions: manifest.contributions,
    provingKeyBytes: (await stat(provingKeyFile)).size,
    commitmentKeyBytes: (await stat(commitmentKeyFile)).size,
    verifyingKeyBytes: (manifest.verifyingKey.length - 2) / 2,
    ...keyTiming,
  };
}
