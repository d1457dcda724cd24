import { execFileSync } from "node:child_process";
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import { refusePrivate } from "../../../prover/src/artifacts/private-file.ts";
import { quickKeystore } from "../../support/zkpot.ts";
import { expectError } from "../support/expect-error.ts";

const SOURCES = path.join(import.meta.dirname, "..", "..", "..", "prover", "src");
const KEY = `0x${"ab".repeat(32)}`;

describe("refusePrivate", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-private-"));
    file = path.join(folder, "file");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Writes a file that everybody may read. */
  function write(content: string | Uint8Array): void {
    writeFileSync(file, content);
    chmodSync(file, 0o644);
  }

  it("refuses a file that only its owner may read", async () => {
    write("anything");
    await refusePrivate(file);
    for (const [mode, shown] of [
      [0o600, "0600"],
      [0o400, "0400"],
      [0o700, "0700"],
    ] as const) {
      chmodSync(file, mode);
      await expectError(async () => await refusePrivate(file), "artifact.private", new RegExp(`mode ${shown}`));
    }
  });

  it("refuses exactly the kinds of documents that are declared secret, and those it does not know", async () => {
    const secret = new Map<string, boolean>([["zkpot.unheard-of", true]]);
    for (const name of globSync("**/*.ts", { cwd: SOURCES })) {
      const text = readFileSync(path.join(SOURCES, name), "utf8");
      const kinds = text.matchAll(/format: "(zkpot\.[\w.-]+)",\s*version: \d+,\s*isSecret: (true|false)/g);
      for (const [, format, isSecret] of kinds) secret.set(format!, isSecret === "true");
    }
    expect(secret.size).to.be.at.least(11);
    for (const [format, isSecret] of secret) {
      const content = "x".repeat(20_000);
      const asSaved = { format, version: 1, digest: "0x", content };
      const sorted = { content, digest: "0x", format, version: 1 };
      for (const text of [JSON.stringify(asSaved), JSON.stringify(sorted, null, 2)]) {
        write(text);
        if (isSecret) {
          await expectError(
            async () => await refusePrivate(file),
            "artifact.private",
            new RegExp(`it is a ${format} file`),
          );
        } else {
          await refusePrivate(file);
        }
      }
    }
  });

  it("refuses keys, encrypted or not", async () => {
    const keys: readonly (readonly [string, RegExp])[] = [
      [JSON.stringify(await quickKeystore(KEY, "password")), /it is a keystore/],
      [KEY, /it holds a private key/],
      [`${KEY.slice(2).toUpperCase()}\n`, /it holds a private key/],
      [`ETH_RPC_URL=http://127.0.0.1:8545\nPRIVATE_KEY=${KEY}\n`, /it holds a private key/],
      ["-----BEGIN EC PRIVATE KEY-----\nMHc", /it holds a private key/],
      ["-----BEGIN PRIVATE KEY-----\nMHc", /it holds a private key/],
    ];
    for (const [text, message] of keys) {
      write(text);
      await expectError(async () => await refusePrivate(file), "artifact.private", message);
    }
  });

  it("lets everything else through, whatever its size", async () => {
    for (const content of ["", "x,y\n1,2\n", `${KEY}\n${KEY}\n`, new Uint8Array(100_000), "{"]) {
      write(content);
      await refusePrivate(file);
    }
  });

  it("never shows what the file holds", async () => {
    write(KEY);
    const error = await expectError(async () => await refusePrivate(file), "artifact.private", /private/);
    expect(error.message + JSON.stringify(error.details)).not.to.include("abab");
  });

  it("refuses what is no file, a pipe without waiting for it", async () => {
    await expectError(async () => await refusePrivate(file), "artifact.unreadable", /no such file/);
    await expectError(async () => await refusePrivate(folder), "artifact.unreadable", /no regular file/);
    execFileSync("mkfifo", [file]);
    await expectError(async () => await refusePrivate(file), "artifact.unreadable", /no regular file/);
  });
});
