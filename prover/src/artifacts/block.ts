import { createHash } from "node:crypto";

import type { CID } from "multiformats/cid";

import { ArtifactError } from "./artifact-error.ts";

/** Codec of a block that holds content as it is. */
export const RAW_CODEC = 0x55;
/** Codec of a block that links to others. */
export const DAG_PB_CODEC = 0x70;
const SHA2_256 = 0x12;

/** Bytes of the largest block: what IPFS nodes exchange. Ours hold 1 MiB of content. */
export const MAX_BLOCK_BYTES = 2 ** 21;

/** Where blocks come from; nothing it says is believed. */
export interface BlockSource {
  /** Names the source in errors. */
  readonly name: string;
  /** What it has for a CID, undefined when it has nothing. */
  get(cid: CID): Promise<Uint8Array | undefined>;
}

/** Throws ArtifactError `artifact.unsupported-cid` unless a CID names bytes or a file by SHA-256. */
export function checkSupported(cid: CID): void {
  const { code, multihash } = cid;
  const isKnown = code === RAW_CODEC || code === DAG_PB_CODEC;
  if (isKnown && multihash.code === SHA2_256 && multihash.digest.length === 32) return;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  throw new ArtifactError(
    "artifact.unsupported-cid",
    `${cid.toString()} has codec ${hex(code)} and hash ${hex(multihash.code)}; artifacts have codec 0x55 or 0x70 and hash 0x12`,
    "Use the CID of a file (raw or dag-pb) hashed with SHA-256, as `zkpot artifact add` makes it.",
    { cid: cid.toString(), codec: code, hash: multihash.code },
  );
}

/** The same for CIDs of the same hash, whatever their version and codec. */
export function blockKey(cid: CID): string {
  return Buffer.from(cid.multihash.digest).toString("hex");
}

/**
 * Throws ArtifactError unless `bytes`, found in `source`, are the block that `cid` names:
 * `artifact.block-too-large`, `artifact.block-damaged`.
 */
export function checkBlock(cid: CID, bytes: Uint8Array, source: string): void {
  checkBlockLength(cid, bytes.length, source);
  const digest = createHash("sha256").update(bytes).digest();
  if (digest.equals(cid.multihash.digest)) return;
  throw new ArtifactError(
    "artifact.block-damaged",
    `block ${cid.toString()} in ${source} is damaged: its ${bytes.length} bytes have SHA-256 ${digest.toString("hex")}`,
    "Fetch the artifact again, or import it from a CAR file of its publisher.",
    { cid: cid.toString(), source, found: digest.toString("hex"), expected: blockKey(cid) },
  );
}

/** Throws ArtifactError `artifact.block-too-large` for a block above the limit. */
export function checkBlockLength(cid: CID, byteLength: number, source: string): void {
  if (byteLength <= MAX_BLOCK_BYTES) return;
  throw new ArtifactError(
    "artifact.block-too-large",
    `block ${cid.toString()} in ${source} has ${byteLength} bytes, at most ${MAX_BLOCK_BYTES} are allowed`,
    "Publish the file again with blocks of 1 MiB, e.g. with `zkpot artifact add`.",
    { cid: cid.toString(), source, byteLength, limit: MAX_BLOCK_BYTES },
  );
}

/** A block that was found and checked; throws ArtifactError `artifact.block-missing` or as checkBlock. */
export async function readBlock(source: BlockSource, cid: CID): Promise<Uint8Array> {
  const bytes = await source.get(cid);
  if (bytes === undefined) {
    throw new ArtifactError(
      "artifact.block-missing",
      `block ${cid.toString()} is not in ${source.name}`,
      "Import a CAR file that holds the whole artifact, or fetch it from an IPFS node.",
      { cid: cid.toString(), source: source.name },
    );
  }
  checkBlock(cid, bytes, source.name);
  return bytes;
}
