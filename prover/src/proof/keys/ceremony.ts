import { randomBytes } from "node:crypto";
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";

import { bn254 } from "@noble/curves/bn254.js";

import type { CompiledCircuit } from "../../circuits/build.ts";
import { circuitLayout } from "../../circuits/instance.ts";
import { sha256File } from "../../files.ts";
import { randomFieldElement } from "../../random-field.ts";
import { multiExponentiate, sharedCurve } from "../multi-exponentiation.ts";
import { G1_BYTES, type G1Point, type G2Point } from "../points.ts";
import { ProofError } from "../proof-error.ts";
import { type CommitmentKey, readCommitmentKey, splitIc, writeCommitmentKey } from "./commitment-key.ts";
import { instanceDigest, KEY_FILES, type KeySet, loadKeySet, sealKeySet } from "./key-set.ts";
import {
  beaconFactor,
  multiplyG2,
  proveSigmaFactor,
  toCurve,
  verifySigmaFactor,
} from "./sigma-contribution.ts";
import {
  type Contribution,
  decodeG2,
  encodeG2,
  readTranscript,
  type Transcript,
  transcriptHash,
  writeTranscript,
} from "./transcript.ts";
import { readZkeyHeader } from "./zkey-file.ts";

/** A public beacon: randomness that did not exist when the last contribution was made. */
export interface Beacon {
  /** 8 to 64 bytes in lower-case hexadecimal. */
  readonly beaconHash: string;
  /** The hash is iterated 2^iterationsExponent times: 10 to 40. */
  readonly iterationsExponent: number;
}

const GENERATOR2: G2Point = (() => {
  const { x, y } = bn254.G2.Point.BASE.toAffine();
  return { x: [x.c0, x.c1], y: [y.c0, y.c1] };
})();
const ONE = 1n;

/**
 * Starts a ceremony: phase 2 of a public powers-of-tau file for this circuit, with delta = sigma = 1.
 *
 * Throws ProofError `keys.ceremony` when the directory already holds one, or the file has too few powers.
 */
export async function startCeremony(
  circuit: CompiledCircuit,
  powersOfTauFile: string,
  directory: string,
): Promise<Transcript> {
  if ((await readdir(directory).catch(() => [])).length > 0) {
    throw ceremonyError(`${directory} is not empty`, "Name a new directory for the ceremony.");
  }
  await mkdir(directory, { recursive: true });
  const { zKey } = await import("snarkjs");
  const files = filesOf(directory, 0);
  const result = await zKey
    .newZKey(circuit.r1csFile, powersOfTauFile, files.proving)
    .catch((cause: unknown) => {
      throw ceremonyError(
        `${powersOfTauFile} cannot be read as prepared powers of tau: ${(cause as Error).message}`,
        "Name a .ptau file of phase 1, prepared for phase 2.",
      );
    });
  if (result === -1) {
    await rm(files.proving, { force: true });
    throw ceremonyError(
      `${powersOfTauFile} has too few powers for ${circuit.instance.id}, or is not prepared`,
      "Name a larger prepared .ptau file.",
    );
  }
  const { icBytes } = await readZkeyHeader(files.proving);
  const bases = splitIc(icBytes, circuitLayout(circuit.instance));
  await writeCommitmentKey(files.commitment, {
    ...bases,
    knowledgeBases: bases.committedBases,
    sigma2: GENERATOR2,
  });
  const transcript: Transcript = {
    format: "zkpot.ceremony.v1",
    instanceId: circuit.instance.id,
    instanceSha256: instanceDigest(circuit.instance),
    r1csSha256: circuit.r1csSha256,
    powersOfTauSha256: await sha256File(powersOfTauFile),
    contributions: [],
  };
  await writeTranscript(directory, transcript);
  return transcript;
}

/**
 * Multiplies delta and sigma by secrets drawn here and forgotten, and appends the proofs of knowledge.
 * One honest contributor is enough for the key to be sound.
 *
 * Throws ProofError `keys.ceremony` when the ceremony ended with a beacon.
 */
export async function contribute(directory: string, name: string): Promise<Transcript> {
  const transcript = await readTranscript(directory);
  checkOpen(transcript);
  const before = filesOf(directory, transcript.contributions.length);
  const after = filesOf(directory, transcript.contributions.length + 1);
  const { zKey } = await import("snarkjs");
  await zKey.contribute(before.proving, after.proving, name, randomBytes(64).toString("hex"));
  const key = await readCommitmentKey(before.commitment);
  const factor = secretFactor();
  const proof = proveSigmaFactor(transcriptHash(transcript), key.sigma2, factor, secretFactor());
  return append(directory, transcript, key, factor, {
    kind: "contribution",
    name,
    sigma2: encodeG2(multiplyG2(key.sigma2, factor)),
    proof: { nonce: encodeG2(proof.nonce), response: String(proof.response) },
  });
}

