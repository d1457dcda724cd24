import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

import type {
  Artifact,
  BuildInfo,
  DeploymentParameters,
  EIP1193Provider,
  IgnitionModule,
} from "@nomicfoundation/ignition-core";
import type { TransactionRequest, Wallet } from "ethers";

import type { ContractAddresses } from "../config.ts";
import { readArtifact, WORKSPACE } from "./abis.ts";
import { ChainError } from "./chain-error.ts";
import type { Connection } from "./connect.ts";
import { contractAddresses, deploymentFolder } from "./contracts.ts";
import { toChainError } from "./decode-error.ts";

/** What the deployed contracts are set up with, for good. */
export interface DeploymentTerms {
  /** Only ever on local chains. */
  readonly allowDevelopmentKeys: boolean;
  /** Declared phase-2 contributions a key needs to be registered. */
  readonly minContributions: number;
  /** Delay between an unbonding request and the withdrawal of stake. */
  readonly unbondingSeconds: number;
  /** Delay between an announcement of the market's owner and its execution. */
  readonly timelockSeconds: number;
  /** Account that proposes to the timelock that owns the market, and cancels there. */
  readonly admin: string;
}

/**
 * Deploys the contracts with the Ignition module of the workspace, recording every step below
 * `deployments/<network>/`: an interrupted deployment goes on where it stopped, a finished one does nothing.
 * Throws ChainError; `chain.development-keys` when they are asked for on a chain that is not local.
 */
export async function deployContracts(
  connection: Connection,
  wallet: Wallet,
  folder: string,
  terms: DeploymentTerms,
): Promise<ContractAddresses> {
  const { profile } = connection;
  if (terms.allowDevelopmentKeys && !profile.isLocal) {
    throw new ChainError(
      "chain.development-keys",
      `development keys would be accepted on chain ${profile.chainId}: whoever made one can forge proofs`,
      "Deploy without them and register keys from a ceremony (`zkpot keys new`).",
      { network: profile.name, chainId: profile.chainId },
    );
  }
  const record = deploymentFolder(folder, profile.name);
  mkdirSync(record, { recursive: true });
  const { deploy } = await import("@nomicfoundation/ignition-core");
  const { default: ignitionModule } = (await import(path.join(WORKSPACE, "modules", "Zkpot.ts"))) as {
    default: IgnitionModule;
  };
  const parameters: DeploymentParameters = { [ignitionModule.id]: { ...terms } };
  let result;
  try {
    result = await deploy({
      config: {
        blockPollingInterval: profile.isLocal ? 200 : 2_000,
        requiredConfirmations: profile.confirmations,
      },
      artifactResolver: {
        loadArtifact: (name) => Promise.resolve(loadArtifact(name)),
        getBuildInfo: (name) => Promise.resolve(readBuildInfo(name)),
      },
      provider: signingProvider(connection, wallet),
      deploymentDir: record,
      ignitionModule,
      deploymentParameters: parameters,
      accounts: [wallet.address],
      defaultSender: wallet.address,
    });
  } catch (cause) {
    throw toChainError(cause, `deploying to ${profile.name}`);
  }
  if (result.type !== "SUCCESSFUL_DEPLOYMENT") throw deploymentFailed(profile.name, result);
  const { addresses: _configured, ...bare } = profile;
  return contractAddresses(bare, folder);
}

/** Forgets the deployment to a local chain that was started anew; throws ChainError elsewhere. */
export function forgetDeployment(connection: Connection, folder: string): void {
  const { profile } = connection;
  if (!profile.isLocal) {
    throw new ChainError(
      "chain.reset-public",
      `the record of the deployment to ${profile.name} is not deleted: chain ${profile.chainId} is not local`,
      "Move the folder away by hand if it is really no longer needed.",
      { network: profile.name, chainId: profile.chainId },
    );
  }
  rmSync(deploymentFolder(folder, profile.name), { recursive: true, force: true });
}

/** Source files of contracts that do not lie in contracts/ itself. */
const SOURCES: Readonly<Record<string, string>> = {
  FederationCreation: "contracts/libraries/FederationCreation.sol",
  RoundFlow: "contracts/libraries/RoundFlow.sol",
  TaskPosting: "contracts/libraries/TaskPosting.sol",
  TimelockController: "@openzeppelin/contracts/governance/TimelockController.sol",
};

function loadArtifact(name: string): Artifact {
  return readArtifact(`${SOURCES[name] ?? `contracts/${name}.sol`}/${name}`) as unknown as Artifact;
}

/** The compiler's input for a contract, kept with the deployment so that it can be verified later. */
function readBuildInfo(name: string): BuildInfo | undefined {
  const file = path.join(
    WORKSPACE,
    "artifacts",
    "build-info",
    `${loadArtifact(name).buildInfoId ?? ""}.json`,
  );
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as BuildInfo) : undefined;
}

/** A node that signs with a key of ours: Ignition asks it to send, it signs here and sends the signed transaction. */
function signingProvider({ provider, chainId }: Connection, wallet: Wallet): EIP1193Provider {
  return {
    request: async ({ method, params }) => {
      const list = (params ?? []) as unknown[];
      if (method === "eth_accounts" || method === "eth_requestAccounts")
        return [wallet.address.toLowerCase()];
      if (method !== "eth_sendTransaction") return (await provider.send(method, list)) as unknown;
      const { gas, ...request } = list[0] as TransactionRequest & { gas?: string };
      const prepared = await wallet.populateTransaction({
        ...request,
        chainId,
        ...(gas === undefined ? {} : { gasLimit: gas }),
      });
      return (await provider.broadcastTransaction(await wallet.signTransaction(prepared))).hash;
    },
  };
}

function deploymentFailed(network: string, result: object): ChainError {
  const { errors, failed, timedOut } = result as {
    errors?: Record<string, string[]>;
    failed?: { futureId: string; error: string }[];
    timedOut?: { futureId: string }[];
  };
  const problems = [
    ...Object.entries(errors ?? {}).map(([future, reasons]) => `${future}: ${reasons.join("; ")}`),
    ...(failed ?? []).map(({ futureId, error }) => `${futureId}: ${error}`),
    ...(timedOut ?? []).map(({ futureId }) => `${futureId}: no block took it in time`),
  ];
  return new ChainError(
    "chain.deployment-failed",
    `the deployment to ${network} did not finish: ${problems.join("; ") || "an earlier run left it unfinished"}`,
    "Correct the cause and run the command again: finished steps are not repeated. On a local chain that was started anew, add --reset.",
    { network, problems },
  );
}
