import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";

import { NextToLast } from "blockstore-fs/sharding";
import type { CID } from "multiformats/cid";

import { writeChunksAtomically } from "../files.ts";
import { ArtifactError } from "./artifact-error.ts";
import { type BlockSource, checkBlock, checkBlockLength } from "./block.ts";
import { notWritten, systemCode, unreadable } from "./file-errors.ts";

/** How long a file that was not finished is left alone: whoever writes it may still be at work. */
const STALE_MS = 24 * 60 * 60 * 1000;

/**
 * Blocks as files, where blockstore-fs looks for them. Its own writer uses one temporary file a block for all
 * processes, so that two of them, or one that is killed, can leave half a block; here each has one of its own.
 */
export class BlockFolder implements BlockSource {
  readonly name: string;
  readonly #blocks: string;
  readonly #incoming: string;
  readonly #layout = new NextToLast();

  constructor(folder: string) {
    this.name = folder;
    this.#blocks = path.join(folder, "blocks");
    this.#incoming = path.join(folder, "incoming");
  }

  /** Throws ArtifactError `artifact.block-too-large`, `artifact.unreadable`. */
  async get(cid: CID): Promise<Uint8Array | undefined> {
    const file = this.fileOf(cid);
    try {
      const handle = await open(file);
      try {
        checkBlockLength(cid, (await handle.stat()).size, this.name);
        return await handle.readFile();
      } finally {
        await handle.close();
      }
    } catch (cause) {
      if (cause instanceof ArtifactError) throw cause;
      if (["ENOENT", "ENOTDIR"].includes(systemCode(cause))) return undefined;
      throw unreadable(file, cause);
    }
  }

  /** Writes a block after checking it, over a damaged one too. Throws as checkBlock, and `artifact.not-written`. */
  async put(cid: CID, bytes: Uint8Array): Promise<void> {
    checkBlock(cid, bytes, "what is to be stored");
    const file = this.fileOf(cid);
    try {
      await writeChunksAtomically(file, [bytes], { temporary: await this.newIncoming() });
    } catch (cause) {
      throw notWritten(file, cause);
    }
  }

  /** Where the file of a block lies. */
  fileOf(cid: CID): string {
    const { dir, file } = this.#layout.encode(cid);
    return path.join(this.#blocks, dir, file);
  }

  /** The path of a file that nobody else writes, for what is not complete yet; throws what mkdir throws. */
  async newIncoming(): Promise<string> {
    await mkdir(this.#incoming, { recursive: true });
    return path.join(this.#incoming, randomBytes(12).toString("hex"));
  }

  /** Removes what processes that were killed have left unfinished. */
  async removeStale(): Promise<void> {
    const names = await readdir(this.#incoming).catch(() => []);
    for (const name of names) {
      const file = path.join(this.#incoming, name);
      const found = await stat(file).catch(() => undefined);
      if (found !== undefined && Date.now() - found.mtimeMs > STALE_MS) await rm(file, { force: true });
    }
  }
}