/**
 * Ends a ceremony with a public beacon, and seals the key set (`key.json`) in the same directory.
 *
 * Throws ProofError `keys.ceremony` without any contribution, or after another beacon.
 */
export async function applyBeacon(
  circuit: CompiledCircuit,
  directory: string,
  name: string,
  beacon: Beacon,
): Promise<KeySet> {
  const transcript = await readTranscript(directory);
  const last = transcript.contributions.at(-1);
  if (last?.kind === "beacon" && last.beaconHash === beacon.beaconHash) {
    return seal(circuit, directory, transcript); // a run that was interrupted after this beacon
  }
  checkOpen(transcript);
  if (transcript.contributions.length === 0) {
    throw ceremonyError(
      "the ceremony has no contribution yet",
      "Contribute first with `zkpot keys contribute`.",
    );
  }
  const before = filesOf(directory, transcript.contributions.length);
  const after = filesOf(directory, transcript.contributions.length + 1);
  const { zKey } = await import("snarkjs");
  await zKey.beacon(before.proving, after.proving, name, beacon.beaconHash, beacon.iterationsExponent);
  const key = await readCommitmentKey(before.commitment);
  const factor = beaconFactor(beacon.beaconHash, beacon.iterationsExponent);
  const sigma2 = encodeG2(multiplyG2(key.sigma2, factor));
  const ended = await append(directory, transcript, key, factor, { kind: "beacon", name, sigma2, ...beacon });
  return seal(circuit, directory, ended);
}

/** Gives the last key files their final names and describes them in `key.json`. */
async function seal(circuit: CompiledCircuit, directory: string, transcript: Transcript): Promise<KeySet> {
  const files = filesOf(directory, transcript.contributions.length);
  await copyFile(files.proving, path.join(directory, KEY_FILES.proving));
  await copyFile(files.commitment, path.join(directory, KEY_FILES.commitment));
  return sealKeySet(circuit, directory, countContributions(transcript));
}

/** Contributions by people: the closing beacon is public and adds no secret. */
export function countContributions(transcript: Transcript): number {
  return transcript.contributions.filter(({ kind }) => kind === "contribution").length;
}

/**
 * Verifies a finished ceremony from its transcript, key files, circuit and powers of tau: that the files belong
 * together and the verifying key is made of their points, that the proving key is this circuit's, that every
 * contributor knew its factors, that the closing beacon is what it says, and that the sigma-multiples are of
 * the committed points and of nothing else.
 *
 * Throws ProofError `keys.ceremony` naming what does not hold, and what loadKeySet throws.
 */
export async function verifyCeremony(
  circuit: CompiledCircuit,
  powersOfTauFile: string,
  directory: string,
): Promise<KeySet> {
  const transcript = await readTranscript(directory);
  const keys = await loadKeySet(circuit.instance, directory);
  const { manifest, commitmentKey } = keys;
  const fail = (problem: string) => ceremonyError(problem, "Do not use these keys.");
  if (transcript.r1csSha256 !== circuit.r1csSha256 || manifest.r1csSha256 !== circuit.r1csSha256) {
    throw fail("the keys were made for another constraint system");
  }
  if (transcript.powersOfTauSha256 !== (await sha256File(powersOfTauFile))) {
    throw fail("the ceremony started from other powers of tau");
  }
  const zkey = await readZkeyHeader(keys.provingKeyFile);
  const last = transcript.contributions.at(-1);
  if (last?.kind !== "beacon" || !zkey.endsWithBeacon) throw fail("the ceremony does not end with a beacon");
  if (zkey.contributionCount !== transcript.contributions.length) {
    throw fail("proving key and transcript record different numbers of contributions");
  }
  if (manifest.contributions !== countContributions(transcript)) {
    throw fail("manifest and transcript record different numbers of contributions");
  }
  checkSigmaChain(transcript, commitmentKey.sigma2, fail);
  if (!(await hasKnowledgeOf(commitmentKey))) {
    throw fail("the sigma-multiples do not belong to the committed points");
  }
  const { zKey } = await import("snarkjs");
  const isValid = await zKey.verifyFromR1cs(circuit.r1csFile, powersOfTauFile, keys.provingKeyFile);
  if (!isValid)
    throw fail("snarkjs refuses the proving key: it is not this circuit's, or a contribution is wrong");
  return keys;
}

