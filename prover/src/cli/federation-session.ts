import type { Command } from "commander";

import type { FederationRecord } from "../chain/federations.ts";
import { ProverError } from "../errors.ts";
import type { FederationCircuits } from "../federation/federation-document.ts";
import type {
  FederationCircuit,
  FederationFiles,
  FederationProvers,
} from "../federation/federation-files.ts";
import type { RoundCircuit } from "../federation/round-proofs.ts";
import { openDocuments } from "./artifact-documents.ts";
import { note } from "./output.ts";
import type { ReadSession } from "./session.ts";

/** Options that say where the keys of a federation's circuits lie. */
export interface RoundKeyFlags {
  readonly scoreKeys?: string;
  readonly maskKeys?: string;
  readonly aggregateKeys?: string;
}

/** Adds where the keys of a federation's circuits lie; all else that is published is found by the federation itself. */
export function withRoundKeyOptions(command: Command): Command {
  return command
    .option(
      "--score-keys <folder>",
      "keys of the circuit that counts (default: their place below build/keys)",
    )
    .option("--mask-keys <folder>", "keys of the circuit that masks (default: their place below build/keys)")
    .option(
      "--aggregate-keys <folder>",
      "keys of the circuit that averages (default: their place below build/keys)",
    );
}

/** A federation whose published files were found to match what the contract stored. */
export interface CheckedFederation {
  readonly federation: FederationRecord;
  readonly files: FederationFiles;
  readonly provers: FederationProvers;
}

/** Opens the three circuits, compiled unless they are at hand, and their keys. */
export async function openProvers(
  { score, mask, aggregate }: Pick<FederationCircuits, "score" | "mask" | "aggregate">,
  flags: RoundKeyFlags,
): Promise<FederationProvers> {
  return {
    score: await openProver(score, flags.scoreKeys),
    mask: await openProver(mask, flags.maskKeys),
    aggregate: await openProver(aggregate, flags.aggregateKeys),
  };
}

/**
 * Reads a federation and its files and compares everything but the global model, the data points recomputed from the test set.
 * Throws before anything is staked on a federation that does not match its files.
 */
export async function openCheckedFederation(
  session: ReadSession,
  federationId: bigint,
  flags: RoundKeyFlags,
): Promise<CheckedFederation> {
  const { parseArtifactUri } = await import("../artifacts/artifact-uri.ts");
  const { readFederation } = await import("../chain/federations.ts");
  const { checkFederation, readFederationFiles } = await import("../federation/federation-files.ts");
  const federation = await readFederation(session.contracts, federationId);
  const { read } = await openDocuments(session);
  const files = await readFederationFiles(read, parseArtifactUri(federation.documentUri));
  const provers = await openProvers(files.document.circuits, flags);
  const points = files.shards.length === 1 ? "the data point" : `${files.shards.length} data points`;
  note(`federation ${federationId}: recomputing ${points} from ${files.document.sampleCount} samples`);
  await checkFederation(federation, files, provers);
  return { federation, files, provers };
}

/**
 * Checks that the global model can be read and is the recorded one, for who is about to join. Members need no such check: they
 * can go on with the average they computed themselves.
 *
 * Throws as readGlobalModel, and FederationError `federation.global-unreadable` when there is nothing to be read.
 */
export async function requireGlobalModel(
  session: ReadSession,
  { federation, files }: Pick<CheckedFederation, "federation" | "files">,
): Promise<void> {
  const { FederationError } = await import("../federation/federation-error.ts");
  const { readGlobalModel } = await import("../federation/federation-files.ts");
  const { read } = await openDocuments(session);
  try {
    await readGlobalModel(read, files, federation.globalModel);
  } catch (cause) {
    if (!(cause instanceof ProverError) || cause instanceof FederationError) throw cause;
    const { federationId, globalModel } = federation;
    const { round, uri } = globalModel;
    const maker = round === 0n ? "the sponsor" : `a member of round ${round}`;
    throw new FederationError(
      "federation.global-unreadable",
      `the global model of federation ${federationId} cannot be read: ${cause.message}`,
      `Ask ${maker} to publish it and fetch it with \`zkpot artifact get\`, or join after the next round that ends with a new one.`,
      { federationId, round, uri },
      { cause },
    );
  }
}

async function openProver<Instance extends FederationCircuit>(
  instance: Instance,
  folder: string | undefined,
): Promise<RoundCircuit<Instance>> {
  const { openCircuit, openKeys } = await import("./artifacts.ts");
  const keys = await openKeys(instance, folder);
  return { circuit: await openCircuit(instance), keys };
}
