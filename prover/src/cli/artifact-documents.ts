import type { PutDocument } from "../task/publish-task.ts";
import type { ReadDocument } from "../task/task-files.ts";
import type { Settings } from "./session.ts";

/** The documents among the artifacts of a working folder. */
export interface ArtifactDocuments {
  /** Fetches what is not there from the IPFS node that the configuration names. */
  readonly read: ReadDocument;
  readonly put: PutDocument;
}

/** Opens the artifacts of the working folder. */
export async function openDocuments({ config }: Settings): Promise<ArtifactDocuments> {
  const { openArtifacts } = await import("./artifact-session.ts");
  const { fetchArtifact } = await import("../artifacts/fetch.ts");
  const { getDocument, putDocument } = await import("../artifacts/documents.ts");
  const sources = await openArtifacts(config);
  return {
    read: async (cid, kind) => {
      await fetchArtifact(sources, cid);
      return await getDocument(sources.store, cid, kind);
    },
    put: async (kind, value) => await putDocument(sources.store, kind, value),
  };
}
