import { mkdir, open } from "node:fs/promises";
import path from "node:path";

/** Error codes of platforms and file systems that cannot open or sync a folder. */
const CANNOT_SYNC: readonly (string | undefined)[] = [
  "EISDIR",
  "EPERM",
  "EACCES",
  "EINVAL",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
];

/** Makes a folder, and those above it, so that they are there after a power cut; `mode` is that of folders it makes. */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  const made = await mkdir(folder, { recursive: true, ...(mode === undefined ? {} : { mode }) });
  if (made === undefined) return;
  const last = path.dirname(path.resolve(made));
  let above = path.resolve(folder);
  do {
    above = path.dirname(above);
    await syncFolder(above);
  } while (above !== last && above !== path.dirname(above));
}

/**
 * Waits until the names in a folder are on disk: a file that was renamed or linked may otherwise be gone after a power cut,
 * although its content is there. Does nothing where the platform cannot.
 */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (!CANNOT_SYNC.includes((cause as NodeJS.ErrnoException).code)) throw cause;
  }
}
