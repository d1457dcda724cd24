import { readFile } from "node:fs/promises";

import { writeFileAtomically } from "../../files.ts";
import { ProofError } from "../proof-error.ts";

/**
 * Writes the container that circom and snarkjs use for r1cs, wtns and zkey files: four letters, version,
 * number of sections; then per section its id, length (64 bits) and content. All numbers little-endian.
 */
export async function writeBinaryFile(
  file: string,
  type: string,
  version: number,
  sections: readonly (readonly [id: number, content: Uint8Array])[],
): Promise<void> {
  const parts: Uint8Array[] = [Buffer.from(type, "latin1"), uint32(version), uint32(sections.length)];
  for (const [id, content] of sections) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(content.byteLength));
    parts.push(uint32(id), length, content);
  }
  await writeFileAtomically(file, Buffer.concat(parts));
}

/**
 * Reads such a file: section contents by id (views, not copies).
 *
 * Throws ProofError `keys.format` naming the file when it is not of this type or is cut short.
 */
export async function readBinaryFile(
  file: string,
  type: string,
): Promise<{ readonly version: number; readonly sections: ReadonlyMap<number, Buffer> }> {
  const data = await readFile(file);
  const damaged = (problem: string) =>
    new ProofError("keys.format", `${file} is no ${type} file: ${problem}`, "Make or fetch the file again.", {
      file,
    });
  if (data.length < 12 || data.toString("latin1", 0, 4) !== type) throw damaged("it does not start so");
  const count = data.readUInt32LE(8);
  const sections = new Map<number, Buffer>();
  let position = 12;
  for (let index = 0; index < count; index++) {
    if (position + 12 > data.length) throw damaged("it is cut short");
    const id = data.readUInt32LE(position);
    const length = Number(data.readBigUInt64LE(position + 4));
    position += 12;
    if (position + length > data.length) throw damaged("it is cut short");
    sections.set(id, data.subarray(position, position + length));
    position += length;
  }
  return { version: data.readUInt32LE(4), sections };
}

/** A 32-bit little-endian number. */
export function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}
