/** The bytes of an IDX file of unsigned bytes with these dimensions. */
export function idxBytes(dimensions: readonly number[], values: ArrayLike<number>, type = 0x08): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dimensions.length + values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, type, dimensions.length]);
  dimensions.forEach((size, index) => {
    view.setUint32(4 + 4 * index, size);
  });
  bytes.set(Uint8Array.from(values), 4 + 4 * dimensions.length);
  return bytes;
}
