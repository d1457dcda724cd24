import type { ContractAddresses } from "../../prover/src/config.ts";
import { ANVIL_KEYS, type Anvil, startAnvil } from "./anvil.ts";
import { Workspace } from "./zkpot.ts";

export const TINY_INSTANCE = "tiny-4-3-3x10";
export const TINY_SAMPLE_COUNT = 10;
export const TINY_MIN_CORRECT = 9;

/** Three clusters in four dimensions, 50 rows: the test part has ten. */
export const TINY_CLUSTERS = [
  "a,b,c,d,kind",
  ...Array.from({ length: 50 }, (_, row) => {
    const kind = row % 3;
    const noise = ((row * 7) % 10) / 20;
    return [kind + noise, 2 - kind + noise, (kind === 1 ? 2 : 0) + noise, noise, `kind ${kind}`].join(",");
  }),
].join("\n");

/** A chain with the contracts and the tiny instance's key, and a poster with its test set. */
export interface TinyMarket {
  readonly anvil: Anvil;
  readonly poster: Workspace;
  readonly addresses: ContractAddresses;
}

/** Starts anvil, deploys, registers the key and splits the data, all with the command. */
export async function startTinyMarket(): Promise<TinyMarket> {
  const anvil = await startAnvil();
  const poster = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
  await poster.json("init");
  poster.configure(anvil.rpcUrl);
  await poster.json("keys", "dev", TINY_INSTANCE);
  const { addresses } = await poster.json<{ addresses: ContractAddresses }>(
    "deploy",
    "--register",
    TINY_INSTANCE,
  );
  poster.write("clusters.csv", TINY_CLUSTERS);
  await poster.json("data", "split", "./clusters.csv", "--input-bits", "4");
  return { anvil, poster, addresses };
}

/** Posts a task on the tiny test set; returns its id. */
export async function postTinyTask({ poster }: TinyMarket, ...options: string[]): Promise<string> {
  const { taskId } = await poster.json<{ taskId: string }>(
    ...["task", "post", "--test-set", "test-set.json", "--instance", TINY_INSTANCE, "--licence", "CC0-1.0"],
    ...["--min-correct", String(TINY_MIN_CORRECT), "--reward", "1ether", "--stake", "0.1ether"],
    ...options,
  );
  return taskId;
}

/** A prover's working folder with anvil's account `index`, stake, and a model trained for the task. */
export async function newTinyProver(
  { anvil, addresses, poster }: TinyMarket,
  taskId: string,
  index: number,
  epochs: number,
): Promise<Workspace> {
  const workspace = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[index]! });
  workspace.configure(anvil.rpcUrl, { addresses });
  workspace.fetchArtifacts(poster);
  workspace.write("mine.csv", TINY_CLUSTERS);
  await workspace.json("stake", "deposit", "1ether");
  const training = ["train", "--data", "./mine.csv", "--task", taskId, "--backend", "wasm"];
  await workspace.json(...training, "--epochs", String(epochs));
  await workspace.json("quantize", "--model", "float-model.json", "--task", taskId);
  return workspace;
}
