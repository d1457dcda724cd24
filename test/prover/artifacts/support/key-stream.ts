import { createCipheriv, createHash } from "node:crypto";

/** Bytes without structure that follow from a seed: the ChaCha20 key stream under its SHA-256. */
export function keyStream(byteLength: number, seed: string): Uint8Array {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("chacha20", key, Buffer.alloc(16)).update(Buffer.alloc(byteLength));
}
