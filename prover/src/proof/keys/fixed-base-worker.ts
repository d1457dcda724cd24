/**
 * A thread that multiplies the generators of BN254 by many scalars, with a table of multiples per window
 * of the scalar: one mixed addition per window instead of a double-and-add per bit.
 */
import { parentPort, workerData } from "node:worker_threads";

import type { FixedBaseTask, FixedBaseWorkerData } from "./fixed-base.ts";

const SCALAR_BYTES = 32;
const SCALAR_BITS = 254;
/** Results converted to affine form per call. */
const BATCH = 2048;

const { windowBits, code, generator1, generator2 } = workerData as FixedBaseWorkerData;
// ffjavascript cannot be loaded in a worker thread, so the thread runs its module itself.
const memory = new WebAssembly.Memory({ initial: 64 });
const { instance } = await WebAssembly.instantiate(code, { env: { memory } });
const exports = instance.exports as Record<string, (...pointers: number[]) => number>;
const windows = Math.ceil(SCALAR_BITS / windowBits);
const entries = 2 ** windowBits - 1;

/** Room the module's own functions need beyond what is allocated here: inverses of a batch, and their products. */
const SCRATCH_BYTES = 4 * Math.max(entries, BATCH) * 64;

/** Takes memory from the module's allocator, whose free pointer is the first word of its memory. */
function allocate(bytes: number): number {
  const pointer = Math.ceil(new Uint32Array(memory.buffer, 0, 1)[0]! / 8) * 8;
  const free = pointer + Math.ceil(bytes / 8) * 8;
  const missing = free + SCRATCH_BYTES - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  new Uint32Array(memory.buffer, 0, 1)[0] = free;
  return pointer;
}

interface Group {
  readonly prefix: "g1m" | "g2m";
  readonly affineBytes: number;
  readonly jacobianBytes: number;
  readonly generator: number;
  table?: number;
}
const groups: Record<FixedBaseTask["group"], Group> = {
  G1: { prefix: "g1m", affineBytes: 64, jacobianBytes: 96, generator: generator1 },
  G2: { prefix: "g2m", affineBytes: 128, jacobianBytes: 192, generator: generator2 },
};
const results = allocate(BATCH * 192);

/** table[w][d−1] = d·2^(w·windowBits)·generator, affine. */
function buildTable(group: Group): number {
  const add = exports[`${group.prefix}_add`]!;
  const double = exports[`${group.prefix}_double`]!;
  const copy = exports[`${group.prefix}_copy`]!;
  const toAffine = exports[`${group.prefix}_batchToAffine`]!;
  const table = allocate(windows * entries * group.affineBytes);
  const row = allocate(entries * group.jacobianBytes);
  const base = allocate(group.jacobianBytes);
  copy(group.generator, base);
  for (let window = 0; window < windows; window++) {
    copy(base, row);
    for (let digit = 1; digit < entries; digit++) {
      add(row + (digit - 1) * group.jacobianBytes, base, row + digit * group.jacobianBytes);
    }
    toAffine(row, entries, table + window * entries * group.affineBytes);
    for (let bit = 0; bit < windowBits; bit++) double(base, base);
  }
  return table;
}

function multiply(group: Group, scalars: Uint8Array): Uint8Array {
  const zero = exports[`${group.prefix}_zero`]!;
  const addMixed = exports[`${group.prefix}_addMixed`]!;
  const toAffine = exports[`${group.prefix}_batchToAffine`]!;
  const table = (group.table ??= buildTable(group));
  const count = scalars.length / SCALAR_BYTES;
  const output = new Uint8Array(count * group.affineBytes);
  for (let start = 0; start < count; start += BATCH) {
    const size = Math.min(BATCH, count - start);
    for (let index = 0; index < size; index++) {
      const accumulator = results + index * group.jacobianBytes;
      zero(accumulator);
      const scalar = (start + index) * SCALAR_BYTES;
      for (let window = 0; window < windows; window++) {
        const digit = windowDigit(scalars, scalar, window);
        if (digit === 0) continue;
        addMixed(accumulator, table + (window * entries + digit - 1) * group.affineBytes, accumulator);
      }
    }
    toAffine(results, size, results);
    const bytes = new Uint8Array(memory.buffer, results, size * group.affineBytes);
    output.set(bytes, start * group.affineBytes);
  }
  return output;
}

/** Bits window·windowBits … of the little-endian scalar at `offset`. */
function windowDigit(scalars: Uint8Array, offset: number, window: number): number {
  const first = window * windowBits;
  let digit = 0;
  for (
    let byte = first >> 3, shift = -(first & 7);
    shift < windowBits && byte < SCALAR_BYTES;
    byte++, shift += 8
  ) {
    const value = scalars[offset + byte]!;
    digit |= shift < 0 ? value >> -shift : value << shift;
  }
  return digit & entries;
}

parentPort!.on("message", ({ id, group, scalars }: FixedBaseTask) => {
  const points = multiply(groups[group], scalars);
  parentPort!.postMessage({ id, points }, [points.buffer as ArrayBuffer]);
});
