import { CID } from "multiformats/cid";
import { sha256 } from "multiformats/hashes/sha2";

import { ArtifactError } from "../../../prover/src/artifacts/artifact-error.ts";
import { decodeDocument, encodeDocument } from "../../../prover/src/data/document.ts";
import type { PutDocument } from "../../../prover/src/task/publish-task.ts";
import type { ReadDocument } from "../../../prover/src/task/task-files.ts";

const RAW = 0x55;

/** Documents by CID, in memory: what all who share it can read. */
export class MemoryArtifacts {
  /** The text of each document. */
  readonly texts = new Map<string, string>();

  readonly put: PutDocument = async (kind, value) => {
    const text = encodeDocument(kind, value);
    const cid = CID.createV1(RAW, await sha256.digest(new TextEncoder().encode(text))).toString();
    this.texts.set(cid, text);
    return cid;
  };

  readonly read: ReadDocument = async (cid, kind) => {
    const text = this.texts.get(cid);
    if (text === undefined) {
      throw new ArtifactError("artifact.missing", `there is no artifact ${cid}`, "Import it.");
    }
    return await Promise.resolve(decodeDocument(kind, text));
  };
}
