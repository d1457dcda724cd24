/**
 * The way into every command of the workspace: makes sure the packages are installed, then runs what was
 * asked for under the Node of the workspace. Needs nothing but Node ≥ 20 and npm, so it works on a bare clone.
 *
 *   node scripts/bootstrap.mjs <scripts/name.ts | command of node_modules/.bin> [arguments]
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === "win32";

/** The scripts are TypeScript that Node runs directly: unflagged from this version on. */
const RUN_NODE = [22, 18];
/** Hardhat 3 and its native module install from this version on. */
const INSTALL_NODE = [22, 13];
const OLDEST_HOST_NODE = [20, 0];
/** What an installed tree takes (0.9 GB), with as much again for the package cache. */
const INSTALL_BYTES = 2_000_000_000;
const LOCK_WAIT_SECONDS = 900;

const modules = path.join(root, "node_modules");
const stampFile = path.join(modules, ".zkpot-install");
const workspaceNode = path.join(modules, "node", "bin", windows ? "node.exe" : "node");

class BootstrapError extends Error {
  /** @param {string} message @param {string} nextStep */
  constructor(message, nextStep) {
    super(message);
    this.nextStep = nextStep;
  }
}

/** @param {string} line */
const say = (line) => process.stderr.write(`[set-up] ${line}\n`);

/** @param {string} text @returns {number[]} */
const versionOf = (text) => text.replace(/^v/, "").split(".").map(Number);

/** @param {number[]} version @param {number[]} least */
function atLeast(version, least) {
  for (let i = 0; i < least.length; i++) {
    if (version[i] !== least[i]) return version[i] > least[i];
  }
  return true;
}

