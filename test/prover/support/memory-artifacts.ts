import { ArtifactError } from "../../../prover/src/artifacts/artifact-error.ts";
import { documentCid } from "../../../prover/src/artifacts/documents.ts";
import { decodeDocument, encodeDocument } from "../../../prover/src/data/document.ts";
import type { PutDocument } from "../../../prover/src/task/publish-task.ts";
import type { ReadDocument } from "../../../prover/src/task/task-files.ts";

/** Documents by CID, in memory: what all who share it can read. */
export class MemoryArtifacts {
  /** The text of each document. */
  readonly texts = new Map<string, string>();

  readonly put: PutDocument = async (kind, value) => {
    const cid = await documentCid(kind, value);
    this.texts.set(cid, encodeDocument(kind, value));
    return cid;
  };

  /** Whoever shares the documents finds them. */
  readonly publish = this.put;

  readonly read: ReadDocument = async (cid, kind) => {
    const text = this.texts.get(cid);
    if (text === undefined) {
      throw new ArtifactError("artifact.missing", `there is no artifact ${cid}`, "Import it.");
    }
    return await Promise.resolve(decodeDocument(kind, text));
  };
}
