import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";
import { Wallet } from "ethers";

import { decodeDocument, type DocumentKind, encodeDocument } from "../../../prover/src/data/document.ts";
import { GLOBAL_MODEL } from "../../../prover/src/federation/global-model.ts";
import { MASKED_VECTOR } from "../../../prover/src/federation/masked-vector.ts";
import { deriveMemberSecrets } from "../../../prover/src/federation/member-key.ts";
import { RoundFolder } from "../../../prover/src/federation/round-folder.ts";
import {
  AVERAGE,
  GLOBAL_SCORE,
  LOCAL_MODEL,
  LOCAL_SCORE,
  MASKED_MODEL,
} from "../../../prover/src/federation/round-stages.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { defaultArchitecture } from "../../../prover/src/model/architecture.ts";
import { g1, g2 } from "../../contracts/support/trapdoor-key.ts";
import { errorOf } from "../../support/error-of.ts";
import { expectError } from "../support/expect-error.ts";
import { watchSyncs } from "../support/watch-syncs.ts";

const PLACE = {
  chainId: 31337n,
  address: "0x00000000000000000000000000000000000000ff",
  federationId: 4n,
  round: 3n,
};
const ACCOUNT = "0x00000000000000000000000000000000000000aa";
const LARGE = 2n ** 253n;
const MODEL: IntegerModel = {
  architecture: defaultArchitecture([2, 2]),
  layers: [{ weights: Int32Array.of(301, -302, 303, -304), biases: Int32Array.of(5, -6) }],
};
const LOCAL = { model: MODEL, salt: LARGE, factor: 3, correct: 17 };
const PROOF = { a: g1(2n), b: g2(3n), c: g1(4n), blockCommitment: g1(5n), blockKnowledge: g1(6n) };
const SCORE = { counts: [1, 2], nullifier: LARGE, proofs: [PROOF, PROOF] };

