import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

import type { CompiledCircuit } from "../../circuits/build.ts";
import { type CircuitInstance, circuitLayout } from "../../circuits/instance.ts";
import { canonicalJson, type JsonValue } from "../../data/canonical-json.ts";
import { sha256, sha256File, writeFileAtomically } from "../../files.ts";
import { ProofError } from "../proof-error.ts";
import { type CommitmentKey, readCommitmentKey, splitIc } from "./commitment-key.ts";
import { encodeVerifyingKey, keyIdOf, type VerifyingKey } from "./verifying-key.ts";
import { readZkeyHeader } from "./zkey-file.ts";

/** File names of a key set within its directory. */
export const KEY_FILES = {
  proving: "proving.zkey",
  commitment: "commitment.key",
  manifest: "key.json",
} as const;

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const MANIFEST_SCHEMA = z
  .object({
    format: z.literal("zkpot.key-set.v1"),
    instanceId: z.string(),
    /** "development" keys are insecure: whoever made them could have kept their secrets. */
    kind: z.enum(["development", "ceremony"]),
    contributions: z.number().int().min(0),
    keyId: z.string().regex(/^0x[0-9a-f]{64}$/),
    verifyingKey: z.string().regex(/^0x([0-9a-f]{64})+$/),
    instanceSha256: hex(64),
    r1csSha256: hex(64),
    provingKeySha256: hex(64),
    commitmentKeySha256: hex(64),
  })
  .strict();

/** What `key.json` says of a key set: hashes of all files and the verifying key as the chain stores it. */
export type KeyManifest = Readonly<z.infer<typeof MANIFEST_SCHEMA>>;

/** A key set whose files were found intact. */
export interface KeySet {
  readonly manifest: KeyManifest;
  readonly keyId: `0x${string}`;
  readonly provingKeyFile: string;
  readonly commitmentKey: CommitmentKey;
}

/** SHA-256 of an instance's canonical JSON: names its parameters in manifests. */
export function instanceDigest(instance: CircuitInstance): string {
  return sha256(canonicalJson(instance as unknown as JsonValue));
}

/**
 * Writes `key.json` for the proving and commitment key in `directory`, and returns the loaded set.
 *
 * `contributions` counts phase 2 contributions; 0 makes it a development key.
 */
export async function sealKeySet(
  circuit: CompiledCircuit,
  directory: string,
  contributions: number,
): Promise<KeySet> {
  const provingKeyFile = path.join(directory, KEY_FILES.proving);
  const hashes = {
    instanceSha256: instanceDigest(circuit.instance),
    r1csSha256: circuit.r1csSha256,
    provingKeySha256: await sha256File(provingKeyFile),
    commitmentKeySha256: await sha256File(path.join(directory, KEY_FILES.commitment)),
  };
  const { verifyingKey, commitmentKey } = await readKeyFiles(circuit.instance, directory, {
    contributions,
    circuitDigest: circuitDigest(hashes),
  });
  const manifest: KeyManifest = {
    format: "zkpot.key-set.v1",
    instanceId: circuit.instance.id,
    kind: contributions === 0 ? "development" : "ceremony",
    contributions,
    keyId: keyIdOf(verifyingKey),
    verifyingKey,
    ...hashes,
  };
  await writeFileAtomically(
    path.join(directory, KEY_FILES.manifest),
    `${JSON.stringify(manifest, null, 2)}\n`,
  );
  return { manifest, keyId: keyIdOf(verifyingKey), provingKeyFile, commitmentKey };
}

/**
 * Loads a key set for an instance, hashing every file.
 *
 * Throws ProofError `keys.missing`, `keys.damaged` (naming the file), `keys.format`, `keys.instance` when the
 * set belongs to another instance, or `keys.mismatch` when the files do not belong together.
 */
export async function loadKeySet(instance: CircuitInstance, directory: string): Promise<KeySet> {
  const manifest = await readManifest(directory);
  if (manifest.instanceSha256 !== instanceDigest(instance)) {
    throw new ProofError(
      "keys.instance",
      `the keys in ${directory} were made for ${manifest.instanceId} with other parameters than ${instance.id}`,
      `Run "zkpot keys dev ${instance.id}".`,
      { directory, instance: instance.id },
    );
  }
  await checkFile(path.join(directory, KEY_FILES.proving), manifest.provingKeySha256);
  await checkFile(path.join(directory, KEY_FILES.commitment), manifest.commitmentKeySha256);
  const { verifyingKey, commitmentKey } = await readKeyFiles(instance, directory, {
    contributions: manifest.contributions,
    circuitDigest: circuitDigest(manifest),
  });
  if (manifest.verifyingKey !== verifyingKey) {
    throw new ProofError(
      "keys.mismatch",
      `the verifying key in ${path.join(directory, KEY_FILES.manifest)} is not the one of the key files beside it`,
      "Do not use these keys: with a verifying key of somebody's choice every statement can be forged.",
      { directory, keyId: manifest.keyId },
    );
  }
  const provingKeyFile = path.join(directory, KEY_FILES.proving);
  return { manifest, keyId: manifest.keyId as `0x${string}`, provingKeyFile, commitmentKey };
}

