import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";

import { type AccuracyInstance, accuracyLayout } from "../../../prover/src/circuits/accuracy.ts";
import type { CompiledCircuit } from "../../../prover/src/circuits/build.ts";
import { blockSize, publicSignalCount } from "../../../prover/src/circuits/layout.ts";
import { SeededRandom } from "../../../prover/src/data/random.ts";
import { readBinaryFile } from "../../../prover/src/proof/keys/binary-file.ts";
import { splitIc } from "../../../prover/src/proof/keys/commitment-key.ts";
import { makeDevelopmentKeys } from "../../../prover/src/proof/keys/development.ts";
import { FixedBaseMultiplier } from "../../../prover/src/proof/keys/fixed-base.ts";
import { KEY_FILES, type KeySet, loadKeySet, readManifest } from "../../../prover/src/proof/keys/key-set.ts";
import {
  decodeVerifyingKey,
  encodeVerifyingKey,
  keyIdOf,
  statementSize,
} from "../../../prover/src/proof/keys/verifying-key.ts";
import { readZkeyHeader } from "../../../prover/src/proof/keys/zkey-file.ts";
import { G1_BYTES, readG1, readG2 } from "../../../prover/src/proof/points.ts";
import { ProofError } from "../../../prover/src/proof/proof-error.ts";
import { expectError } from "../support/expect-error.ts";
import { tinyCircuit } from "./support/tiny-proof.ts";

