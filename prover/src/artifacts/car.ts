import { type FileHandle, open, stat } from "node:fs/promises";

import { CarBufferReader } from "@ipld/car/buffer-reader";
import { CarWriter } from "@ipld/car/writer";
import { varint } from "multiformats";
import { CID } from "multiformats/cid";

import { writeChunksAtomically } from "../files.ts";
import { ArtifactError } from "./artifact-error.ts";
import { parseArtifactUri } from "./artifact-uri.ts";
import { blockKey, type BlockSource, checkBlock, checkBlockLength, checkSupported } from "./block.ts";
import { DEFAULT_MAX_BYTES, distinctFileBlocks, MAX_BLOCKS, type ReadLimits, tooLarge } from "./file-dag.ts";
import { notWritten, unreadable } from "./file-errors.ts";
import type { ArtifactStore, StoredArtifact } from "./store.ts";

/** Bytes of the longest header that is read; one with a single root has 59. */
const MAX_HEADER_BYTES = 1_024;
/** Bytes of the longest number before a header or block: 7 bits each, safe as a double. */
const MAX_VARINT_BYTES = 7;
/** Bytes of the longest CID of version 1 with a hash of 32 bytes, generously. */
const MAX_CID_BYTES = 64;
/** The first bytes of a CAR file of version 2. */
const VERSION_2 = Buffer.from("0aa16776657273696f6e02", "hex");

/** An artifact that was written to or read from a CAR file. */
export interface TransferredArtifact extends StoredArtifact {
  /** Different blocks. */
  readonly blockCount: number;
}

/** What importCar is to accept. */
export interface CarExpectation extends ReadLimits {
  /** The root the file must have, as a CID of version 1 in base32; default: any. */
  readonly root?: string;
  /** Names the file in errors; default: its path. */
  readonly name?: string;
}

/**
 * A CAR file of version 1 in parts: an artifact's root and each of its blocks once, every block checked. The same
 * artifact always gives the same bytes. Throws ArtifactError as ArtifactStore.get.
 */
export async function* carOf(
  store: ArtifactStore,
  cid: string,
  limits: ReadLimits = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const root = CID.parse(parseArtifactUri(cid));
  let isFirst = true;
  for await (const block of store.blocksOf(cid, limits)) {
    if (isFirst) yield await headerOf(root);
    isFirst = false;
    const { bytes } = block.cid;
    const length = bytes.length + block.bytes.length;
    yield Buffer.concat([
      varint.encodeTo(length, new Uint8Array(varint.encodingLength(length))),
      bytes,
      block.bytes,
    ]);
  }
}

/** Writes an artifact to a CAR file, in one step; throws as carOf, and ArtifactError `artifact.not-written`. */
export async function exportCar(
  store: ArtifactStore,
  cid: string,
  file: string,
  limits: ReadLimits = {},
): Promise<TransferredArtifact> {
  let partCount = 0;
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    for await (const part of carOf(store, cid, limits)) {
      partCount += 1;
      yield part;
    }
  };
  try {
    await writeChunksAtomically(file, parts());
  } catch (cause) {
    throw cause instanceof ArtifactError ? cause : notWritten(file, cause);
  }
  // The header is a part too.
  return { ...(await store.check(cid, limits)), blockCount: partCount - 1 };
}

/**
 * Stores the one artifact of a CAR file of version 1. The file is read twice: nothing is stored before all of it was
 * found right – every block by its hash, the artifact complete, nothing else in the file – and each block is
 * checked again when it is stored. Blocks may lie in any order and repeat.
 *
 * Throws ArtifactError `artifact.car-invalid`, `car-truncated`, `car-junk`, `wrong-root`, `unreadable`,
 * `not-written`, and what fileBlocks throws.
 */
export async function importCar(
  store: ArtifactStore,
  file: string,
  { name = file, root: expectedRoot, ...limits }: CarExpectation = {},
): Promise<TransferredArtifact> {
  const car = await CarFile.open(file, name, limits);
  try {
    const root = car.root.toV1().toString();
    if (expectedRoot !== undefined && root !== expectedRoot) {
      throw new ArtifactError(
        "artifact.wrong-root",
        `${name} holds ${root}, asked for was ${expectedRoot}`,
        "Ask whoever sent it for the artifact with the right CID.",
        { name, found: root, expected: expectedRoot },
      );
    }
    const needed: CID[] = [];
    let byteLength: number | undefined;
    for await (const { cid, contentLength } of distinctFileBlocks(car, car.root, limits)) {
      needed.push(cid);
      byteLength ??= contentLength;
    }
    car.refuseJunk(needed);
    for (const cid of needed) await store.blocks.put(cid, (await car.get(cid))!);
    await store.addRoot(car.root);
    return { cid: root, byteLength: byteLength!, blockCount: needed.length };
  } finally {
    await car.close();
  }
}

/** Bytes a CAR file may have so that its artifact may have `maxBytes`: a sixteenth more, for links and CIDs. */
export function maxCarBytes({ maxBytes = DEFAULT_MAX_BYTES }: ReadLimits): number {
  return maxBytes + Math.ceil(maxBytes / 16) + 2 ** 16;
}

/** An open CAR file whose blocks were all found to be what their CIDs say. */
class CarFile implements BlockSource {
  readonly name: string;
  readonly #handle: FileHandle;
  readonly #size: number;
  readonly #places = new Map<string, { readonly cid: CID; readonly start: number; readonly length: number }>();
  #root: CID | undefined;

  private constructor(handle: FileHandle, size: number, name: string) {
    this.#handle = handle;
    this.#size = size;
    this.name = name;
  }

