import { createHash } from "node:crypto";

const CHUNK_BYTES = 2 ** 20;
const MAX_LINKS = 1_024;

/**
 * The CID that profile `unixfs-v1-2025` gives a file of up to 1,024 chunks, from the specifications of UnixFS, dag-pb
 * and CIDs alone, without any of the libraries under test.
 */
export function referenceCid(content: Uint8Array): string {
  const chunks: Uint8Array[] = [];
  for (let start = 0; start === 0 || start < content.length; start += CHUNK_BYTES) {
    chunks.push(content.subarray(start, start + CHUNK_BYTES));
  }
  if (chunks.length > MAX_LINKS) throw new Error(`${chunks.length} chunks are more than ${MAX_LINKS}`);
  return base32(chunks.length === 1 ? rawCid(chunks[0]!) : dagPbCid(fileNode(chunks)));
}

/** The block that links to the chunks of a file. */
export function fileNode(chunks: readonly Uint8Array[]): Uint8Array {
  const links = chunks.map((chunk) =>
    field(2, Buffer.concat([field(1, rawCid(chunk)), field(2, Buffer.alloc(0)), number(3, chunk.length)])),
  );
  const fileSize = chunks.reduce((sum, { length }) => sum + length, 0);
  const sizes = chunks.map(({ length }) => number(4, length));
  const unixfs = Buffer.concat([number(1, 2), number(3, fileSize), ...sizes]);
  return Buffer.concat([...links, field(1, unixfs)]);
}

/** The bytes of the CID of a block of content. */
export function rawCid(block: Uint8Array): Buffer {
  return cidBytes(0x55, block);
}

/** The bytes of the CID of a block with links. */
export function dagPbCid(block: Uint8Array): Buffer {
  return cidBytes(0x70, block);
}

/** A CID as text. */
export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const digits = bits.match(/.{1,5}/g) ?? [];
  return `b${digits.map((digit) => "abcdefghijklmnopqrstuvwxyz234567"[parseInt(digit.padEnd(5, "0"), 2)]).join("")}`;
}

/** A protobuf field of bytes. */
export function field(tag: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint((tag << 3) | 2), varint(bytes.length), bytes]);
}

/** A protobuf field of a number. */
export function number(tag: number, value: number): Buffer {
  return Buffer.concat([varint(tag << 3), varint(value)]);
}

/** A number in base 128, lowest digit first. */
export function varint(value: number): Buffer {
  const digits: number[] = [];
  for (let rest = value; digits.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    digits.push((rest % 128) + (rest >= 128 ? 128 : 0));
  }
  return Buffer.from(digits);
}

function cidBytes(codec: number, block: Uint8Array): Buffer {
  const digest = createHash("sha256").update(block).digest();
  return Buffer.concat([Buffer.from([1, codec, 0x12, digest.length]), digest]);
}
