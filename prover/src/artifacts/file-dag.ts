import { exporter } from "ipfs-unixfs-exporter";
import type { CID } from "multiformats/cid";

import { ArtifactError } from "./artifact-error.ts";
import { blockKey, type BlockSource, checkSupported, RAW_CODEC, readBlock } from "./block.ts";

/** Content an artifact may have unless a command is told otherwise: 1 GiB. */
export const DEFAULT_MAX_BYTES = 2 ** 30;

/** Blocks read for one artifact, repeated ones counted each time: 64 GiB in chunks of 1 MiB. */
export const MAX_BLOCKS = 65_536;

/** Levels of links; with 1,024 links a block, two levels hold 1 TiB. */
const MAX_DEPTH = 16;

/** What may be read. */
export interface ReadLimits {
  /** Bytes of content an artifact may have, default 1 GiB. */
  readonly maxBytes?: number;
}

/** A block of a file, checked against its CID. */
export interface FileBlock {
  readonly cid: CID;
  readonly bytes: Uint8Array;
  /** The content it holds itself, which comes before that of the blocks it links to. */
  readonly content: Uint8Array;
  /** Bytes of content of the block and all below it, as it declares them. */
  readonly contentLength: number;
}

/**
 * All blocks of a file in the order of its content, repeated ones each time they occur. Every block is checked
 * against its CID and against the size that the block above declares for it, before it is yielded; a file whose
 * root declares more than the limit is refused at once.
 *
 * Throws ArtifactError `artifact.block-missing`, `block-damaged`, `block-too-large`, `too-large`,
 * `too-many-blocks`, `not-a-file`, `malformed`.
 */
export async function* fileBlocks(
  source: BlockSource,
  root: CID,
  limits: ReadLimits = {},
): AsyncGenerator<FileBlock, void, undefined> {
  yield* new FileWalk(source, root, limits).blocks(root, undefined, 0);
}

/** As fileBlocks, but each different block once. */
export async function* distinctFileBlocks(
  source: BlockSource,
  root: CID,
  limits: ReadLimits = {},
): AsyncGenerator<FileBlock, void, undefined> {
  yield* new FileWalk(source, root, limits, new Map()).blocks(root, undefined, 0);
}

interface FileNode {
  readonly content: Uint8Array;
  readonly children: readonly { readonly cid: CID; readonly contentLength: bigint }[];
  readonly contentLength: bigint;
}

/** What a block below which everything was checked holds. */
interface Checked {
  readonly contentLength: bigint;
  readonly blockCount: number;
}

/**
 * One walk through a file. The exporter's own reader follows links that declare no content, however many there
 * are, so that a few small blocks keep it busy for ever; only its decoding of single blocks is used.
 */
class FileWalk {
  readonly #source: BlockSource;
  readonly #root: CID;
  readonly #maxBytes: number;
  /** Blocks not to be read again; undefined to read them each time. */
  readonly #seen: Map<string, Checked> | undefined;
  #blockCount = 0;

  constructor(source: BlockSource, root: CID, limits: ReadLimits, seen?: Map<string, Checked>) {
    this.#source = source;
    this.#root = root;
    this.#maxBytes = limits.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#seen = seen;
  }

  async *blocks(
    cid: CID,
    declaredLength: bigint | undefined,
    depth: number,
  ): AsyncGenerator<FileBlock, void, undefined> {
    const key = `${cid.code}:${blockKey(cid)}`;
    const seen = this.#seen?.get(key);
    if (seen !== undefined) {
      this.#checkLength(cid, seen.contentLength, declaredLength);
      this.#count(seen.blockCount);
      return;
    }
    if (depth > MAX_DEPTH) throw this.#malformed(cid, `it lies more than ${MAX_DEPTH} levels deep`);
    checkSupported(cid);
    const countBefore = this.#blockCount;
    this.#count(1);
    const bytes = await readBlock(this.#source, cid);
    const { content, children, contentLength } = await this.#decode(cid, bytes);
    this.#checkLength(cid, contentLength, declaredLength);
    yield { cid, bytes, content, contentLength: Number(contentLength) };
    for (const child of children) {
      if (child.contentLength === 0n) throw this.#malformed(cid, "it links to a block without content");
      yield* this.blocks(child.cid, child.contentLength, depth + 1);
    }
    this.#seen?.set(key, { contentLength, blockCount: this.#blockCount - countBefore });
  }

  #checkLength(cid: CID, found: bigint, declared: bigint | undefined): void {
    if (declared !== undefined) {
      if (found === declared) return;
      throw this.#malformed(cid, `it holds ${found} bytes of content where ${declared} are declared`);
    }
    if (found <= this.#maxBytes) return;
    throw tooLarge(cid, found, this.#maxBytes);
  }

  #count(blocks: number): void {
    this.#blockCount += blocks;
    if (this.#blockCount <= MAX_BLOCKS) return;
    throw new ArtifactError(
      "artifact.too-many-blocks",
      `${this.#root.toString()} consists of more than ${MAX_BLOCKS} blocks`,
      "Publish the file again with blocks of 1 MiB, e.g. with `zkpot artifact add`.",
      { cid: this.#root.toString(), limit: MAX_BLOCKS },
    );
  }

  async #decode(cid: CID, bytes: Uint8Array): Promise<FileNode> {
    if (cid.code === RAW_CODEC) {
      return { content: bytes, children: [], contentLength: BigInt(bytes.length) };
    }
    const entry = await exporter(cid, {
      *get() {
        yield bytes;
      },
    }).catch((cause: unknown) => {
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw this.#malformed(cid, `it cannot be decoded (${problem})`, cause);
    });
    if (entry.type !== "file" || (entry.unixfs.type !== "file" && entry.unixfs.type !== "raw")) {
      throw new ArtifactError(
        "artifact.not-a-file",
        `${cid.toString()} is ${entry.type === "file" ? `a ${entry.unixfs.type}` : `a ${entry.type}`}, not a file`,
        "Use the CID of one file; directories are not supported.",
        { cid: cid.toString(), type: entry.type },
      );
    }
    const { unixfs, node } = entry;
    if (node.Links.length !== unixfs.blockSizes.length) {
      throw this.#malformed(
        cid,
        `it has ${node.Links.length} links and declares ${unixfs.blockSizes.length} sizes`,
      );
    }
    return {
      content: unixfs.data ?? new Uint8Array(),
      children: node.Links.map(({ Hash }, index) => ({
        cid: Hash,
        contentLength: unixfs.blockSizes[index]!,
      })),
      contentLength: unixfs.fileSize(),
    };
  }

  #malformed(cid: CID, problem: string, cause?: unknown): ArtifactError {
    return new ArtifactError(
      "artifact.malformed",
      `block ${cid.toString()} of ${this.#root.toString()} is no part of a file: ${problem}`,
      "Ask the publisher for the CID that `zkpot artifact add` gives the file.",
      { cid: cid.toString(), root: this.#root.toString(), problem },
      { cause },
    );
  }
}

/** The error for content above a limit of bytes; `found` says how much there is. */
export function tooLarge(what: { toString(): string }, found: bigint | string, limit: number): ArtifactError {
  return new ArtifactError(
    "artifact.too-large",
    `${what.toString()} has ${found} bytes, at most ${limit} are allowed`,
    "Raise the limit (--max-bytes) if you expect an artifact of this size.",
    { what: what.toString(), found: String(found), limit },
  );
}
