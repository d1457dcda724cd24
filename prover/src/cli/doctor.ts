import { existsSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

import { WORKSPACE } from "../chain/abis.ts";
import { ProverError } from "../errors.ts";
import type { NetworkOptions } from "./shared-options.ts";
import { megabytes } from "./text.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  /** `bad` stops some command from working, `note` makes one slower or is not set up yet. */
  readonly status: "good" | "note" | "bad";
  readonly found: string;
  /** What to do about it; null when nothing is. */
  readonly nextStep: string | null;
}

/** Proving the largest packaged circuit takes 1.5 GB at most; the rest is for the system. */
const NEEDED_MEMORY_BYTES = 2e9;
/** Keys and circuits of the packaged instances, with room for one ceremony key of the same size. */
const NEEDED_DISK_BYTES = 1e9;
const NEEDED_CORES = 2;

const require = createRequire(import.meta.url);

/** Looks at everything; never throws for what it finds. */
export async function diagnose(options: NetworkOptions): Promise<readonly Finding[]> {
  return [
    ...machineFindings(),
    ...packageFindings(),
    contractFinding(),
    ...(await keyFindings()),
    ...(await networkFindings(options)),
  ];
}

function machineFindings(): Finding[] {
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  const isNew = major > 22 || (major === 22 && minor >= 18);
  const free = os.freemem();
  const { bavail, bsize } = statfsSync(WORKSPACE);
  const disk = bavail * bsize;
  const cores = os.availableParallelism();
  return [
    finding("Node", isNew, process.versions.node, "Install Node 24, or run `npm run setup`."),
    finding(
      "memory",
      free >= NEEDED_MEMORY_BYTES,
      `${megabytes(free)} free`,
      "Close other programs before proving; 2 GB are needed.",
    ),
    finding("disk", disk >= NEEDED_DISK_BYTES, `${megabytes(disk)} free`, "Free 1 GB for circuits and keys."),
    finding("cores", cores >= NEEDED_CORES, String(cores), "Nothing is wrong; proving takes longer.", "note"),
  ];
}

function packageFindings(): Finding[] {
  const install = "Run `npm run setup` in the zkpot folder.";
  const needed = [
    "circom2",
    "circomlib",
    "snarkjs",
    "ethers",
    "@tensorflow/tfjs",
    "@tensorflow/tfjs-backend-wasm",
  ];
  const findings = needed.map((name) => {
    const version = packageVersion(name);
    return finding(name, version !== undefined, version ?? "not installed", install);
  });
  const native = packageVersion("@tensorflow/tfjs-node");
  findings.push(
    finding(
      "@tensorflow/tfjs-node",
      native !== undefined,
      native ?? "not installed: training uses WebAssembly",
      "Nothing is wrong; it is optional and does not install everywhere.",
      "note",
    ),
  );
  const anvil = packageVersion("@foundry-rs/anvil");
  findings.push(finding("anvil", anvil !== undefined, anvil ?? "not installed", install, "note"));
  return findings;
}

function contractFinding(): Finding {
  const compiled = existsSync(path.join(WORKSPACE, "artifacts/contracts/TaskMarket.sol/TaskMarket.json"));
  return finding(
    "contracts",
    compiled,
    compiled ? "compiled" : "not compiled",
    "Run `npm run setup` in the zkpot folder.",
  );
}

async function keyFindings(): Promise<Finding[]> {
  const { listInstances, keyDirectory } = await import("./artifacts.ts");
  const { loadKeySet } = await import("../proof/keys/key-set.ts");
  const findings: Finding[] = [];
  for (const instance of await listInstances()) {
    const check = `keys of ${instance.id}`;
    try {
      const { manifest } = await loadKeySet(instance, await keyDirectory(instance));
      findings.push(
        finding(check, true, `${manifest.kind}, ${manifest.keyId.slice(0, 18)}…, files intact`, ""),
      );
    } catch (error) {
      const { code, message, nextStep } = asProverError(error);
      findings.push(finding(check, false, message, nextStep, code === "keys.missing" ? "note" : "bad"));
    }
  }
  return findings;
}

async function networkFindings(options: NetworkOptions): Promise<Finding[]> {
  const { openSettings } = await import("./session.ts");
  const { connect } = await import("../chain/connect.ts");
  const { redactUrl } = await import("../chain/redact-url.ts");
  const { openContracts } = await import("../chain/contracts.ts");
  const findings: Finding[] = [];
  const look = async <Result>(
    check: string,
    work: () => Promise<[Result, string]>,
  ): Promise<Result | undefined> => {
    try {
      const [result, found] = await work();
      findings.push(finding(check, true, found, ""));
      return result;
    } catch (error) {
      const { code, message, nextStep } = asProverError(error);
      findings.push(finding(check, false, message, nextStep, code === "config.missing" ? "note" : "bad"));
      return undefined;
    }
  };
  const settings = await look("configuration", () => {
    const opened = openSettings(options);
    return Promise.resolve([opened, `network ${opened.profile.name}`]);
  });
  if (settings === undefined) return findings;
  const connection = await look("Ethereum node", async () => {
    const opened = await connect(settings.profile);
    return [opened, `${redactUrl(settings.profile.rpcUrl)}, chain ${opened.chainId}`];
  });
  if (connection === undefined) return findings;
  await look("deployment", async () => {
    const { addresses } = await openContracts(connection, settings.config.folder);
    return [addresses, `market ${addresses.taskMarket}`];
  });
  return findings;
}

function finding(
  check: string,
  isGood: boolean,
  found: string,
  nextStep: string,
  otherwise: "note" | "bad" = "bad",
): Finding {
  return { check, status: isGood ? "good" : otherwise, found, nextStep: isGood ? null : nextStep };
}

function packageVersion(name: string): string | undefined {
  const folder = (require.resolve.paths(name) ?? []).find((candidate) =>
    existsSync(path.join(candidate, name, "package.json")),
  );
  if (folder === undefined) return undefined;
  return (require(path.join(folder, name, "package.json")) as { version: string }).version;
}

function asProverError(error: unknown): ProverError {
  if (error instanceof ProverError) return error;
  throw error;
}