/**
 * The commitment key, and the verifying key made of the points in both key files.
 *
 * Throws ProofError `keys.mismatch` when the commitment key holds other IC points than the proving key.
 */
async function readKeyFiles(
  instance: CircuitInstance,
  directory: string,
  { contributions, circuitDigest }: Pick<VerifyingKey, "contributions" | "circuitDigest">,
): Promise<{ readonly verifyingKey: `0x${string}`; readonly commitmentKey: CommitmentKey }> {
  const commitmentKey = await readCommitmentKey(path.join(directory, KEY_FILES.commitment));
  const provingKeyFile = path.join(directory, KEY_FILES.proving);
  const { alpha1, beta2, delta2, icBytes } = await readZkeyHeader(provingKeyFile);
  const { ic, datasetBases, committedBases } = splitIc(icBytes, circuitLayout(instance));
  if (
    !committedBases.equals(commitmentKey.committedBases) ||
    !datasetBases.equals(commitmentKey.datasetBases)
  ) {
    throw new ProofError(
      "keys.mismatch",
      `the commitment key in ${directory} holds other points than the proving key`,
      "Do not use these keys; make or fetch them again.",
      { directory },
    );
  }
  const { sigma2 } = commitmentKey;
  const key: VerifyingKey = { contributions, circuitDigest, alpha1, beta2, delta2, sigma2, ic };
  return { verifyingKey: encodeVerifyingKey(key), commitmentKey };
}

/**
 * Reads and checks `key.json` alone: id, digest and verifying key agree.
 *
 * Throws ProofError `keys.missing`, `keys.format` or `keys.damaged`.
 */
export async function readManifest(directory: string): Promise<KeyManifest> {
  const file = path.join(directory, KEY_FILES.manifest);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ProofError(
      "keys.missing",
      `there is no ${file}`,
      "Make keys first with `zkpot keys dev INSTANCE`.",
      { file },
      {
        cause,
      },
    );
  });
  const parsed = MANIFEST_SCHEMA.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new ProofError(
      "keys.format",
      `${file} is no key manifest: ${parsed.error.issues[0]?.path.join(".") ?? ""} ${parsed.error.issues[0]?.message ?? ""}`,
      "Make or fetch the keys again.",
      { file },
    );
  }
  const manifest = parsed.data;
  const digest = circuitDigest(manifest);
  const encoded = manifest.verifyingKey as `0x${string}`;
  const development = manifest.kind === "development";
  if (
    keyIdOf(encoded) !== manifest.keyId ||
    `0x${encoded.slice(66, 130)}` !== digest ||
    BigInt(encoded.slice(0, 66)) !== BigInt(manifest.contributions) ||
    development !== (manifest.contributions === 0)
  ) {
    throw new ProofError(
      "keys.damaged",
      `${file} is damaged: its key id, hashes and verifying key do not agree`,
      "Make or fetch the keys again.",
      { file, keyId: manifest.keyId },
    );
  }
  return manifest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function checkFile(file: string, expected: string): Promise<void> {
  const found = await sha256File(file).catch(() => "nothing");
  if (found === expected) return;
  throw new ProofError(
    "keys.damaged",
    `${file} is damaged: its SHA-256 is ${found}, the manifest says ${expected}`,
    "Make or fetch the keys again.",
    { file, found, expected },
  );
}

/** keccak256 over the hashes of everything a verifying key stands for. */
function circuitDigest(
  hashes: Pick<KeyManifest, "instanceSha256" | "r1csSha256" | "provingKeySha256" | "commitmentKeySha256">,
): `0x${string}` {
  const text = [
    "zkpot.circuit.v1",
    hashes.instanceSha256,
    hashes.r1csSha256,
    hashes.provingKeySha256,
    hashes.commitmentKeySha256,
  ].join(" ");
  return `0x${bytesToHex(keccak_256(utf8ToBytes(text)))}`;
}
