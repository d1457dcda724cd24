import type { PutDocument } from "../task/publish-task.ts";
import type { ReadDocument } from "../task/task-files.ts";
import { note } from "./output.ts";
import type { Settings } from "./session.ts";

/** The documents among the artifacts of a working folder. */
export interface ArtifactDocuments {
  /** Fetches what is not there from the IPFS node that the configuration names. */
  readonly read: ReadDocument;
  readonly put: PutDocument;
}

/** Opens the artifacts of the working folder. */
export async function openDocuments({ config }: Pick<Settings, "config">): Promise<ArtifactDocuments> {
  const { openArtifacts } = await import("./artifact-session.ts");
  const { fetchDocument } = await import("../artifacts/fetch.ts");
  const { putDocument } = await import("../artifacts/documents.ts");
  const sources = await openArtifacts(config);
  return {
    read: async (cid, kind) => await fetchDocument(sources, cid, kind, note),
    put: async (kind, value) => await putDocument(sources.store, kind, value),
  };
}