  static async open(file: string, name: string, limits: ReadLimits): Promise<CarFile> {
    let handle: FileHandle;
    let size: number;
    try {
      // Asked before opening, which would wait for ever for a pipe.
      const found = await stat(file);
      if (!found.isFile()) throw new Error("it is no file");
      size = found.size;
      handle = await open(file);
    } catch (cause) {
      throw unreadable(file, cause);
    }
    const car = new CarFile(handle, size, name);
    try {
      if (size > maxCarBytes(limits)) throw tooLarge(name, BigInt(size), maxCarBytes(limits));
      await car.#readAll();
      return car;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get root(): CID {
    return this.#root!;
  }

  async get(cid: CID): Promise<Uint8Array | undefined> {
    const place = this.#places.get(blockKey(cid));
    return place === undefined ? undefined : await this.#read(place.start, place.length);
  }

  /** Throws ArtifactError `artifact.car-junk` when the file holds other blocks than these. */
  refuseJunk(needed: readonly CID[]): void {
    const keys = new Set(needed.map(blockKey));
    const junk = [...this.#places].filter(([key]) => !keys.has(key)).map(([, { cid }]) => cid.toString());
    if (junk.length === 0) return;
    throw new ArtifactError(
      "artifact.car-junk",
      `${this.name} holds ${junk.length} blocks that are no part of ${this.root.toString()}: ${junk[0]!}`,
      "Ask for a CAR file of this one artifact, as `zkpot artifact export` writes it.",
      { name: this.name, root: this.root.toString(), junk: junk.slice(0, 10), count: junk.length },
    );
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #readAll(): Promise<void> {
    let position = await this.#readHeader();
    while (position < this.#size) position = await this.#readSection(position);
  }

  async #readHeader(): Promise<number> {
    const { value: length, end: start } = await this.#readNumber(0);
    if (length === 0 || length > MAX_HEADER_BYTES) {
      throw this.#invalid(`its header has ${length} bytes, expected are 1 to ${MAX_HEADER_BYTES}`);
    }
    const header = await this.#read(0, start + length);
    if (VERSION_2.equals(header)) throw this.#invalid("it is of version 2");
    let roots: readonly CID[];
    try {
      roots = CarBufferReader.fromBytes(header).getRoots();
    } catch (cause) {
      throw this.#invalid(`its header cannot be decoded (${messageOf(cause)})`, cause);
    }
    if (roots.length !== 1) throw this.#invalid(`it has ${roots.length} roots, one is needed`);
    checkSupported(roots[0]!);
    this.#root = roots[0]!;
    return start + length;
  }

  async #readSection(position: number): Promise<number> {
    const { value: length, end: start } = await this.#readNumber(position);
    if (length === 0) throw this.#invalid(`there is a block of no bytes at byte ${position}`);
    const { cid, cidLength } = await this.#readCid(start, length);
    checkBlockLength(cid, length - cidLength, this.name);
    const place = { cid, start: start + cidLength, length: length - cidLength };
    checkBlock(cid, await this.#read(place.start, place.length), this.name);
    this.#places.set(blockKey(cid), place);
    if (this.#places.size > MAX_BLOCKS) throw this.#invalid(`it has more than ${MAX_BLOCKS} blocks`);
    return start + length;
  }

  async #readCid(start: number, sectionLength: number): Promise<{ cid: CID; cidLength: number }> {
    const bytes = await this.#read(start, Math.min(sectionLength, MAX_CID_BYTES, this.#size - start));
    let cid: CID;
    let rest: Uint8Array;
    try {
      [cid, rest] = CID.decodeFirst(bytes);
    } catch (cause) {
      if (start + sectionLength > this.#size) throw this.#truncated(start + sectionLength);
      throw this.#invalid(`there is no CID at byte ${start} (${messageOf(cause)})`, cause);
    }
    checkSupported(cid.toV1());
    return { cid: cid.toV1(), cidLength: bytes.length - rest.length };
  }

  async #readNumber(position: number): Promise<{ value: number; end: number }> {
    const bytes = await this.#read(position, Math.min(MAX_VARINT_BYTES, this.#size - position));
    const length = bytes.findIndex((byte) => byte < 0x80) + 1;
    if (length === 0) {
      if (bytes.length < MAX_VARINT_BYTES) throw this.#truncated(position + bytes.length + 1);
      throw this.#invalid(`there is no length at byte ${position}`);
    }
    return { value: varint.decode(bytes)[0], end: position + length };
  }

  async #read(start: number, length: number): Promise<Uint8Array> {
    if (start + length > this.#size) throw this.#truncated(start + length);
    const bytes = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(bytes, filled, length - filled, start + filled);
      if (bytesRead === 0) throw this.#truncated(start + length);
      filled += bytesRead;
    }
    return bytes;
  }

  #invalid(problem: string, cause?: unknown): ArtifactError {
    return new ArtifactError(
      "artifact.car-invalid",
      `${this.name} is no CAR file of version 1 with one artifact: ${problem}`,
      "Ask for a CAR file as `zkpot artifact export` writes it.",
      { name: this.name, problem },
      { cause },
    );
  }

  #truncated(needed: number): ArtifactError {
    return new ArtifactError(
      "artifact.car-truncated",
      `${this.name} is cut off: it has ${this.#size} bytes where at least ${needed} are announced`,
      "Copy or download the file again.",
      { name: this.name, byteLength: this.#size, needed },
    );
  }
}

async function headerOf(root: CID): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create([root]);
  const closed = writer.close();
  const parts: Uint8Array[] = [];
  for await (const part of out) parts.push(part);
  await closed;
  return Buffer.concat(parts);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
