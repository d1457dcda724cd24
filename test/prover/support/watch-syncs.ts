import { statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** What `work` waited for to be on disk: for every file or folder that was synced, what `seen` then told of it. */
export async function watchSyncs<Seen>(
  work: () => Promise<unknown>,
  seen: (isSynced: (file: string) => boolean) => Seen,
): Promise<Seen[]> {
  const handle = await open(import.meta.filename);
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const descriptor = Object.getOwnPropertyDescriptor(prototype, "sync")!;
  const sync = descriptor.value as (this: FileHandle) => Promise<void>;
  const all: Seen[] = [];
  prototype.sync = async function (this: FileHandle): Promise<void> {
    const { ino } = await this.stat();
    all.push(seen((file) => statSync(file, { throwIfNoEntry: false })?.ino === ino));
    await sync.call(this);
  };
  try {
    await work();
  } finally {
    Object.defineProperty(prototype, "sync", descriptor);
  }
  return all;
}
