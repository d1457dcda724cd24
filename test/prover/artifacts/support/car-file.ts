import { dagPbCid, fileNode, rawCid, varint } from "./reference-cid.ts";

/** A block with the bytes of its CID. */
export interface NamedBlock {
  readonly cid: Buffer;
  readonly bytes: Uint8Array;
}

/** A CAR file of version 1, from its specification alone. */
export function carFile(roots: readonly Uint8Array[], blocks: readonly NamedBlock[]): Buffer {
  const header = carHeader(roots);
  return Buffer.concat([varint(header.length), header, ...blocks.map(section)]);
}

/** The CBOR of `{ roots, version }`. */
export function carHeader(roots: readonly Uint8Array[], version = 1): Buffer {
  const links = roots.map((cid) => {
    // Tag 42 before a byte string that starts with a zero.
    const length = cid.length + 1;
    const start = length < 24 ? [0x40 + length] : [0x58, length];
    return Buffer.concat([Buffer.from([0xd8, 0x2a, ...start, 0]), cid]);
  });
  return Buffer.concat([
    Buffer.from([0xa2, 0x65]),
    Buffer.from("roots"),
    Buffer.from([0x80 + roots.length]),
    ...links,
    Buffer.from([0x67]),
    Buffer.from("version"),
    Buffer.from([version]),
  ]);
}

/** A block as it lies in a CAR file. */
export function section({ cid, bytes }: NamedBlock): Buffer {
  return Buffer.concat([varint(cid.length + bytes.length), cid, bytes]);
}

/** A block of content. */
export function rawBlock(bytes: Uint8Array): NamedBlock {
  return { cid: rawCid(bytes), bytes };
}

/** A file of several chunks, its root first. */
export function fileBlocksOf(chunks: readonly Uint8Array[]): readonly NamedBlock[] {
  const bytes = fileNode(chunks);
  return [{ cid: dagPbCid(bytes), bytes }, ...chunks.map(rawBlock)];
}
