import { open, stat } from "node:fs/promises";

import { ArtifactError } from "./artifact-error.ts";
import { unreadable } from "./file-errors.ts";

/** The kinds of saved documents that are there to be published; all others of ours are private. */
const PUBLIC_FORMATS: readonly string[] = [
  "zkpot.task",
  "zkpot.test-set",
  "zkpot.test-set-reveal",
  "zkpot.input-quantization",
  "zkpot.proof-bundle",
  "zkpot.stage-proof",
  "zkpot.trace",
  "zkpot.federation",
  "zkpot.global-model",
  "zkpot.masked-vector",
  "zkpot.key-set.v1",
  "zkpot.ceremony.v1",
];

/** Bytes looked at from the start and from the end: sorting the members of a document moves its format there. */
const EXCERPT_BYTES = 4_096;

/**
 * Throws ArtifactError `artifact.private` for a file that looks private: it is readable by its owner alone, as
 * everything secret that this toolkit writes, or it is a document of a private kind, an encrypted key or a key in
 * clear; `artifact.unreadable` for what is no file. A guard against mistakes, not against people.
 */
export async function refusePrivate(file: string): Promise<void> {
  const reason = await privacyOf(file);
  if (reason === undefined) return;
  throw new ArtifactError(
    "artifact.private",
    `${file} looks private: ${reason}`,
    "Artifacts are there to be published. Add it with --allow-secret if everybody may have it.",
    { file, reason },
  );
}

async function privacyOf(file: string): Promise<string | undefined> {
  try {
    const { mode, size } = await regularFile(file);
    if (process.platform !== "win32" && (mode & 0o077) === 0) {
      return `only its owner may read it (mode ${(mode & 0o777).toString(8).padStart(4, "0")})`;
    }
    return secretIn(await excerptOf(file, size));
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Opening anything else may wait for ever. */
async function regularFile(file: string): Promise<{ readonly mode: number; readonly size: number }> {
  const found = await stat(file);
  if (!found.isFile()) throw new Error("it is no regular file");
  return found;
}

async function excerptOf(file: string, size: number): Promise<string> {
  const handle = await open(file);
  try {
    const bytes = Buffer.alloc(2 * EXCERPT_BYTES);
    const head = await handle.read(bytes, 0, EXCERPT_BYTES, 0);
    const tailStart = Math.max(head.bytesRead, size - EXCERPT_BYTES);
    const tail = await handle.read(bytes, head.bytesRead, EXCERPT_BYTES, tailStart);
    return bytes.toString("latin1", 0, head.bytesRead + tail.bytesRead);
  } finally {
    await handle.close();
  }
}

function secretIn(text: string): string | undefined {
  const format = /"format"\s*:\s*"(zkpot\.[\w.-]+)"/.exec(text)?.[1];
  if (format !== undefined && !PUBLIC_FORMATS.includes(format)) return `it is a ${format} file`;
  if (text.includes('"ciphertext"') && text.includes('"kdf"')) return "it is a keystore";
  const isKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) || /^\s*(0x)?[0-9a-fA-F]{64}\s*$/.test(text);
  return isKey || /\bPRIVATE_KEY\s*=/.test(text) ? "it holds a private key" : undefined;
}
