import { readFileSync } from "node:fs";
import path from "node:path";

import { AbiCoder, Interface, type InterfaceAbi } from "ethers";

import { ChainError } from "./chain-error.ts";

/** The workspace this package lies in: contracts, artifacts and circuits are there. */
export const WORKSPACE = path.join(import.meta.dirname, "..", "..", "..");

/** A compiled contract as Hardhat writes it. */
export interface Artifact {
  readonly contractName: string;
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
}

/** The interfaces the command line talks to. */
export type InterfaceName =
  | "ICircuitRegistry"
  | "ICommittees"
  | "IFederatedRounds"
  | "IStakeVault"
  | "ITaskAuction"
  | "ITaskDraw"
  | "ITaskMarket"
  | "ITestSetSeal"
  | "ITrainingAudit";

/** Reads an artifact, e.g. `contracts/TaskMarket.sol/TaskMarket`; throws ChainError `chain.not-compiled`. */
export function readArtifact(name: string): Artifact {
  const file = path.join(WORKSPACE, "artifacts", `${name}.json`);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Artifact;
  } catch (cause) {
    throw new ChainError(
      "chain.not-compiled",
      `there is no compiled contract ${name}`,
      "Run `npm run setup` in the zkpot folder.",
      { name },
      { cause },
    );
  }
}

const interfaces = new Map<InterfaceName, Interface>();

/** The interface of a contract, read once. */
export function contractInterface(name: InterfaceName): Interface {
  let found = interfaces.get(name);
  if (found === undefined) {
    found = new Interface(readArtifact(`contracts/interfaces/${name}.sol/${name}`).abi);
    interfaces.set(name, found);
  }
  return found;
}

/**
 * A struct as a contract takes it in bytes; its type is the input `terms` of the event that announces it.
 *
 * @param abi Has the event.
 */
export function encodeTerms(abi: Interface, event: string, terms: object): string {
  const type = abi.getEvent(event)!.inputs.find(({ name }) => name === "terms")!;
  return AbiCoder.defaultAbiCoder().encode([type], [terms]);
}
