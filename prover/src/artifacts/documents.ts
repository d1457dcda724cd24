import { importByteStream } from "ipfs-unixfs-importer";

import { decodeDocument, type DocumentKind, encodeDocument } from "../data/document.ts";
import { ArtifactError } from "./artifact-error.ts";
import { formatArtifactUri } from "./artifact-uri.ts";
import type { ReadLimits } from "./file-dag.ts";
import { ARTIFACT_PROFILE, type ArtifactStore } from "./store.ts";

/** Bytes of text a document may have: what one JSON text is read into at once. */
export const MAX_DOCUMENT_BYTES = 2 ** 28;

/**
 * Stores a document as saveDocument writes it, so that its file has the same CID, and returns that CID.
 * Throws ArtifactError `artifact.private` for kinds that hold secrets: artifacts are there to be published.
 */
export async function putDocument<Value, Content>(
  store: ArtifactStore,
  kind: DocumentKind<Value, Content>,
  value: Value,
): Promise<string> {
  if (kind.isSecret) {
    throw new ArtifactError(
      "artifact.private",
      `a ${kind.format} document is private and is not made an artifact`,
      "Keep it in a file of your own.",
      { format: kind.format },
    );
  }
  const bytes = new TextEncoder().encode(encodeDocument(kind, value));
  const { cid } = await store.putBytes(bytes, { maxBytes: MAX_DOCUMENT_BYTES });
  return cid;
}

/** The CID that putDocument gives a document, without storing anything. */
export async function documentCid<Value, Content>(
  kind: DocumentKind<Value, Content>,
  value: Value,
): Promise<string> {
  const bytes = new TextEncoder().encode(encodeDocument(kind, value));
  const nowhere = { put: async <Cid>(cid: Cid): Promise<Cid> => await Promise.resolve(cid) };
  const { cid } = await importByteStream([bytes], nowhere, { profile: ARTIFACT_PROFILE });
  return cid.toString();
}

/**
 * The document under a CID; default limit 256 MiB. Throws ArtifactError as ArtifactStore.get, DocumentError as
 * decodeDocument.
 */
export async function getDocument<Value, Content>(
  store: ArtifactStore,
  cid: string,
  kind: DocumentKind<Value, Content>,
  limits: ReadLimits = {},
): Promise<Value> {
  const bytes = await store.get(cid, { maxBytes: MAX_DOCUMENT_BYTES, ...limits });
  return decodeDocument(kind, Buffer.from(bytes).toString("utf8"), formatArtifactUri(cid));
}
