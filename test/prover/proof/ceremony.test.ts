import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import type { AccuracyInstance } from "../../../prover/src/circuits/accuracy.ts";
import { buildCircuit, type CompiledCircuit } from "../../../prover/src/circuits/build.ts";
import {
  applyBeacon,
  contribute,
  startCeremony,
  verifyCeremony,
} from "../../../prover/src/proof/keys/ceremony.ts";
import { readCommitmentKey, writeCommitmentKey } from "../../../prover/src/proof/keys/commitment-key.ts";
import { KEY_FILES, type KeySet, sealKeySet } from "../../../prover/src/proof/keys/key-set.ts";
import { beaconFactor, multiplyG2 } from "../../../prover/src/proof/keys/sigma-contribution.ts";
import { readTranscript, type Transcript } from "../../../prover/src/proof/keys/transcript.ts";
import {
  decodeVerifyingKey,
  encodeVerifyingKey,
  keyIdOf,
} from "../../../prover/src/proof/keys/verifying-key.ts";
import { releaseCurve } from "../../../prover/src/proof/multi-exponentiation.ts";
import { G1_BYTES } from "../../../prover/src/proof/points.ts";
import { proveCircuit } from "../../../prover/src/proof/prove.ts";
import { BEACON, MINI, powersOfTauFile } from "../../support/ceremony-inputs.ts";
import { expectError } from "../support/expect-error.ts";
import { provingInput } from "./support/tiny-proof.ts";

const build = path.join(import.meta.dirname, "..", "..", "..", "build");

