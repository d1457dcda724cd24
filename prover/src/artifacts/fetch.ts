import type { DocumentKind } from "../data/document.ts";
import { ArtifactError } from "./artifact-error.ts";
import { getDocument, MAX_DOCUMENT_BYTES } from "./documents.ts";
import type { ReadLimits } from "./file-dag.ts";
import type { IpfsNode } from "./ipfs-node.ts";
import type { ArtifactStore, StoredArtifact } from "./store.ts";

/** Where artifacts are looked for, in this order. */
export interface ArtifactSources {
  readonly store: ArtifactStore;
  /** Undefined when none is configured. */
  readonly node: IpfsNode | undefined;
}

/** An artifact that is now in the store, and where it was found. */
export interface FetchedArtifact extends StoredArtifact {
  readonly from: "store" | "node";
}

/** What another source can put right. */
const REPAIRABLE = ["artifact.missing", "artifact.block-missing", "artifact.block-damaged"];

/**
 * Sees to it that the store holds an artifact, whole and undamaged: it is there already, or the node sends it.
 * Throws ArtifactError as ArtifactStore.get when there is no node, as IpfsNode.fetch when there is one.
 */
export async function fetchArtifact(
  { store, node }: ArtifactSources,
  cid: string,
  limits: ReadLimits = {},
  onProgress: (message: string) => void = () => undefined,
): Promise<FetchedArtifact> {
  try {
    return { ...(await store.check(cid, limits)), from: "store" };
  } catch (error) {
    if (node === undefined || !(error instanceof ArtifactError) || !REPAIRABLE.includes(error.code)) throw error;
  }
  onProgress(`asking ${node.name} for ${cid}`);
  const { byteLength, cid: fetched } = await node.fetch(store, cid, limits);
  return { cid: fetched, byteLength, from: "node" };
}

/** How fetchDocument reads. */
export interface DocumentReading {
  /** Default MAX_DOCUMENT_BYTES. */
  readonly maxBytes?: number | undefined;
  readonly onProgress?: (message: string) => void;
}

/** The document under a CID, fetched if need be; throws as fetchArtifact and getDocument. */
export async function fetchDocument<Value, Content>(
  sources: ArtifactSources,
  cid: string,
  kind: DocumentKind<Value, Content>,
  { maxBytes = MAX_DOCUMENT_BYTES, onProgress }: DocumentReading = {},
): Promise<Value> {
  await fetchArtifact(sources, cid, { maxBytes }, onProgress);
  return await getDocument(sources.store, cid, kind, { maxBytes });
}
