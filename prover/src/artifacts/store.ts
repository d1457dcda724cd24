import { createReadStream, type ReadStream } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { importByteStream } from "ipfs-unixfs-importer";
import type { CID } from "multiformats/cid";

import { writeChunksAtomically } from "../files.ts";
import { ArtifactError } from "./artifact-error.ts";
import { ARTIFACT_CID, parseArtifactUri, parseCid } from "./artifact-uri.ts";
import { BlockFolder } from "./block-folder.ts";
import {
  DEFAULT_MAX_BYTES,
  distinctFileBlocks,
  type FileBlock,
  fileBlocks,
  type ReadLimits,
  tooLarge,
} from "./file-dag.ts";
import { notWritten, unreadable } from "./file-errors.ts";

/** How files become blocks: what their CIDs follow from. */
export const ARTIFACT_PROFILE = "unixfs-v1-2025";

/** Blocks of a new artifact that are written at a time. */
const WRITES_AT_A_TIME = 4;

/** What the store knows of an artifact. */
export interface StoredArtifact {
  /** Version 1, base32. */
  readonly cid: string;
  /** Bytes of its content. */
  readonly byteLength: number;
}

/** An artifact in the store's list. */
export interface ListedArtifact {
  readonly cid: string;
  /** As its first block declares; null when that block is missing or damaged. */
  readonly byteLength: number | null;
}

/**
 * Artifacts of one working folder, below `.zkpot/artifacts`, under the CIDs that every IPFS tool gives a file with
 * UnixFS profile `unixfs-v1-2025` (CID version 1, SHA-256, chunks of 1 MiB, raw leaves, 1,024 links a block).
 * Whatever is read is checked against its CID, block by block; any number of processes may use one store.
 * CIDs are text, in any form; those returned are version 1 in base32.
 */
export class ArtifactStore {
  readonly folder: string;
  /** The blocks of all artifacts. */
  readonly blocks: BlockFolder;

  constructor(workingFolder: string) {
    this.folder = path.join(workingFolder, ".zkpot", "artifacts");
    this.blocks = new BlockFolder(this.folder);
  }

  /** Stores bytes; throws ArtifactError `artifact.too-large`, `artifact.not-written`. */
  async putBytes(bytes: Uint8Array, limits: ReadLimits = {}): Promise<StoredArtifact> {
    return await this.#put([bytes], `content of ${bytes.length} bytes`, limits);
  }

  /** Stores the content of a file; throws as putBytes, and `artifact.unreadable`. */
  async putFile(file: string, limits: ReadLimits = {}): Promise<StoredArtifact> {
    const content = createReadStream(file, { highWaterMark: 2 ** 20 });
    return await this.#put(readable(file, content), file, limits);
  }

  /** All content of an artifact; throws ArtifactError as fileBlocks, and `artifact.missing`. */
  async get(cid: string, limits: ReadLimits = {}): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.read(cid, limits)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** The content of an artifact in parts, each checked before it is yielded; throws as get. */
  async *read(cid: string, limits: ReadLimits = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const root = await this.#rootOf(cid);
    for await (const { content } of fileBlocks(this.blocks, root, limits)) {
      if (content.length > 0) yield content;
    }
  }

  /** Writes the content of an artifact into a file, in one step; throws as get, and `artifact.not-written`. */
  async save(cid: string, file: string, limits: ReadLimits = {}): Promise<StoredArtifact> {
    let byteLength = 0;
    const chunks = async function* (content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        byteLength += chunk.length;
        yield chunk;
      }
    };
    try {
      await writeChunksAtomically(file, chunks(this.read(cid, limits)));
    } catch (cause) {
      throw cause instanceof ArtifactError ? cause : notWritten(file, cause);
    }
    return { cid: parseArtifactUri(cid), byteLength };
  }

  /** The different blocks of an artifact, its root first; throws as get. */
  async *blocksOf(cid: string, limits: ReadLimits = {}): AsyncGenerator<FileBlock, void, undefined> {
    yield* distinctFileBlocks(this.blocks, await this.#rootOf(cid), limits);
  }

  /** Reads an artifact to its end without keeping it; throws as get. */
  async check(cid: string, limits: ReadLimits = {}): Promise<StoredArtifact> {
    let byteLength: number | undefined;
    for await (const { contentLength } of this.blocksOf(cid, limits)) byteLength ??= contentLength;
    return { cid: parseArtifactUri(cid), byteLength: byteLength! };
  }

  /** The artifacts stored here, sorted by CID. */
  async list(): Promise<readonly ListedArtifact[]> {
    const names = await readdir(this.#roots).catch(() => []);
    const listed: ListedArtifact[] = [];
    for (const cid of names.sort()) {
      if (ARTIFACT_CID.safeParse(cid).success) listed.push({ cid, byteLength: await this.#declaredLength(cid) });
    }
    return listed;
  }

  /** Adds an artifact to the list, once all its blocks are stored; throws ArtifactError `artifact.not-written`. */
  async addRoot(root: CID): Promise<void> {
    const file = path.join(this.#roots, root.toV1().toString());
    try {
      await mkdir(this.#roots, { recursive: true });
      await writeFile(file, "");
    } catch (cause) {
      throw notWritten(file, cause);
    }
  }

  get #roots(): string {
    return path.join(this.folder, "roots");
  }

  async #put(
    content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    name: string,
    { maxBytes = DEFAULT_MAX_BYTES }: ReadLimits,
  ): Promise<StoredArtifact> {
    await this.blocks.removeStale();
    let byteLength = 0;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        byteLength += chunk.length;
        if (byteLength > maxBytes) throw tooLarge(name, `at least ${byteLength}`, maxBytes);
        yield chunk;
      }
    };
    const { blocks } = this;
    const target = {
      async put(cid: CID, bytes: unknown): Promise<CID> {
        // The interface allows streams; the importer hands over whole blocks.
        await blocks.put(cid, bytes as Uint8Array);
        return cid;
      },
    };
    const { cid } = await importByteStream(counted(), target, {
      profile: ARTIFACT_PROFILE,
      blockWriteConcurrency: WRITES_AT_A_TIME,
    });
    await this.addRoot(cid);
    return { cid: cid.toString(), byteLength };
  }

  async #rootOf(cid: string): Promise<CID> {
    const root = parseCid(parseArtifactUri(cid));
    if ((await this.blocks.get(root)) !== undefined) return root;
    throw new ArtifactError(
      "artifact.missing",
      `artifact ${root.toString()} is not in ${this.folder}`,
      "Import a CAR file of it with `zkpot artifact import`, or name an IPFS node that has it: ipfsRpcUrl in zkpot.config.json, --ipfs-rpc or ZKPOT_IPFS_RPC_URL.",
      { cid: root.toString(), folder: this.folder },
    );
  }

  async #declaredLength(cid: string): Promise<number | null> {
    try {
      const first = await distinctFileBlocks(this.blocks, parseCid(cid), { maxBytes: Infinity }).next();
      return first.done === true ? null : first.value.contentLength;
    } catch (error) {
      if (error instanceof ArtifactError) return null;
      throw error;
    }
  }
}

async function* readable(file: string, content: ReadStream): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of content) yield chunk as Uint8Array;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}
