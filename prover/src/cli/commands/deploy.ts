import type { Command } from "commander";

import type { KeySet } from "../../proof/keys/key-set.ts";
import { parseAddress } from "../addresses.ts";
import { handle } from "../command.ts";
import { note } from "../output.ts";
import { openSender, openSettings } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { parseDuration, parseInteger } from "../units.ts";

interface DeployOptions extends NetworkOptions, AccountOptions {
  readonly allowDevelopmentKeys?: boolean;
  readonly minContributions: string;
  readonly unbonding: string;
  readonly timelock: string;
  readonly admin?: string;
  readonly reset?: boolean;
  readonly register?: string;
}

/** `zkpot deploy`: the contracts on any network of the configuration. */
export function registerDeploy(program: Command): void {
  const command = withAccountOptions(
    program.command("deploy").description("deploy registry, vault and market to a network"),
  )
    .option(
      "--allow-development-keys",
      "let the registry accept development keys (local chains only; the default there)",
    )
    .option("--no-allow-development-keys", "refuse development keys on a local chain too")
    .option("--min-contributions <count>", "phase-2 contributions a key must declare", "3")
    .option("--unbonding <duration>", "delay before unbonded stake is paid out, e.g. 7d", "7d")
    .option("--timelock <duration>", "delay of everything the market's owner does, e.g. 2d", "2d")
    .option("--admin <address>", "account that proposes to the timelock (default: the one that deploys)")
    .option("--reset", "forget an earlier deployment to a local chain that was started anew");
  command.option(
    "--register <instances>",
    "instances whose keys are registered too, separated by commas; all for those of circuits.json",
  );
  handle<DeployOptions, []>(command, async ({ options }) => {
    const minContributions = parseInteger(options.minContributions, "--min-contributions", 1, 1_000);
    const unbondingSeconds = parseDuration(options.unbonding, "--unbonding");
    const timelockSeconds = parseDuration(options.timelock, "--timelock");
    const namedAdmin = options.admin === undefined ? undefined : await parseAddress(options.admin, "--admin");
    const { config, profile } = openSettings(options);
    const { connect } = await import("../../chain/connect.ts");
    const { deployContracts, forgetDeployment } = await import("../../chain/deploy.ts");
    const { facts } = await import("../text.ts");
    const connection = await connect(profile);
    const keys = options.register === undefined ? [] : await openAllKeys(options.register);
    const sender = await openSender(connection, config, options);
    const { wallet } = sender;
    const terms = {
      allowDevelopmentKeys: options.allowDevelopmentKeys ?? profile.isLocal,
      minContributions,
      unbondingSeconds,
      timelockSeconds,
      admin: namedAdmin ?? wallet.address,
    };
    if (options.reset === true) forgetDeployment(connection, config.folder);
    note(`deploying to ${profile.name} (chain ${profile.chainId}) from ${wallet.address}`);
    const addresses = await deployContracts(connection, wallet, config.folder, terms);
    const registered: string[] = [];
    if (keys.length > 0) {
      const { openContracts } = await import("../../chain/contracts.ts");
      const { registerKey } = await import("../../chain/registry.ts");
      const contracts = await openContracts(connection, config.folder);
      for (const { keyId, manifest } of keys) {
        await registerKey(sender, contracts, { ...manifest, keyId });
        registered.push(keyId);
      }
    }
    return {
      data: { network: profile.name, chainId: profile.chainId, addresses, ...terms, registered },
      text: facts([
        ["network", `${profile.name} (chain ${profile.chainId})`],
        ["circuit registry", addresses.circuitRegistry],
        ["stake vault", addresses.stakeVault],
        ["task market", addresses.taskMarket],
        ...(
          [
            ["training audit", addresses.trainingAudit],
            ["task auction", addresses.taskAuction],
            ["task draw", addresses.taskDraw],
            ["committee draw", addresses.committeeDraw],
            ["test set seal", addresses.testSetSeal],
            ["federated rounds", addresses.federatedRounds],
          ] as const
        ).flatMap(([name, address]) => (address === undefined ? [] : [[name, address] as const])),
        ["development keys", terms.allowDevelopmentKeys ? "accepted (local chain)" : "refused"],
        ...registered.map((keyId) => ["registered key", keyId] as const),
      ]),
    };
  });
}

/** The key sets of some instances, all files hashed; before anything is deployed. */
async function openAllKeys(names: string): Promise<KeySet[]> {
  const { findInstance, listInstances, openKeys } = await import("../artifacts.ts");
  const instances =
    names === "all" ? await listInstances() : await Promise.all(names.split(",").map(findInstance));
  return await Promise.all(instances.map((instance) => openKeys(instance, undefined)));
}
