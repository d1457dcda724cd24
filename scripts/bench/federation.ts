import { mkdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";

import type { AggregateInstance } from "../../prover/src/circuits/aggregate.ts";
import { buildCircuit } from "../../prover/src/circuits/build.ts";
import { loadCircuitInstance } from "../../prover/src/circuits/instances.ts";
import type { MaskedUpdateInstance } from "../../prover/src/circuits/masked-update.ts";
import type { VectorSumInstance } from "../../prover/src/circuits/vector-sum.ts";
import { makeDevelopmentKeys } from "../../prover/src/proof/keys/development.ts";
import { domainPower } from "../../prover/src/proof/keys/qap.ts";
import { readR1cs } from "../../prover/src/proof/keys/r1cs.ts";
import type { Candidate } from "./proving.ts";
import { timed } from "./timed.ts";

/** A circuit over the models of a federation's members, without samples. */
export type MembersInstance = MaskedUpdateInstance | AggregateInstance | VectorSumInstance;

const SHAPE = "64-16-10";
/** As many members as a contract's roster has places at most. */
const MOST_MEMBERS = 16;

/** The circuits of a federation of 8 members and of 16, and a node of a tree of sums. */
export async function memberCircuits(): Promise<MembersInstance[]> {
  const masked = await loadCircuitInstance("masked-update", `masked-${SHAPE}x8`);
  const aggregate = await loadCircuitInstance("aggregate", `aggregate-${SHAPE}x8`);
  return [
    masked,
    { ...masked, id: `masked-${SHAPE}x${MOST_MEMBERS}`, members: MOST_MEMBERS },
    aggregate,
    { ...aggregate, id: `aggregate-${SHAPE}x${MOST_MEMBERS}`, vectors: MOST_MEMBERS },
    await loadCircuitInstance("vector-sum", `vector-sum-${SHAPE}x8`),
  ];
}

/** Compiles an instance and makes its keys afresh. */
export async function prepareMembers(instance: MembersInstance, folder: string): Promise<Candidate> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "instance.json"), JSON.stringify(instance));
  const [compileSeconds, circuit] = await timed(() => buildCircuit(instance, path.join(folder, "circuits")));
  const [keySeconds, keys] = await timed(() => makeDevelopmentKeys(circuit, path.join(folder, "keys")));
  const r1cs = await readR1cs(circuit.r1csFile);
  return {
    result: {
      name: instance.id,
      rows: r1cs.constraintCount + r1cs.publicCount + 1,
      domainPower: domainPower(r1cs),
      compileSeconds,
      keySeconds,
      zkeyBytes: (await stat(keys.provingKeyFile)).size,
    },
    parameters: ["members", folder],
  };
}
