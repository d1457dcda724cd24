import path from "node:path";

import type { Command } from "commander";

import { handle } from "../command.ts";
import { note } from "../output.ts";
import { openSignSession } from "../session.ts";
import {
  type AccountOptions,
  type CommonOptions,
  type NetworkOptions,
  withAccountOptions,
  withCommonOptions,
} from "../shared-options.ts";
import { registerCeremony } from "./keys-ceremony.ts";
import { keyKind, reportKeys } from "../key-report.ts";
import { transactionFacts } from "../transaction-facts.ts";

interface KeyFolderOptions extends CommonOptions {
  readonly keys?: string;
}

/** `zkpot keys`: proving and verifying keys of circuits. */
export function registerKeys(program: Command): void {
  const keys = program.command("keys").description("make, verify, show and register the keys of a circuit");
  registerDevelopment(keys);
  registerShow(keys);
  registerRegister(keys);
  registerCeremony(keys);
}

function registerDevelopment(keys: Command): void {
  const command = withCommonOptions(
    keys
      .command("dev")
      .argument("<instance>", "circuit instance: id in circuits.json, or file of a planned one")
      .description("make development keys in seconds: INSECURE, accepted on local chains only"),
  ).option("--keys <folder>", "where the keys are written (default: its place below build/keys)");
  handle<KeyFolderOptions, [string]>(command, async ({ options }, name) => {
    const { makeDevelopmentKeys } = await import("../../proof/keys/development.ts");
    const { findInstance, keyDirectory, openCircuit } = await import("../artifacts.ts");
    const instance = await findInstance(name);
    const folder = path.resolve(options.keys ?? (await keyDirectory(instance)));
    const circuit = await openCircuit(instance);
    return reportKeys(await makeDevelopmentKeys(circuit, folder, note), folder);
  });
}

function registerShow(keys: Command): void {
  const command = withCommonOptions(
    keys
      .command("show")
      .argument("<instance>", "circuit instance: id in circuits.json, or file of a planned one")
      .description("hash all files of a key set and show what it is"),
  ).option("--keys <folder>", "where the keys lie (default: its place below build/keys)");
  handle<KeyFolderOptions, [string]>(command, async ({ options }, name) => {
    const { findInstance, keyDirectory, openKeys } = await import("../artifacts.ts");
    const instance = await findInstance(name);
    const keySet = await openKeys(instance, options.keys);
    return reportKeys(keySet, path.resolve(options.keys ?? (await keyDirectory(instance))));
  });
}

function registerRegister(keys: Command): void {
  const command = withAccountOptions(
    keys
      .command("register")
      .argument("<instance>", "circuit instance: id in circuits.json, or file of a planned one")
      .description("add the verifying key to the registry of a network"),
  ).option("--keys <folder>", "where the keys lie (default: its place below build/keys)");
  handle<KeyFolderOptions & NetworkOptions & AccountOptions, [string]>(command, async ({ options }, name) => {
    const { findInstance, openKeys } = await import("../artifacts.ts");
    const { findKey, registerKey } = await import("../../chain/registry.ts");
    const { facts } = await import("../text.ts");
    const { keyId, manifest } = await openKeys(await findInstance(name), options.keys);
    const { contracts, sender, profile } = await openSignSession(options);
    const transaction = await registerKey(sender, contracts, { ...manifest, keyId });
    const registered = await findKey(contracts, keyId);
    return {
      data: {
        ...registered,
        network: profile.name,
        transaction: transaction === undefined ? undefined : transactionFacts(transaction),
      },
      text: facts([
        ["key", keyId],
        ["instance", manifest.instanceId],
        ["kind", keyKind(manifest.contributions)],
        ["registry", transaction === undefined ? "had it before" : `added it in ${transaction.hash}`],
      ]),
    };
  });
}
