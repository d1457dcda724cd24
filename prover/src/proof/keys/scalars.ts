/** Bytes of a field element or coordinate. */
export const SCALAR_BYTES = 32;

/** A 256-bit little-endian number at `offset`. */
export function readScalar(buffer: Buffer, offset: number): bigint {
  return (
    buffer.readBigUInt64LE(offset) |
    (buffer.readBigUInt64LE(offset + 8) << 64n) |
    (buffer.readBigUInt64LE(offset + 16) << 128n) |
    (buffer.readBigUInt64LE(offset + 24) << 192n)
  );
}

/** Writes a number below 2^256 little-endian at `offset`. */
export function writeScalar(buffer: Buffer, offset: number, value: bigint): void {
  const mask = 0xffff_ffff_ffff_ffffn;
  buffer.writeBigUInt64LE(value & mask, offset);
  buffer.writeBigUInt64LE((value >> 64n) & mask, offset + 8);
  buffer.writeBigUInt64LE((value >> 128n) & mask, offset + 16);
  buffer.writeBigUInt64LE(value >> 192n, offset + 24);
}

/** Field elements as consecutive 32-byte little-endian numbers. */
export function scalarBytes(values: readonly bigint[]): Buffer {
  const buffer = Buffer.alloc(values.length * SCALAR_BYTES);
  values.forEach((value, index) => writeScalar(buffer, index * SCALAR_BYTES, value));
  return buffer;
}
