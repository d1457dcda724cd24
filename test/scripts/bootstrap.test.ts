import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

const ROOT = path.join(import.meta.dirname, "..", "..");

/** A bare copy of what the bootstrap reads, with an npm that does what a test wants. */
class BareClone {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-bare-"));
  readonly #binaries = path.join(this.folder, "binaries");

  constructor() {
    for (const file of ["scripts/bootstrap.mjs", "package.json", "package-lock.json"]) {
      mkdirSync(path.dirname(path.join(this.folder, file)), { recursive: true });
      copyFileSync(path.join(ROOT, file), path.join(this.folder, file));
    }
    writeFileSync(
      path.join(this.folder, "scripts/hello.ts"),
      "const text: string = 'hello';\nconsole.log(text, process.argv[2]);\n",
    );
    mkdirSync(this.#binaries);
  }

  /** Makes `npm` a shell script. */
  npm(script: string): void {
    const file = path.join(this.#binaries, "npm");
    writeFileSync(
      file,
      `#!/bin/sh\n[ "$1" = --version ] && echo 11.0.0 && exit 0\necho "$@" >> npm-calls\n${script}\n`,
    );
    chmodSync(file, 0o755);
  }

  /** Runs the bootstrap with no other programs in PATH than npm and the shell's own. */
  run(...parameters: string[]): { code: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(this.folder, "scripts/bootstrap.mjs"), ...parameters],
      { cwd: this.folder, encoding: "utf8", env: { PATH: this.#binaries, HOME: this.folder } },
    );
    return { code: status, stdout, stderr };
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe("bootstrap", () => {
  let clone: BareClone;

  beforeEach(() => {
    clone = new BareClone();
  });

  afterEach(() => {
    clone.remove();
  });

  it("installs once, then runs the script with its arguments", () => {
    clone.npm(": install");
    const first = clone.run("scripts/hello.ts", "world");
    expect(first.stdout, first.stderr).to.equal("hello world\n");
    expect(first.stderr).to.include("[set-up] installing the packages");
    const second = clone.run("scripts/hello.ts", "again");
    expect(second).to.deep.equal({ code: 0, stdout: "hello again\n", stderr: "" });
  });

  it("installs again when the lock file changes", () => {
    clone.npm(": install");
    clone.run("scripts/hello.ts");
    writeFileSync(clone.file("package-lock.json"), "{}");
    expect(clone.run("scripts/hello.ts").stderr).to.include("installing the packages");
  });

  it("installs again after an installation that failed", () => {
    clone.npm("exit 1");
    expect(clone.run("scripts/hello.ts").code).to.equal(1);
    clone.npm(": install");
    expect(clone.run("scripts/hello.ts", "x").stdout).to.equal("hello x\n");
  });

  it("leaves no lock behind when the installation fails", () => {
    clone.npm("exit 1");
    clone.run("scripts/hello.ts");
    expect(existsSync(clone.file(".install-lock"))).to.equal(false);
  });

  it("passes the exit code on", () => {
    clone.npm(": install");
    writeFileSync(clone.file("scripts/fail.ts"), "process.exit(7);\n");
    expect(clone.run("scripts/fail.ts").code).to.equal(7);
  });

  const failures: readonly (readonly [string, string, string])[] = [
    ["no network", "npm error code ENOTFOUND", "the package registry cannot be reached"],
    ["a refused connection", "npm error code ECONNREFUSED", "the package registry cannot be reached"],
    ["a full disk", "npm error code ENOSPC", "the disk is full"],
    ["a read-only folder", "npm error code EACCES", "a file or folder cannot be written"],
    ["a damaged package", "npm error code EINTEGRITY", "a downloaded package does not match the lock file"],
    ["a stale lock file", "npm error code EUSAGE", "package-lock.json does not match package.json"],
    ["anything else", "npm error something new", "npm failed with status 9"],
  ];
  for (const [what, message, explanation] of failures) {
    it(`explains ${what}`, () => {
      clone.npm(`echo "${message}" >&2; exit 9`);
      const { code, stderr } = clone.run("scripts/hello.ts");
      expect(code).to.equal(1);
      expect(stderr).to.include(message);
      expect(stderr).to.include(`[set-up] ${explanation}`);
      expect(stderr).to.match(/^\[set-up\] next: /m);
    });
  }

  it("explains that npm is missing", () => {
    const { code, stderr } = clone.run("scripts/hello.ts");
    expect(code).to.equal(1);
    expect(stderr).to.include("[set-up] npm was not found");
  });

  it("explains that nothing was named", () => {
    const { code, stderr } = clone.run();
    expect(code).to.equal(1);
    expect(stderr).to.include("[set-up] nothing to run was named");
  });
});
