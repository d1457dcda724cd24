import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import path from "node:path";

import { makeFolder, syncFolder } from "./folders.ts";

/** SHA-256 of a file as lower-case hex. */
export async function sha256File(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** SHA-256 of bytes or text as lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Writes a file so that readers see the old or the new content, never a part; `mode` defaults to 0o644. */
export async function writeFileAtomically(
  file: string,
  data: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  await writeChunksAtomically(file, [data], { mode });
}

/** How writeChunksAtomically works. */
export interface ChunkWriting {
  /** Default 0o644. */
  readonly mode?: number;
  /** The file that grows until it is complete, on the same file system; default: a name of its own beside `file`. */
  readonly temporary?: string;
}

/**
 * As writeFileAtomically for content that comes in parts, which is on disk when this returns. Any number of
 * processes may write the same file at once. When `chunks` or the file system fails, nothing is left behind.
 */
export async function writeChunksAtomically(
  file: string,
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  { mode = 0o644, temporary = `${file}.${randomBytes(6).toString("hex")}.part` }: ChunkWriting = {},
): Promise<void> {
  const folder = path.dirname(file);
  await makeFolder(folder);
  try {
    // wx: never follow a link or reuse a file somebody else put there.
    const handle = await open(temporary, "wx", mode);
    try {
      for await (const chunk of chunks) await handle.appendFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