function checkSigmaChain(transcript: Transcript, final: G2Point, fail: (problem: string) => Error): void {
  let before = GENERATOR2;
  transcript.contributions.forEach((contribution, index) => {
    const hash = transcriptHash({ ...transcript, contributions: transcript.contributions.slice(0, index) });
    const after = decodeG2(contribution.sigma2);
    const isGood =
      contribution.kind === "beacon"
        ? samePoint(
            after,
            multiplyG2(before, beaconFactor(contribution.beaconHash, contribution.iterationsExponent)),
          )
        : verifySigmaFactor(hash, before, after, {
            nonce: decodeG2(contribution.proof.nonce),
            response: BigInt(contribution.proof.response),
          });
    if (!isGood) throw fail(`contribution ${index + 1} (${contribution.name}) to sigma does not verify`);
    before = after;
  });
  if (!samePoint(before, final)) throw fail("the commitment key's sigma is not the transcript's");
}

/** e(Σ e_i·Dp_i, G2) = e(Σ e_i·IC_i, sigma2) for random e_i: one wrong multiple passes with probability 1/r. */
async function hasKnowledgeOf(key: CommitmentKey): Promise<boolean> {
  const count = key.committedBases.length / G1_BYTES;
  if (key.knowledgeBases.length !== key.committedBases.length) return false;
  const scalars = Array.from({ length: count }, randomFieldElement);
  const [bases, multiples] = [
    await multiExponentiate(key.committedBases, scalars),
    await multiExponentiate(key.knowledgeBases, scalars),
  ];
  const product = bn254.pairingBatch([
    { g1: curvePoint(multiples), g2: bn254.G2.Point.BASE },
    { g1: curvePoint(bases).negate(), g2: toCurve(key.sigma2) },
  ]);
  return bn254.fields.Fp12.eql(product, bn254.fields.Fp12.ONE);
}

function curvePoint({ x, y }: G1Point) {
  const point = bn254.G1.Point.fromAffine({ x, y });
  point.assertValidity();
  return point;
}

async function append(
  directory: string,
  transcript: Transcript,
  key: CommitmentKey,
  factor: bigint,
  contribution: Contribution,
): Promise<Transcript> {
  const index = transcript.contributions.length;
  await writeCommitmentKey(filesOf(directory, index + 1).commitment, {
    ...key,
    knowledgeBases: await scalePoints(key.knowledgeBases, factor),
    sigma2: decodeG2(contribution.sigma2),
  });
  const extended: Transcript = { ...transcript, contributions: [...transcript.contributions, contribution] };
  await writeTranscript(directory, extended);
  const { proving, commitment } = filesOf(directory, index);
  await Promise.all([rm(proving, { force: true }), rm(commitment, { force: true })]);
  return extended;
}

/** `factor·P` for every G1 point of a buffer in Montgomery form. */
async function scalePoints(points: Buffer, factor: bigint): Promise<Buffer> {
  const { G1, Fr } = await sharedCurve();
  const scaled = await G1.batchApplyKey(new Uint8Array(points), Fr.e(factor), Fr.e(ONE), "affine", "affine");
  return Buffer.from(scaled);
}

function checkOpen(transcript: Transcript): void {
  if (transcript.contributions.at(-1)?.kind !== "beacon") return;
  throw ceremonyError("the ceremony ended with a beacon", "Start another one with `zkpot keys new`.");
}

/** The key files after so many contributions; the transcript decides which are current. */
function filesOf(directory: string, contributions: number): { proving: string; commitment: string } {
  const number = String(contributions).padStart(4, "0");
  return {
    proving: path.join(directory, `contribution-${number}.zkey`),
    commitment: path.join(directory, `contribution-${number}.key`),
  };
}

function secretFactor(): bigint {
  const factor = randomFieldElement();
  return factor > ONE ? factor : secretFactor();
}

function samePoint(a: G2Point, b: G2Point): boolean {
  return [...a.x, ...a.y].every((coordinate, index) => coordinate === [...b.x, ...b.y][index]);
}

function ceremonyError(problem: string, nextStep: string): ProofError {
  return new ProofError("keys.ceremony", problem, nextStep);
}