describe("Key sets", () => {
  let circuit: CompiledCircuit<AccuracyInstance>;
  let keys: KeySet;
  let source: string;
  const copies: string[] = [];

  const copy = () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), "zkpot-test-keys-"));
    cpSync(source, directory, { recursive: true });
    copies.push(directory);
    return directory;
  };
  const failure = async (directory: string): Promise<ProofError> => {
    const error: unknown = await loadKeySet(circuit.instance, directory).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(ProofError);
    return error as ProofError;
  };

  before(async () => {
    ({ circuit, keys } = await tinyCircuit());
    source = path.dirname(keys.provingKeyFile);
  });
  after(() => copies.forEach((directory) => rmSync(directory, { recursive: true })));

  it("hold IC points for exactly the public signals, and sigma-multiples for the committed block only", async () => {
    const layout = accuracyLayout(circuit.instance);
    const { icBytes, publicCount } = await readZkeyHeader(keys.provingKeyFile);
    expect(publicCount).to.equal(publicSignalCount(layout));
    const { commitmentKey } = keys;
    expect(commitmentKey.ic).to.have.length(1 + 3 + 2);
    expect(commitmentKey.datasetBases.length / G1_BYTES).to.equal(blockSize(layout.dataset));
    expect(commitmentKey.committedBases.length / G1_BYTES).to.equal(blockSize(layout.committed));
    expect(commitmentKey.knowledgeBases.length).to.equal(commitmentKey.committedBases.length);
    expect(icBytes.length / G1_BYTES).to.equal(1 + publicCount);
  });

  it("pair every committed point with its sigma-multiple", () => {
    const { committedBases, knowledgeBases, sigma2 } = keys.commitmentKey;
    const { Fp2, Fp12 } = bn254.fields;
    const sigma = bn254.G2.Point.fromAffine({
      x: Fp2.fromBigTuple([...sigma2.x]),
      y: Fp2.fromBigTuple([...sigma2.y]),
    });
    const last = committedBases.length - G1_BYTES;
    for (const offset of [0, last]) {
      const [base, multiple] = [committedBases, knowledgeBases].map((points) =>
        bn254.G1.Point.fromAffine(readG1(points, offset)),
      );
      const product = bn254.pairingBatch([
        { g1: base!.negate(), g2: sigma },
        { g1: multiple!, g2: bn254.G2.Point.BASE },
      ]);
      expect(Fp12.eql(product, Fp12.ONE)).to.equal(true);
    }
  });

  it("mark development keys in the zkey, the manifest and the verifying key", async () => {
    const { sections } = await readBinaryFile(keys.provingKeyFile, "zkey");
    expect(sections.get(10)!.toString("latin1")).to.include("INSECURE");
    expect(keys.manifest).to.include({ kind: "development", contributions: 0 });
    expect(decodeVerifyingKey(keys.manifest.verifyingKey).contributions).to.equal(0);
  });

  it("never give delta or sigma the value of gamma", async () => {
    const { delta2, gamma2 } = await readZkeyHeader(keys.provingKeyFile);
    const base = bn254.G2.Point.BASE.toAffine();
    expect(gamma2).to.deep.equal({ x: [base.x.c0, base.x.c1], y: [base.y.c0, base.y.c1] });
    expect(delta2).to.not.deep.equal(gamma2);
    expect(keys.commitmentKey.sigma2).to.not.deep.equal(gamma2);
  });

  it("are kept when intact, and made anew after damage", async () => {
    const directory = copy();
    const kept = await makeDevelopmentKeys(circuit, directory);
    expect(kept.keyId).to.equal(keys.keyId);
    truncateSync(path.join(directory, KEY_FILES.commitment), 1000);
    const renewed = await makeDevelopmentKeys(circuit, directory);
    expect(renewed.keyId).to.not.equal(keys.keyId);
    expect((await loadKeySet(circuit.instance, directory)).keyId).to.equal(renewed.keyId);
  });

  it("are refused by name after any of 100 damages", async () => {
    const random = new SeededRandom("damage", "keys");
    const directory = copy();
    for (let round = 0; round < 100; round++) {
      const name = [KEY_FILES.proving, KEY_FILES.commitment][round % 2]!;
      const file = path.join(directory, name);
      const intact = readFileSync(file);
      const damaged = Buffer.from(intact);
      const position = random.nextInteger(damaged.length);
      damaged[position] = damaged[position]! ^ (1 << random.nextInteger(8));
      writeFileSync(file, damaged);
      const error = await failure(directory);
      expect(error.code).to.equal("keys.damaged");
      expect(error.message).to.include(file);
      writeFileSync(file, intact);
    }
    await loadKeySet(circuit.instance, directory);
  });

  it("are refused when a file is missing or cut, or the manifest was edited", async () => {
    const missing = copy();
    rmSync(path.join(missing, KEY_FILES.proving));
    expect((await failure(missing)).code).to.equal("keys.damaged");
    rmSync(path.join(missing, KEY_FILES.manifest));
    expect((await failure(missing)).code).to.equal("keys.missing");

    const cut = copy();
    const file = path.join(cut, KEY_FILES.proving);
    truncateSync(file, statSync(file).size - 1);
    expect((await failure(cut)).code).to.equal("keys.damaged");

    const edited = copy();
    const manifestFile = path.join(edited, KEY_FILES.manifest);
    const text = readFileSync(manifestFile, "utf8");
    for (const [from, to] of [
      ['"contributions": 0', '"contributions": 5'],
      ['"kind": "development"', '"kind": "ceremony"'],
      [keys.keyId, `0x${"ab".repeat(32)}`],
      [keys.manifest.provingKeySha256, "0".repeat(64)],
    ] as const) {
      writeFileSync(manifestFile, text.replace(from, to));
      expect((await failure(edited)).code, from).to.equal("keys.damaged");
    }
    for (const broken of ["", "{", "{}", text.replace("zkpot.key-set.v1", "other")]) {
      writeFileSync(manifestFile, broken);
      expect((await failure(edited)).code, broken.slice(0, 20)).to.equal("keys.format");
    }
  });

  it("are refused for an instance with other parameters", async () => {
    const other = { ...circuit.instance, slotBits: circuit.instance.slotBits + 1 };
    const error: unknown = await loadKeySet(other, source).catch((cause: unknown) => cause);
    expect(error).to.include({ code: "keys.instance" });
  });

  it("have no public signal without an IC point", async () => {
    const { icBytes } = await readZkeyHeader(keys.provingKeyFile);
    const layout = accuracyLayout(circuit.instance);
    const dead = Buffer.from(icBytes);
    dead.fill(0, 10 * G1_BYTES, 11 * G1_BYTES);
    await expectError(() => splitIc(dead, layout), "keys.dead-signal", /signal 10 has no IC point/);
    await expectError(() => splitIc(icBytes.subarray(G1_BYTES), layout), "keys.layout", /IC points/);
  });

  it("name a verifying key by the hash of its encoding", async () => {
    const { verifyingKey, keyId } = await readManifest(source);
    const key = decodeVerifyingKey(verifyingKey);
    expect(encodeVerifyingKey(key)).to.equal(verifyingKey);
    expect(keyIdOf(verifyingKey as `0x${string}`)).to.equal(keyId);
    expect(statementSize(key)).to.equal(3);
    await expectError(() => decodeVerifyingKey(verifyingKey.slice(0, -64)), "keys.encoding", /bytes/);
    await expectError(() => decodeVerifyingKey("0x"), "keys.encoding", /0 bytes/);
  });
});

describe("FixedBaseMultiplier", () => {
  const scalars = [0n, 1n, 2n, 63n, 64n, 8191n, 8192n, 2n ** 128n + 7n, bn254.fields.Fr.ORDER - 1n];

  for (const [size, expectedScalars] of [
    ["small", 10],
    ["large", 100_000],
  ] as const) {
    it(`multiplies both generators with ${size} tables`, async () => {
      const multiplier = await FixedBaseMultiplier.start(expectedScalars, 1);
      try {
        const [g1, g2] = [await multiplier.multiply("G1", scalars), await multiplier.multiply("G2", scalars)];
        scalars.forEach((scalar, index) => {
          const zero = scalar === 0n;
          const p = zero ? { x: 0n, y: 0n } : bn254.G1.Point.BASE.multiply(scalar).toAffine();
          expect(readG1(g1, index * 64), `G1 ${scalar}`).to.deep.equal({ x: p.x, y: p.y });
          const q = zero ? undefined : bn254.G2.Point.BASE.multiply(scalar).toAffine();
          expect(readG2(g2, index * 128), `G2 ${scalar}`).to.deep.equal(
            q ? { x: [q.x.c0, q.x.c1], y: [q.y.c0, q.y.c1] } : { x: [0n, 0n], y: [0n, 0n] },
          );
        });
      } finally {
        await multiplier.close();
      }
    });
  }
});
