import path from "node:path";

import type { Command } from "commander";

import type { Transcript } from "../../proof/keys/transcript.ts";
import { handle } from "../command.ts";
import { reportKeys } from "../key-report.ts";
import { note, type Report } from "../output.ts";
import { type CommonOptions, withCommonOptions } from "../shared-options.ts";
import { parseInteger } from "../units.ts";
import { UsageError } from "../usage-error.ts";

interface CeremonyOptions extends CommonOptions {
  readonly keys: string;
  readonly ptau: string;
  readonly name: string;
  readonly beacon: string;
  readonly iterations: string;
}

/** The commands of a key ceremony: new, contribute, beacon, verify. */
export function registerCeremony(keys: Command): void {
  registerNew(keys);
  registerContribute(keys);
  registerBeacon(keys);
  registerVerify(keys);
}

function registerNew(keys: Command): void {
  const command = withFolder(
    keys
      .command("new")
      .argument("<instance>", "circuit instance: id in circuits.json, or file of a planned one")
      .description("start a ceremony from a public powers-of-tau file, in a new folder"),
  ).requiredOption("--ptau <file>", "powers of tau, prepared for phase 2");
  handle<CeremonyOptions, [string]>(command, async ({ options }, name) => {
    const { startCeremony } = await import("../../proof/keys/ceremony.ts");
    const { findInstance, openCircuit } = await import("../artifacts.ts");
    const circuit = await openCircuit(await findInstance(name));
    const folder = path.resolve(options.keys);
    note(`starting phase 2 of ${circuit.instance.id}: minutes for large circuits`);
    const transcript = await startCeremony(circuit, path.resolve(options.ptau), folder);
    return await reportCeremony(
      transcript,
      folder,
      "hand the folder to the first contributor: `zkpot keys contribute`",
    );
  });
}

function registerContribute(keys: Command): void {
  const command = withFolder(
    keys.command("contribute").description("add a secret of this machine to a ceremony, and forget it"),
  ).requiredOption("--name <name>", "who contributes; published in the transcript");
  handle<CeremonyOptions, []>(command, async ({ options }) => {
    const { contribute } = await import("../../proof/keys/ceremony.ts");
    const folder = path.resolve(options.keys);
    note("contributing: minutes for large circuits");
    const transcript = await contribute(folder, contributorName(options.name));
    return await reportCeremony(
      transcript,
      folder,
      "hand the folder to the next contributor, or end the ceremony with `zkpot keys beacon`",
    );
  });
}

function registerBeacon(keys: Command): void {
  const command = withFolder(
    keys
      .command("beacon")
      .argument("<instance>", "circuit instance: id in circuits.json, or file of a planned one")
      .description("end a ceremony with public randomness, and seal the keys"),
  )
    .requiredOption(
      "--beacon <hex>",
      "randomness nobody could foresee, e.g. the hash of a block named before",
    )
    .option("--iterations <exponent>", "the beacon is hashed 2^exponent times", "10")
    .option("--name <name>", "what the beacon is; published in the transcript", "beacon");
  handle<CeremonyOptions, [string]>(command, async ({ options }, name) => {
    const iterationsExponent = parseInteger(options.iterations, "--iterations", 10, 40);
    const beaconHash = options.beacon.replace(/^0x/, "").toLowerCase();
    if (!/^([0-9a-f]{2}){8,64}$/.test(beaconHash)) {
      throw new UsageError(
        "cli.invalid-value",
        `--beacon: "${options.beacon}" is not 8 to 64 bytes in hexadecimal`,
        "Write e.g. the hash of a block.",
        { option: "--beacon", value: options.beacon },
      );
    }
    const { applyBeacon } = await import("../../proof/keys/ceremony.ts");
    const { findInstance, openCircuit } = await import("../artifacts.ts");
    const circuit = await openCircuit(await findInstance(name));
    const folder = path.resolve(options.keys);
    note("applying the beacon: minutes for large circuits");
    const beacon = { beaconHash, iterationsExponent };
    return reportKeys(await applyBeacon(circuit, folder, contributorName(options.name), beacon), folder);
  });
}

function registerVerify(keys: Command): void {
  const command = withFolder(
    keys
      .command("verify")
      .argument("<instance>", "circuit instance: id in circuits.json, or file of a planned one")
      .description("verify a finished ceremony from its transcript, files and powers of tau"),
  ).requiredOption("--ptau <file>", "powers of tau that the ceremony started from");
  handle<CeremonyOptions, [string]>(command, async ({ options }, name) => {
    const { verifyCeremony } = await import("../../proof/keys/ceremony.ts");
    const { findInstance, openCircuit } = await import("../artifacts.ts");
    const circuit = await openCircuit(await findInstance(name));
    const folder = path.resolve(options.keys);
    note("verifying the ceremony: minutes for large circuits");
    const keySet = await verifyCeremony(circuit, path.resolve(options.ptau), folder);
    const { data, text } = reportKeys(keySet, folder);
    return { data: { verified: true, ...data }, text: `the ceremony is sound\n${text}` };
  });
}

function withFolder(command: Command): Command {
  return withCommonOptions(command).requiredOption("--keys <folder>", "folder of the ceremony");
}

function contributorName(text: string): string {
  if (text.trim() !== "" && text.length <= 100) return text;
  throw new UsageError("cli.invalid-value", "--name: write 1 to 100 characters", "Write who contributes.", {
    option: "--name",
  });
}

async function reportCeremony(transcript: Transcript, folder: string, next: string): Promise<Report> {
  const { facts } = await import("../text.ts");
  const { instanceId, powersOfTauSha256, contributions } = transcript;
  return {
    data: {
      folder,
      instanceId,
      powersOfTauSha256,
      contributions: contributions.map(({ kind, name }) => ({ kind, name })),
    },
    text: facts([
      ["instance", instanceId],
      ["folder", folder],
      ["contributions", contributions.map(({ name }) => name).join(", ") || "none yet"],
      ["next", next],
    ]),
  };
}