describe("RoundFolder", () => {
  let root: string;
  let key: Uint8Array;
  let folder: RoundFolder;
  beforeEach(async () => {
    root = mkdtempSync(path.join(os.tmpdir(), "zkpot-round-"));
    ({ folderKey: key } = await deriveMemberSecrets(new Wallet(`0x${"1".repeat(64)}`), PLACE));
    folder = new RoundFolder(root, PLACE, ACCOUNT, key);
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it("gives back what was saved last, and nothing before", async () => {
    expect(await folder.load("local-model", LOCAL_MODEL)).to.equal(undefined);
    await folder.save("local-model", LOCAL_MODEL, { ...LOCAL, factor: 1 });
    await folder.save("local-model", LOCAL_MODEL, LOCAL);
    const again = new RoundFolder(root, PLACE, ACCOUNT.toLowerCase(), key);
    expect(await again.load("local-model", LOCAL_MODEL)).to.deep.equal(LOCAL);
    expect(readdirSync(folder.folder)).to.deep.equal(["local-model.sealed"]);
  });

  it("keeps the first of what several processes save", async () => {
    const factors = [1, 2, 3, 4, 5];
    const saved = factors.map(async (factor) => {
      const other = new RoundFolder(root, PLACE, ACCOUNT, key);
      await other.saveFirst("local-model", LOCAL_MODEL, { ...LOCAL, factor });
      return (await other.load("local-model", LOCAL_MODEL))!.factor;
    });
    const [first] = await Promise.all(saved);
    expect(factors).to.include(first);
    expect(await Promise.all(saved)).to.deep.equal(factors.map(() => first));
    expect(readdirSync(folder.folder)).to.deep.equal(["local-model.sealed"]);
  });

  it("is readable by its owner alone, and holds nothing in clear", async () => {
    await folder.save("local-model", LOCAL_MODEL, LOCAL);
    const file = folder.fileOf("local-model");
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(statSync(folder.folder).mode & 0o777).to.equal(0o700);
    const text = readFileSync(file, "latin1");
    for (const secret of ["301", "weights", "salt", String(LARGE), "zkpot.local-model"]) {
      expect(text).to.not.include(secret);
    }
    const first = readFileSync(file);
    await folder.save("local-model", LOCAL_MODEL, LOCAL);
    expect(readFileSync(file).equals(first), "the same bytes twice").to.equal(false);
  });

  it("refuses files that are damaged anywhere, cut off or empty", async () => {
    await folder.save("local-model", LOCAL_MODEL, LOCAL);
    const file = folder.fileOf("local-model");
    const bytes = readFileSync(file);
    const damaged = [Buffer.alloc(0), bytes.subarray(0, 40), bytes.subarray(0, -1), Buffer.from("{}")];
    for (const position of [0, 21, 22, 33, 34, 49, 50, bytes.length - 1]) {
      const flipped = Buffer.from(bytes);
      flipped[position]! ^= 1;
      damaged.push(flipped);
    }
    for (const content of damaged) {
      writeFileSync(file, content);
      await expectError(
        () => folder.load("local-model", LOCAL_MODEL),
        "federation.folder-damaged",
        /local-model\.sealed cannot be decrypted/,
      );
    }
  });

  it("refuses the files of other accounts, rounds, federations and stages", async () => {
    await folder.save("mask-1", LOCAL_MODEL, LOCAL);
    const bytes = readFileSync(folder.fileOf("mask-1"));
    const other = new Uint8Array(key);
    other[0]! ^= 1;
    const elsewhere = [
      new RoundFolder(root, PLACE, ACCOUNT, other),
      new RoundFolder(root, { ...PLACE, round: 4n }, ACCOUNT, key),
      new RoundFolder(root, { ...PLACE, federationId: 5n }, ACCOUNT, key),
      new RoundFolder(root, PLACE, PLACE.address, key),
    ];
    for (const foreign of elsewhere) {
      await foreign.save("mask-1", LOCAL_MODEL, LOCAL);
      writeFileSync(foreign.fileOf("mask-1"), bytes);
      await expectError(() => foreign.load("mask-1", LOCAL_MODEL), "federation.folder-damaged", /mask-1/);
    }
    writeFileSync(folder.fileOf("mask-1"), bytes);
    writeFileSync(folder.fileOf("mask-2"), bytes);
    await expectError(() => folder.load("mask-2", LOCAL_MODEL), "federation.folder-damaged", /mask-2/);
    expect(await folder.load("mask-1", LOCAL_MODEL)).to.deep.equal(LOCAL);
  });

  it("forgets earlier rounds but for their global models, and nothing else", async () => {
    const at = (round: bigint, account = ACCOUNT): RoundFolder =>
      new RoundFolder(root, { ...PLACE, round }, account, key);
    const other = at(1n, PLACE.address);
    for (const kept of [at(1n), at(2n), at(10n), folder, other]) {
      await kept.save("local-model", LOCAL_MODEL, LOCAL);
      await kept.save("global-model", GLOBAL_MODEL, MODEL);
    }
    await folder.forgetEarlier();
    for (const earlier of [at(1n), at(2n)]) {
      expect(readdirSync(earlier.folder)).to.deep.equal(["global-model.sealed"]);
    }
    for (const kept of [at(10n), folder, other]) {
      expect(await kept.load("local-model", LOCAL_MODEL)).to.deep.equal(LOCAL);
    }
  });

  it("has the first model on disk, with its name, before anybody is told of it", async () => {
    const file = folder.fileOf("local-model");
    for (let attempt = 0; attempt < 2; attempt++) {
      const seen = await watchSyncs(
        () => folder.saveFirst("local-model", LOCAL_MODEL, LOCAL),
        (isSynced) => isSynced(folder.folder) && existsSync(file),
      );
      expect(seen.at(-1)).to.equal(true);
    }
    expect(readdirSync(folder.folder)).to.deep.equal(["local-model.sealed"]);
  });

  const advice: readonly (readonly [string, RegExp])[] = [
    ["EPERM", /another file system/],
    ["ENOTSUP", /another file system/],
    ["ENOSPC", /^Make room/],
    ["EDQUOT", /^Make room/],
    ["EACCES", /may write to/],
    ["EROFS", /may write to/],
  ];
  for (const [code, nextStep] of advice) {
    it(`says what helps against ${code}`, async () => {
      const { link } = fs;
      fs.link = async () => await Promise.reject(Object.assign(new Error(code), { code }));
      syncBuiltinESMExports();
      try {
        const error = await errorOf(folder.saveFirst("local-model", LOCAL_MODEL, LOCAL));
        expect(error.code).to.equal("federation.folder-not-written");
        expect(error.message).to.match(new RegExp(`cannot write .*local-model.sealed: ${code}$`));
        expect(error.nextStep).to.match(nextStep).and.match(/\.$/);
        expect(readdirSync(folder.folder)).to.deep.equal([]);
      } finally {
        fs.link = link;
        syncBuiltinESMExports();
      }
    });
  }

  it("refuses what cannot be read or written", async () => {
    writeFileSync(path.join(root, "file"), "");
    const blocked = new RoundFolder(path.join(root, "file"), PLACE, ACCOUNT, key);
    await expectError(
      () => blocked.save("average", LOCAL_MODEL, LOCAL),
      "federation.folder-not-written",
      /cannot write .*average\.sealed/,
    );
    await expectError(
      () => blocked.load("average", LOCAL_MODEL),
      "federation.folder-unreadable",
      /cannot read .*ENOTDIR/,
    );
  });
});

describe("the stages of a round", () => {
  it("survive being saved", () => {
    const vector = [0n, LARGE, 3n];
    const digests = { rosterDigest: LARGE, vectorDigest: 8n };
    const survives = <Value, Content>(kind: DocumentKind<Value, Content>, value: Value): void => {
      expect(decodeDocument(kind, encodeDocument(kind, value))).to.deep.equal(value);
    };
    survives(LOCAL_MODEL, LOCAL);
    survives(LOCAL_SCORE, SCORE);
    survives(GLOBAL_SCORE, { globalCommitment: LARGE, score: SCORE });
    survives(MASKED_MODEL, {
      ...{
        ...digests,
        vector,
        proof: PROOF,
        masking: 2,
        peers: [0, 2, 3],
        uri: "ipfs://cid",
        isPublished: true,
      },
    });
    survives(AVERAGE, { model: MODEL, globalCommitment: 9n, proof: PROOF, masking: 1, uri: "ipfs://cid" });
    survives(MASKED_VECTOR, vector);
    const kinds = [LOCAL_MODEL, LOCAL_SCORE, GLOBAL_SCORE, MASKED_MODEL, AVERAGE, MASKED_VECTOR];
    expect(kinds.map(({ isSecret }) => isSecret)).to.deep.equal([true, true, true, true, true, false]);
  });
});
