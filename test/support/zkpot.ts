import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { encryptKeystoreJson, Wallet } from "ethers";

const ROOT = path.join(import.meta.dirname, "..", "..");
const LAUNCHER = path.join(ROOT, "prover", "bin", "zkpot.js");

/** What a run of the command left behind. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The shape of every failure with --json. */
export interface Failure {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly nextStep: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
}

/** A keystore that opens quickly, as geth and cast write it. */
export async function quickKeystore(privateKey: string, password: string): Promise<object> {
  const { address } = new Wallet(privateKey);
  const text = await encryptKeystoreJson({ address, privateKey }, password, {
    scrypt: { N: 1024, r: 8, p: 1 },
    progressCallback: () => undefined,
  });
  const { Crypto: crypto, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return { ...rest, crypto };
}

/** A folder of its own in which the real command is run, with an environment of its own. */
export class Workspace {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-cli-"));
  readonly environment: Record<string, string>;

  constructor(environment: Record<string, string> = {}) {
    this.environment = environment;
  }

  /** Runs the command to its end. */
  async run(...parameters: string[]): Promise<Run> {
    return await this.start(...parameters).finished;
  }

  /** Runs the command with --json and parses the one document on stdout; fails when the command does. */
  async json<Result>(...parameters: string[]): Promise<Result> {
    const { code, stdout, stderr } = await this.run(...parameters, "--json");
    if (code !== 0) throw new Error(`zkpot ${parameters.join(" ")} ended with ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as Result;
  }

  /** Runs the command with --json, expects it to fail, and returns the error and exit code. */
  async failure(...parameters: string[]): Promise<Failure["error"] & { readonly exitCode: number | null }> {
    const { code, stdout, stderr } = await this.run(...parameters, "--json");
    if (code === 0) throw new Error(`zkpot ${parameters.join(" ")} succeeded: ${stdout}${stderr}`);
    return { ...(JSON.parse(stdout) as Failure).error, exitCode: code };
  }

  /** Starts the command without waiting. */
  start(...parameters: string[]): { readonly child: ChildProcess; readonly finished: Promise<Run> } {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(ETH_|ZKPOT_|PRIVATE_KEY)/.test(name)),
    );
    const child = spawn(process.execPath, [LAUNCHER, ...parameters], {
      cwd: this.folder,
      env: { ...inherited, HOME: this.folder, NO_COLOR: "1", ...this.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const finished = new Promise<Run>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    });
    return { child, finished };
  }

  /** The path of a file in the folder. */
  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** Writes a file into the folder; objects as JSON. */
  write(name: string, content: string | object): string {
    const file = this.file(name);
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  }

  /** Writes a configuration for one network at `rpcUrl`; `more` are entries beside the networks. */
  configure(rpcUrl: string, network: Record<string, unknown> = {}, more: Record<string, unknown> = {}): void {
    this.write("zkpot.config.json", {
      version: 1,
      network: "localhost",
      networks: { localhost: { rpcUrl, chainId: 31337, ...network } },
      ...more,
    });
  }

  /** Gets all artifacts of another folder, as if fetched from where they were published. */
  fetchArtifacts(from: Workspace): void {
    const folder = path.join(".zkpot", "artifacts");
    cpSync(from.file(folder), this.file(folder), { recursive: true });
  }

  /** Reads and writes the artifacts of another folder, as through a node that all use. */
  shareArtifacts(of: Workspace): void {
    const folder = path.join(".zkpot", "artifacts");
    mkdirSync(this.file(".zkpot"), { recursive: true });
    symlinkSync(of.file(folder), this.file(folder));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
