import type { PutDocument } from "../task/publish-task.ts";
import type { ReadDocument } from "../task/task-files.ts";
import { ProverError } from "../errors.ts";
import { note, warn } from "./output.ts";
import type { Settings } from "./session.ts";

/** The documents among the artifacts of a working folder. */
export interface ArtifactDocuments {
  /** Fetches what is not there from the IPFS node that the configuration names. */
  readonly read: ReadDocument;
  readonly put: PutDocument;
}

/** The most bytes that documents may have, by their format; others have the limit of all documents. */
export type DocumentLimits = Readonly<Record<string, number>>;

/** Opens the artifacts of the working folder; what is larger than `limits` say is neither fetched nor read. */
export async function openDocuments(
  { config }: Pick<Settings, "config">,
  limits: DocumentLimits = {},
): Promise<ArtifactDocuments> {
  const { openArtifacts } = await import("./artifact-session.ts");
  const { fetchDocument } = await import("../artifacts/fetch.ts");
  const { putDocument } = await import("../artifacts/documents.ts");
  const sources = await openArtifacts(config);
  return {
    read: async (cid, kind) =>
      await fetchDocument(sources, cid, kind, { maxBytes: limits[kind.format], onProgress: note }),
    put: async (kind, value) => await putDocument(sources.store, kind, value),
  };
}

/** The same, of which others wait for some. */
export interface SharedDocuments extends ArtifactDocuments {
  /** As put, but throws ArtifactError `artifact.node-failed` when the IPFS node refuses. */
  readonly publish: PutDocument;
}

/** How often publishing is tried, with as long a pause before each further time. */
const PUBLISH_ATTEMPTS = 3;
const RETRY_MS = 2_000;

/** How openSharedDocuments works. */
export interface DocumentSharing {
  /** See openDocuments. */
  readonly limits?: DocumentLimits;
  /** Pause before publishing is tried again; default 2 s. */
  readonly retryMs?: number;
}

/**
 * As openDocuments, for documents that others wait for: the IPFS node, if one is configured, stores and pins what is put. A node
 * that refuses does not stop the work; a warning says how to publish later.
 */
export async function openSharedDocuments(
  settings: Pick<Settings, "config">,
  { limits, retryMs = RETRY_MS }: DocumentSharing = {},
): Promise<SharedDocuments> {
  const { openArtifacts } = await import("./artifact-session.ts");
  const { store, node } = await openArtifacts(settings.config);
  const documents = await openDocuments(settings, limits);
  if (node === undefined) return { ...documents, publish: documents.put };
  const tryToPin = async (cid: string): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        await node.publish(store, cid);
        return;
      } catch (error) {
        if (!(error instanceof ProverError)) throw error;
        if (attempt === PUBLISH_ATTEMPTS) {
          warn(`${error.message}; publish it with \`zkpot artifact pin ${cid}\``);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };
  return {
    ...documents,
    put: async (kind, value) => {
      const cid = await documents.put(kind, value);
      await tryToPin(cid);
      return cid;
    },
    publish: async (kind, value) => {
      const cid = await documents.put(kind, value);
      await node.publish(store, cid);
      return cid;
    },
  };
}
