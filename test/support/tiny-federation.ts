import { ANVIL_KEYS, type Anvil, startAnvil } from "./anvil.ts";
import { TINY_CLUSTERS } from "./tiny-task.ts";
import { Workspace } from "./zkpot.ts";
import type { ContractAddresses } from "../../prover/src/config.ts";

/** The circuits of a federation of up to four members, by the option of `zkpot round create` that names them. */
export const TINY_CIRCUITS = {
  "--score-circuit": "round-4-3-3x10",
  "--mask-circuit": "masked-4-3-3x4",
  "--aggregate-circuit": "aggregate-4-3-3x4",
} as const;

/** Options of a federation on the tiny test set, as `zkpot round create` takes them. */
export const TINY_FEDERATION: Readonly<Record<string, string>> = {
  "--test-set": "test-set.json",
  ...TINY_CIRCUITS,
  "--licence": "CC0-1.0",
  "--rounds": "2",
  "--stake": "0.1ether",
  "--bond": "0.05ether",
  "--reward": "1ether",
};

/** A chain with the contracts and the keys of a federation's circuits, and a sponsor with its test set. */
export interface TinyFederations {
  readonly anvil: Anvil;
  /** Anvil's account 0. */
  readonly sponsor: Workspace;
  readonly addresses: ContractAddresses;
}

/** Starts anvil, deploys, registers the keys and splits the data, all with the command. */
export async function startTinyFederations(...anvilOptions: string[]): Promise<TinyFederations> {
  const anvil = await startAnvil(...anvilOptions);
  const sponsor = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
  await sponsor.json("init");
  sponsor.configure(anvil.rpcUrl);
  const circuits = Object.values(TINY_CIRCUITS);
  for (const circuit of circuits) await sponsor.json("keys", "dev", circuit);
  const { addresses } = await sponsor.json<{ addresses: ContractAddresses }>(
    "deploy",
    "--register",
    circuits.join(","),
  );
  sponsor.write("clusters.csv", TINY_CLUSTERS);
  await sponsor.json("data", "split", "./clusters.csv", "--input-bits", "4");
  return { anvil, sponsor, addresses };
}

/** The command that creates a federation; options that are undefined are left out. */
export function createCommand(changes: Readonly<Record<string, string | undefined>> = {}): string[] {
  const options = Object.entries({ ...TINY_FEDERATION, ...changes });
  return [
    "round",
    "create",
    ...options.flatMap(([name, value]) => (value === undefined ? [] : [name, value])),
  ];
}

/** Creates a federation from the sponsor and pays for its rounds; returns its id. */
export async function createTinyFederation(
  { sponsor }: TinyFederations,
  changes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { federationId } = await sponsor.json<{ federationId: string }>(...createCommand(changes));
  await sponsor.json("round", "fund", federationId, "2ether");
  return federationId;
}

/** The working folder of anvil's account `index`, with stake, and without artifacts. */
export async function newTinyMember(
  { anvil, addresses }: TinyFederations,
  index: number,
): Promise<Workspace> {
  const workspace = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[index]! });
  workspace.configure(anvil.rpcUrl, { addresses });
  await workspace.json("stake", "deposit", "1ether");
  return workspace;
}
