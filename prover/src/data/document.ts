import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";

import { ProverError } from "../errors.ts";
import { syncFolder } from "../folders.ts";
import { canonicalJson, type JsonValue } from "./canonical-json.ts";

/** A saved file that cannot be read back; codes start with `document.`. */
export class DocumentError extends ProverError {}

/**
 * A kind of saved file: JSON `{ format, version, digest, content }`, where digest is keccak256 of the canonical
 * JSON of `{ content, format, version }`, so that a damaged file is noticed whatever was changed in it.
 */
export interface DocumentKind<Value, Content> {
  /** What the file is, e.g. `zkpot.test-set`. */
  readonly format: string;
  /** Raised whenever `content` changes shape. */
  readonly version: number;
  /** Holds weights or training data in clear: files are readable by their owner only. */
  readonly isSecret: boolean;
  /** Checks the shape of `content`. */
  readonly schema: z.ZodType<Content, z.ZodTypeDef, unknown>;
  /** Must lose nothing: `decode(encode(value))` equals `value`. */
  encode(value: Value): Content;
  /** Checks what a schema cannot say (sizes that must agree) by throwing ProverError. */
  decode(content: Content): Value;
}

const ENVELOPE = z.object({
  format: z.string(),
  version: z.number().int(),
  digest: z.string(),
  content: z.unknown(),
});

/** The exact bytes a document's digest is taken over. */
export function canonicalBytes<Value, Content>(kind: DocumentKind<Value, Content>, value: Value): Uint8Array {
  return envelopeBytes(kind.format, kind.version, kind.encode(value) as JsonValue);
}

/** keccak256 of the canonical bytes: names the value for programs, people and contracts. */
export function documentDigest<Value, Content>(
  kind: DocumentKind<Value, Content>,
  value: Value,
): `0x${string}` {
  return digestOf(canonicalBytes(kind, value));
}

/** The text of a file holding `value`. */
export function encodeDocument<Value, Content>(kind: DocumentKind<Value, Content>, value: Value): string {
  const content = kind.encode(value) as JsonValue;
  const { format, version } = kind;
  const digest = digestOf(envelopeBytes(format, version, content));
  return `{"format":${JSON.stringify(format)},"version":${version},"digest":"${digest}","content":${canonicalJson(content)}}\n`;
}

/**
 * The value in a file's text; `source` names the file in errors.
 * Throws DocumentError when the text is not this kind of document, is of another version, or is damaged.
 */
export function decodeDocument<Value, Content>(
  kind: DocumentKind<Value, Content>,
  text: string,
  source = "the document",
): Value {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new DocumentError(
      "document.invalid-json",
      `${source} is not JSON, so it is not a ${kind.format} file`,
      "Check the path; if the file was cut off while copying, copy or make it again.",
      { source },
      { cause },
    );
  }
  const envelope = ENVELOPE.safeParse(parsed);
  if (!envelope.success || envelope.data.format !== kind.format) {
    const found = envelope.success ? envelope.data.format : "no zkpot document";
    throw new DocumentError(
      "document.wrong-format",
      `${source} is ${found}, expected ${kind.format}`,
      `Pass the path of a ${kind.format} file.`,
      { source, found, expected: kind.format },
    );
  }
  const { format, version, digest } = envelope.data;
  if (version !== kind.version) {
    throw new DocumentError(
      "document.unsupported-version",
      `${source} is ${format} version ${version}; this toolkit reads version ${kind.version}`,
      "Make the file again with this toolkit, or use the toolkit that wrote it.",
      { source, found: version, expected: kind.version },
    );
  }
  const actual = digestOf(envelopeBytes(format, version, envelope.data.content as JsonValue));
  if (actual !== digest) {
    throw new DocumentError(
      "document.damaged",
      `${source} is damaged: its content has digest ${actual}, the file states ${digest}`,
      "Copy the file again from where it came, or make it again.",
      { source, found: actual, expected: digest },
    );
  }
  const content = kind.schema.safeParse(envelope.data.content);
  if (!content.success) {
    const issue = content.error.issues[0]!;
    throw invalidDocument(source, kind.format, `${issue.path.join(".") || "content"}: ${issue.message}`);
  }
  try {
    return kind.decode(content.data);
  } catch (cause) {
    if (!(cause instanceof ProverError)) throw cause;
    throw invalidDocument(source, kind.format, cause.message, cause);
  }
}

/**
 * Writes `value` to `path`, replacing the file in one step, with mode 0600 for kinds that hold secrets.
 * Throws DocumentError `document.not-written`.
 */
export async function saveDocument<Value, Content>(
  path: string,
  kind: DocumentKind<Value, Content>,
  value: Value,
): Promise<void> {
  const text = encodeDocument(kind, value);
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    // wx: never follow a link or reuse a file somebody else put there.
    const file = await open(temporary, "wx", kind.isSecret ? 0o600 : 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new DocumentError(
      "document.not-written",
      `cannot write ${path}: ${systemReason(cause)}`,
      "Check that the directory exists, is writable and has space.",
      { path },
      { cause },
    );
  }
}

/** Reads a file written by saveDocument; throws DocumentError naming the file and what is wrong with it. */
export async function loadDocument<Value, Content>(
  path: string,
  kind: DocumentKind<Value, Content>,
): Promise<Value> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new DocumentError(
      missing ? "document.missing" : "document.unreadable",
      missing ? `there is no file ${path}` : `cannot read ${path}: ${systemReason(cause)}`,
      `Pass the path of a ${kind.format} file.`,
      { path },
      { cause },
    );
  }
  return decodeDocument(kind, text, path);
}

function envelopeBytes(format: string, version: number, content: JsonValue): Uint8Array {
  return utf8ToBytes(canonicalJson({ format, version, content }));
}

function digestOf(bytes: Uint8Array): `0x${string}` {
  return `0x${bytesToHex(keccak_256(bytes))}`;
}

function invalidDocument(source: string, format: string, problem: string, cause?: unknown): DocumentError {
  return new DocumentError(
    "document.invalid",
    `${source} is not a valid ${format} file: ${problem}`,
    "Make the file again; it was not written by this toolkit or was edited.",
    { source, problem },
    { cause },
  );
}

function systemReason(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}
