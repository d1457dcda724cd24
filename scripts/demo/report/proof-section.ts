import type { DemoRecord } from "../record.ts";
import { bytes, count, duration, facts } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Circuit, keys and proof: sizes and seconds. */
export function proofSection({
  circuit,
  keys,
  proof,
  dataset,
  environment,
}: Pick<DemoRecord, "circuit" | "keys" | "proof" | "dataset" | "environment">): Html {
  const { testSamples } = dataset;
  const steps = proof.steps.map(({ name, seconds }) => `${STEP_TITLES[name] ?? name} ${duration(seconds)}`);
  return html`<section id="proof">
    <h2>Circuit, keys and proof</h2>
    <p class="soft">
      One Groth16 proof with a committed block (BN254) for all ${testSamples} test samples at once.
    </p>
    <div class="columns">
      <div>
        <h3>Circuit</h3>
        ${circuitFacts(circuit, testSamples)}
      </div>
      <div>
        <h3>Keys</h3>
        ${keyFacts(keys)}
      </div>
      <div>
        <h3>Proof</h3>
        ${facts([
          ["made in", duration(proof.seconds)],
          ["of which", steps.join(", ")],
          ["on chain", `${bytes(proof.proofBytes)}; whole call ${bytes(proof.calldataBytes)}`],
          ["proof bundle (JSON)", bytes(proof.bundleBytes)],
        ])}
      </div>
      <div>
        <h3>Machine</h3>
        ${machineFacts(environment)}
      </div>
    </div>
  </section>`;
}

/** Sizes of a circuit that proves about `samples` samples at once. */
export function circuitFacts(circuit: DemoRecord["circuit"], samples: number): Html {
  return facts([
    ["instance", circuit.instanceId],
    [
      "rows",
      `${count(circuit.rows)} (${count(circuit.constraints)} constraints, ${count(circuit.publicSignals)} public signals)`,
    ],
    ["domain", `2^${circuit.domainPower} = ${count(2 ** circuit.domainPower)}`],
    ["rows per sample", (circuit.rows / samples).toFixed(1)],
    ["samples", `${samples}, in ${count(circuit.capacity)} places`],
    ["range table", `2^${circuit.tableBits} entries`],
    ["compiled", circuit.wasCached ? "in an earlier run" : `in ${duration(circuit.compileSeconds)}`],
  ]);
}

/** Kind and sizes of a key set. */
export function keyFacts(keys: DemoRecord["keys"]): Html {
  return facts([
    ["kind", `${keys.kind}, ${keys.contributions} contributions`],
    ["proving key", bytes(keys.provingKeyBytes)],
    ["commitment key", bytes(keys.commitmentKeyBytes)],
    ["verifying key on chain", bytes(keys.verifyingKeyBytes)],
    ["made", keys.wasCached ? "in an earlier run" : `in ${duration(keys.seconds)}`],
  ]);
}

/** What the run was measured on. */
export function machineFacts(environment: DemoRecord["environment"]): Html {
  return facts([
    ["cores", String(environment.cores)],
    ["Node.js", environment.node],
    ["largest memory, whole run", bytes(environment.peakMemoryBytes)],
  ]);
}

const STEP_TITLES: Readonly<Record<string, string>> = {
  commit: "block commitment",
  witness: "witness",
  prove: "Groth16",
  verify: "own verification",
};