/** What an installation depends on: the lock file, which install scripts may run, the platform. */
function installFingerprint() {
  const { allowScripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .update(JSON.stringify([allowScripts, process.platform, process.arch]))
    .digest("hex");
}

function isInstalled(fingerprint) {
  try {
    return readFileSync(stampFile, "utf8") === fingerprint;
  } catch {
    return false;
  }
}

function nodeVersion(executable) {
  const answer = spawnSync(executable, ["--version"], { encoding: "utf8" });
  return answer.status === 0 ? versionOf(answer.stdout.trim()) : undefined;
}

/** The Node everything is run with: the workspace's own, else the host's if it is new enough. */
function runtimeNode() {
  const own = existsSync(workspaceNode) ? nodeVersion(workspaceNode) : undefined;
  if (own !== undefined && atLeast(own, RUN_NODE)) return workspaceNode;
  if (atLeast(versionOf(process.versions.node), RUN_NODE)) return process.execPath;
  throw new BootstrapError(
    `the package "node" did not install its program (${path.relative(root, workspaceNode)}), and this Node ` +
      `(${process.version}) is older than ${RUN_NODE.join(".")}`,
    "install Node 24 and run the command again, or delete node_modules to try the installation again",
  );
}

/** How to start npm: the one that started us, else the one in PATH. */
function npmCommand() {
  const started = process.env.npm_execpath;
  if (started !== undefined && /npm-cli\.c?js$/.test(started) && existsSync(started)) {
    return { command: process.execPath, prefix: [started], shell: false };
  }
  const found = spawnSync("npm", ["--version"], { encoding: "utf8", shell: windows });
  if (found.status !== 0) {
    throw new BootstrapError(
      "npm was not found",
      "install Node 24 together with npm (https://nodejs.org) and run the command again",
    );
  }
  return { command: "npm", prefix: [], shell: windows };
}

/** Known reasons of a failed installation, by what npm prints. */
const INSTALL_FAILURES = [
  [
    /ENOSPC|no space left/i,
    "the disk is full",
    "free 2 GB on the disks of this folder and of npm's cache, then run the command again",
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED/,
    "the package registry cannot be reached",
    "check the network (or npm's proxy and registry settings), then run the command again",
  ],
  [
    /EACCES|EPERM|EROFS/,
    "a file or folder cannot be written",
    "make this folder and npm's cache writable for you, then run the command again",
  ],
  [
    /EINTEGRITY/,
    "a downloaded package does not match the lock file",
    "run `npm cache verify`, then run the command again",
  ],
  [
    /EUSAGE|package-lock\.json.*in sync/i,
    "package-lock.json does not match package.json",
    "run `npm install` to update the lock file, then run the command again",
  ],
];

function checkDisk() {
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  if (free < INSTALL_BYTES) {
    throw new BootstrapError(
      `${(free / 1e9).toFixed(1)} GB are free on this disk; the packages need ${INSTALL_BYTES / 1e9} GB`,
      "free some space and run the command again",
    );
  }
}

async function install(fingerprint) {
  const host = versionOf(process.versions.node);
  checkDisk();
  const npm = npmCommand();
  const { node: pinnedNode } = JSON.parse(
    readFileSync(path.join(root, "package.json"), "utf8"),
  ).optionalDependencies;
  const direct = atLeast(host, INSTALL_NODE);
  const options = ["--loglevel=error", "--no-update-notifier", "--fetch-retry-maxtimeout=10000"];
  const ci = ["ci", "--no-audit", "--no-fund", ...options];
  const npmArguments = direct
    ? ci
    : ["exec", "--yes", ...options, `--package=node@${pinnedNode}`, "--", "npm", ...ci];
  say(
    direct
      ? `installing the packages of package-lock.json with Node ${process.versions.node}`
      : `installing the packages of package-lock.json with Node ${pinnedNode} (this host has ${process.versions.node})`,
  );
  rmSync(stampFile, { force: true });

  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const ticker = setInterval(() => say(`still installing, ${seconds()} s`), 15_000);
  let output = "";
  const status = await new Promise((resolve) => {
    const child = spawn(npm.command, [...npm.prefix, ...npmArguments], {
      cwd: root,
      shell: npm.shell,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => (output = (output + chunk).slice(-200_000)));
    }
    child.on("error", (error) => {
      output += String(error);
      resolve(1);
    });
    child.on("close", (code) => resolve(code ?? 1));
  });
  clearInterval(ticker);
  if (status !== 0) {
    const lines = output.trimEnd().split("\n").slice(-25);
    process.stderr.write(`${lines.join("\n")}\n`);
    const known = INSTALL_FAILURES.find(([pattern]) => pattern.test(output));
    throw new BootstrapError(
      known === undefined ? `npm failed with status ${status}` : known[1],
      known === undefined ? "see npm's messages above, then run the command again" : known[2],
    );
  }
  mkdirSync(modules, { recursive: true });
  writeFileSync(stampFile, fingerprint);
  say(`packages installed in ${seconds()} s`);
}

/** Runs `work` while no other process installs into the same tree. */
async function withInstallLock(work) {
  const lock = path.join(root, ".install-lock");
  const deadline = Date.now() + LOCK_WAIT_SECONDS * 1000;
  let announced = false;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const ageSeconds = (Date.now() - statSync(lock, { throwIfNoEntry: false })?.mtimeMs) / 1000;
      if (ageSeconds > LOCK_WAIT_SECONDS || Date.now() > deadline) {
        rmSync(lock, { recursive: true, force: true });
        continue;
      }
      if (!announced) say("waiting for another installation in this folder");
      announced = true;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  const release = () => {
    try {
      rmdirSync(lock);
    } catch {
      // Already gone.
    }
  };
  const interrupted = () => {
    release();
    process.exit(130);
  };
  process.on("SIGINT", interrupted);
  process.on("SIGTERM", interrupted);
  try {
    return await work();
  } finally {
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
    release();
  }
}

/** Starts the wanted script or command and passes its exit code and our signals on. */
async function run(target, targetArguments) {
  const node = runtimeNode();
  const file = target.endsWith(".ts")
    ? path.join(root, target)
    : realpathSync(path.join(modules, ".bin", target));
  const binaries = [path.dirname(node), path.join(modules, ".bin")];
  const child = spawn(node, [file, ...targetArguments], {
    stdio: "inherit",
    // Scripts work on the whole tree, wherever npm was started.
    cwd: root,
    env: { ...process.env, PATH: [...binaries, process.env.PATH ?? ""].join(path.delimiter) },
  });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  // A terminal interrupts the child itself; a second signal would make it give up its clean end.
  process.on("SIGINT", () => {
    if (!process.stdin.isTTY) child.kill("SIGINT");
  });
  return await new Promise((resolve) => {
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

async function main() {
  const [target, ...targetArguments] = process.argv.slice(2);
  const host = versionOf(process.versions.node);
  if (!atLeast(host, OLDEST_HOST_NODE)) {
    throw new BootstrapError(
      `this is Node ${process.versions.node}; the set-up needs Node ${OLDEST_HOST_NODE[0]} or newer`,
      "install Node 24 (https://nodejs.org) and run the command again",
    );
  }
  if (target === undefined) {
    throw new BootstrapError("nothing to run was named", "use the scripts of package.json: `npm run`");
  }
  const fingerprint = installFingerprint();
  if (!isInstalled(fingerprint)) {
    await withInstallLock(async () => {
      if (!isInstalled(fingerprint)) await install(fingerprint);
    });
  }
  return await run(target, targetArguments);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error;
  process.stderr.write(`[set-up] ${error.message}\n[set-up] next: ${error.nextStep}\n`);
  process.exitCode = 1;
}
