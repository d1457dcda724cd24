import { CID } from "multiformats/cid";
import { z } from "zod";

import { ArtifactError } from "./artifact-error.ts";
import { checkSupported } from "./block.ts";

const SCHEME = "ipfs://";

/** A CID in the one form that documents hold: version 1, base32. */
export const ARTIFACT_CID = z.string().refine((text) => {
  try {
    return parseCid(text).toString() === text;
  } catch {
    return false;
  }
}, "is not a CID of version 1 in base32");

/**
 * The CID, version 1 in base32, in `ipfs://<CID>` or a plain CID of any version and base.
 * Throws ArtifactError `artifact.invalid-uri`, or `artifact.unsupported-cid` for CIDs that no artifact of ours has.
 */
export function parseArtifactUri(text: string): string {
  return parseCid(isArtifactUri(text) ? text.slice(SCHEME.length) : text, text).toString();
}

/** `ipfs://<CID>`, from whatever parseArtifactUri reads; throws as it does. */
export function formatArtifactUri(cid: string): string {
  return `${SCHEME}${parseArtifactUri(cid)}`;
}

/** Whether a URI claims to name an artifact, rightly or not: it starts with `ipfs://`. */
export function isArtifactUri(text: string): boolean {
  return text.slice(0, SCHEME.length).toLowerCase() === SCHEME;
}

/** A plain CID as a value, version 1; `shown` names it in errors. Throws as parseArtifactUri. */
export function parseCid(text: string, shown = text): CID {
  let cid: CID;
  try {
    cid = CID.parse(text).toV1();
  } catch (cause) {
    const hasPath = /^\w{46,}\//.test(text);
    const problem = hasPath ? "has a path behind its CID" : "is neither a CID nor ipfs://<CID>";
    throw new ArtifactError(
      "artifact.invalid-uri",
      `"${shown}" ${problem}`,
      "Write ipfs:// and the CID that `zkpot artifact add` printed, or the CID alone.",
      { uri: shown },
      { cause },
    );
  }
  checkSupported(cid);
  return cid;
}