describe("Ceremony", function () {
  this.timeout(300_000);
  const directory = mkdtempSync(path.join(os.tmpdir(), "zkpot-test-ceremony-"));
  let circuit: CompiledCircuit<AccuracyInstance>;
  let ptau: string;
  let keys: KeySet;
  let finished: string;

  const copyOf = (source: string, name: string) => {
    const copy = path.join(directory, name);
    cpSync(source, copy, { recursive: true });
    return copy;
  };
  const editTranscript = (folder: string, edit: (transcript: Transcript) => unknown) => {
    const file = path.join(folder, "transcript.json");
    const transcript = JSON.parse(readFileSync(file, "utf8")) as Transcript;
    writeFileSync(file, JSON.stringify(edit(transcript)));
  };
  const refuse = (folder: string, message: RegExp, code = "keys.ceremony") =>
    expectError(() => verifyCeremony(circuit, ptau, folder), code, message);

  before(async () => {
    circuit = await buildCircuit(MINI, path.join(build, "circuits"));
    ptau = await powersOfTauFile();
    finished = path.join(directory, "finished");
    await startCeremony(circuit, ptau, finished);
    await expectError(
      () => applyBeacon(circuit, finished, "early", BEACON),
      "keys.ceremony",
      /no contribution/,
    );
    await contribute(finished, "alice");
    await contribute(finished, "bob");
    keys = await applyBeacon(circuit, finished, "block", BEACON);
  });
  after(async () => {
    rmSync(directory, { recursive: true });
    await releaseCurve();
  });

  it("counts people's contributions, and verifies from its transcript", async () => {
    expect(keys.manifest).to.include({ kind: "ceremony", contributions: 2 });
    expect((await verifyCeremony(circuit, ptau, finished)).keyId).to.equal(keys.keyId);
  });

  it("gives keys that prove", async () => {
    await proveCircuit(await provingInput(circuit, keys, { seed: "ceremony", sampleCount: 4 }));
  });

  it("takes nothing after the beacon, and finishes an interrupted sealing", async () => {
    await expectError(() => contribute(finished, "late"), "keys.ceremony", /ended with a beacon/);
    const other = { ...BEACON, beaconHash: "ff".repeat(32) };
    await expectError(
      () => applyBeacon(circuit, finished, "late", other),
      "keys.ceremony",
      /ended with a beacon/,
    );
    const interrupted = copyOf(finished, "interrupted");
    for (const file of Object.values(KEY_FILES)) rmSync(path.join(interrupted, file));
    expect((await applyBeacon(circuit, interrupted, "block", BEACON)).keyId).to.equal(keys.keyId);
  });

  it("starts in an empty directory, from prepared powers of tau that are large enough", async () => {
    await expectError(() => startCeremony(circuit, ptau, finished), "keys.ceremony", /not empty/);
    const junk = path.join(directory, "junk.ptau");
    writeFileSync(junk, "no powers");
    const target = path.join(directory, "never");
    await expectError(() => startCeremony(circuit, junk, target), "keys.ceremony", /junk\.ptau/);
  });

  it("is refused when a contribution to sigma was changed, dropped or swapped", async () => {
    const cases: readonly [string, (transcript: Transcript) => unknown, RegExp][] = [
      [
        "renamed",
        (t) => ({
          ...t,
          contributions: t.contributions.with(0, { ...t.contributions[0]!, name: "mallory" }),
        }),
        /contribution 2 \(bob\)/,
      ],
      [
        "other-response",
        (t) => {
          const first = t.contributions[0]!;
          if (first.kind !== "contribution") throw new Error("not a contribution");
          const proof = { ...first.proof, response: String(BigInt(first.proof.response) - 1n) };
          return { ...t, contributions: t.contributions.with(0, { ...first, proof }) };
        },
        /contribution 1 \(alice\)/,
      ],
      ["dropped", (t) => ({ ...t, contributions: t.contributions.slice(1) }), /different numbers/],
      [
        "swapped",
        (t) => ({ ...t, contributions: [t.contributions[1], t.contributions[0], t.contributions[2]] }),
        /contribution 1 \(bob\)/,
      ],
      [
        "other-beacon",
        (t) => {
          const last = t.contributions[2]!;
          return {
            ...t,
            contributions: t.contributions.with(2, { ...last, beaconHash: "ab".repeat(32) } as typeof last),
          };
        },
        /contribution 3 \(block\)/,
      ],
      ["other-powers", (t) => ({ ...t, powersOfTauSha256: "0".repeat(64) }), /other powers of tau/],
      ["other-circuit", (t) => ({ ...t, r1csSha256: "0".repeat(64) }), /another constraint system/],
    ];
    for (const [name, edit, message] of cases) {
      const folder = copyOf(finished, name);
      editTranscript(folder, edit);
      await refuse(folder, message);
    }
    const malformed = copyOf(finished, "malformed");
    editTranscript(malformed, (t) => ({ ...t, format: "other" }));
    await refuse(malformed, /no ceremony transcript/, "keys.format");
  });

  it("is refused when one sigma-multiple belongs to another point", async () => {
    const folder = copyOf(finished, "swapped-multiples");
    const file = path.join(folder, KEY_FILES.commitment);
    const key = await readCommitmentKey(file);
    const multiples = Buffer.from(key.knowledgeBases);
    key.knowledgeBases.copy(multiples, 0, G1_BYTES, 2 * G1_BYTES);
    await writeCommitmentKey(file, { ...key, knowledgeBases: multiples });
    await sealKeySet(circuit, folder, 2);
    await refuse(folder, /do not belong to the committed points/);
  });

  it("is not sealed when committed points are not the proving key's", async () => {
    const folder = copyOf(finished, "other-points");
    const file = path.join(folder, KEY_FILES.commitment);
    const key = await readCommitmentKey(file);
    await writeCommitmentKey(file, { ...key, committedBases: key.knowledgeBases });
    await expectError(
      () => sealKeySet(circuit, folder, 2),
      "keys.mismatch",
      /other points than the proving key/,
    );
  });

  it("is refused when the verifying key has another point than the proving key, whichever it is", async () => {
    const key = decodeVerifyingKey(keys.manifest.verifyingKey);
    // With a delta of one's own choice every statement can be forged.
    const forgeries = {
      alpha1: { ...key, alpha1: key.ic[0]! },
      beta2: { ...key, beta2: multiplyG2(key.beta2, 7n) },
      delta2: { ...key, delta2: multiplyG2(key.delta2, 7n) },
      sigma2: { ...key, sigma2: multiplyG2(key.sigma2, 7n) },
      ic: { ...key, ic: key.ic.toReversed() },
    };
    for (const [name, forgery] of Object.entries(forgeries)) {
      const folder = copyOf(finished, `verifying-key-${name}`);
      const verifyingKey = encodeVerifyingKey(forgery);
      const manifest = { ...keys.manifest, verifyingKey, keyId: keyIdOf(verifyingKey) };
      writeFileSync(path.join(folder, KEY_FILES.manifest), JSON.stringify(manifest));
      await refuse(folder, /verifying key in .* is not the one/, "keys.mismatch");
    }
  });

  it("is refused when it claims more contributions than it had", async () => {
    const folder = copyOf(finished, "boast");
    await sealKeySet(circuit, folder, 9);
    await refuse(folder, /manifest and transcript/);
  });

  it("is refused without a beacon", async () => {
    const folder = copyOf(finished, "no-beacon");
    editTranscript(folder, (t) => ({ ...t, contributions: t.contributions.slice(0, 2) }));
    await refuse(folder, /does not end with a beacon/);
  });

  it("keeps no secret in its files: the transcript names points and proofs only", async () => {
    const { contributions } = await readTranscript(finished);
    for (const contribution of contributions) {
      expect(Object.keys(contribution).sort()).to.deep.equal(
        contribution.kind === "beacon"
          ? ["beaconHash", "iterationsExponent", "kind", "name", "sigma2"]
          : ["kind", "name", "proof", "sigma2"],
      );
    }
  });

  it("draws the beacon's factor by iterated hashing", () => {
    expect(beaconFactor(BEACON.beaconHash, 10)).to.equal(beaconFactor(BEACON.beaconHash, 10));
    expect(beaconFactor(BEACON.beaconHash, 11)).to.not.equal(beaconFactor(BEACON.beaconHash, 10));
    expect(beaconFactor("ff".repeat(32), 10)).to.not.equal(beaconFactor(BEACON.beaconHash, 10));
  });
});
