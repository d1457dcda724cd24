import { readFileSync } from "node:fs";
import path from "node:path";

import { Contract, type ContractRunner, isAddress } from "ethers";

import type { ICircuitRegistry, IStakeVault, ITaskMarket } from "../../../types/ethers-contracts/index.ts";
import type { ContractAddresses, NetworkProfile } from "../config.ts";
import { contractInterface } from "./abis.ts";
import { ChainError } from "./chain-error.ts";
import type { Connection } from "./connect.ts";

/** The three contracts of one deployment, ready to be called. */
export interface Contracts {
  readonly registry: ICircuitRegistry;
  readonly vault: IStakeVault;
  readonly market: ITaskMarket;
  readonly addresses: ContractAddresses;
  /** First block that can hold their events. */
  readonly firstBlock: number;
}

/** Contracts beside those of every task, by their entry in the addresses; a deployment may be without them. */
const OPTIONAL_CONTRACTS = {
  trainingAudit: "TrainingAudit",
  taskAuction: "TaskAuction",
  taskDraw: "TaskDraw",
  committeeDraw: "CommitteeDraw",
  testSetSeal: "TestSetSeal",
  federatedRounds: "FederatedRounds",
} as const;

/** The folder in which the deployment to a network is recorded. */
export function deploymentFolder(folder: string, network: string): string {
  return path.join(folder, "deployments", network);
}

/**
 * The addresses on a network: from its profile, else from `deployments/<network>/` below `folder`.
 * Throws ChainError `chain.not-deployed` when neither names them.
 */
export function contractAddresses(profile: NetworkProfile, folder: string): ContractAddresses {
  if (profile.addresses !== undefined) return profile.addresses;
  const file = path.join(deploymentFolder(folder, profile.name), "deployed_addresses.json");
  let recorded: Record<string, unknown>;
  try {
    recorded = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (cause) {
    throw notDeployed(profile, `${file} cannot be read`, cause);
  }
  const findOptional = (contract: string): string | undefined => {
    const address = Object.entries(recorded).find(([future]) => future.endsWith(`#${contract}`))?.[1];
    return isAddress(address) ? address : undefined;
  };
  const find = (contract: string): string => {
    const address = findOptional(contract);
    if (address === undefined) throw notDeployed(profile, `${file} has no address of ${contract}`);
    return address;
  };
  const optional = Object.entries(OPTIONAL_CONTRACTS).flatMap(([entry, contract]) => {
    const address = findOptional(contract);
    return address === undefined ? [] : [[entry, address] as const];
  });
  return {
    stakeVault: find("StakeVault"),
    circuitRegistry: find("CircuitRegistry"),
    taskMarket: find("TaskMarket"),
    ...(Object.fromEntries(optional) as Partial<Record<keyof typeof OPTIONAL_CONTRACTS, string>>),
  };
}

/**
 * Opens the contracts of a network; `runner` signs, the provider alone only reads.
 * Throws ChainError `chain.not-deployed` when an address holds no code, or contracts that do not belong together.
 */
export async function openContracts(
  connection: Connection,
  folder: string,
  runner: ContractRunner = connection.provider,
): Promise<Contracts> {
  const { provider, profile } = connection;
  const addresses = contractAddresses(profile, folder);
  for (const [name, address] of Object.entries(addresses) as [string, string | undefined][]) {
    if (address === undefined) continue;
    if ((await provider.getCode(address)) === "0x") {
      throw notDeployed(profile, `there is no contract at ${address}, the address of ${name}`);
    }
  }
  const { stakeVault, circuitRegistry, taskMarket } = addresses;
  const market = new Contract(taskMarket, contractInterface("ITaskMarket"), runner) as unknown as ITaskMarket;
  const [vaultOfMarket, registryOfMarket] = await Promise.all([market.vault(), market.registry()]);
  if (BigInt(vaultOfMarket) !== BigInt(stakeVault) || BigInt(registryOfMarket) !== BigInt(circuitRegistry)) {
    throw notDeployed(profile, `the market at ${taskMarket} uses another stake vault or circuit registry`);
  }
  return {
    registry: new Contract(
      circuitRegistry,
      contractInterface("ICircuitRegistry"),
      runner,
    ) as unknown as ICircuitRegistry,
    vault: new Contract(stakeVault, contractInterface("IStakeVault"), runner) as unknown as IStakeVault,
    market,
    addresses,
    firstBlock: firstBlockOf(profile, folder),
  };
}

/** The journal tells of another deployment than that of the addresses that a profile names. */
function firstBlockOf({ name, addresses, firstBlock }: NetworkProfile, folder: string): number {
  return firstBlock ?? (addresses === undefined ? deploymentBlock(folder, name) : 0);
}

/** The earliest block of the deployment's journal; 0 when there is none. */
function deploymentBlock(folder: string, network: string): number {
  let journal: string;
  try {
    journal = readFileSync(path.join(deploymentFolder(folder, network), "journal.jsonl"), "utf8");
  } catch {
    return 0;
  }
  const blocks = [...journal.matchAll(/"blockNumber":\s*(\d+)/g)].map((match) => Number(match[1]));
  return blocks.length === 0 ? 0 : Math.min(...blocks);
}

function notDeployed(profile: NetworkProfile, problem: string, cause?: unknown): ChainError {
  return new ChainError(
    "chain.not-deployed",
    `the contracts are not deployed on ${profile.name}: ${problem}`,
    `Deploy them with \`zkpot deploy --network ${profile.name}\` (on a local chain that was started anew, with --reset), or write their addresses into the network's profile.`,
    { network: profile.name },
    { cause },
  );
}
