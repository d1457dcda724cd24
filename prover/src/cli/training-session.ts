import type { Command } from "commander";

import type { TrainingProvers } from "../audit/answer-challenge.ts";
import type { RunFolder } from "../audit/run-folder.ts";
import type { AuditPlace } from "../audit/stages.ts";
import type { RunSession } from "../audit/verifiable-run.ts";
import type { Audit } from "../chain/audits.ts";
import type { TaskTraining } from "../task/task-document.ts";
import { note } from "./output.ts";
import { openSignSession, type SignSession } from "./session.ts";
import type { AccountOptions, NetworkOptions } from "./shared-options.ts";
import type { CheckedTask } from "./task-session.ts";
import { type TaskKeyFlags, withTaskKeyOptions } from "./task-options.ts";

/** Options of commands that work on a run for a task with training proof. */
export interface TrainingFlags extends TaskKeyFlags {
  readonly initKeys?: string;
  readonly stepKeys?: string;
}

/** Adds where the keys of a task's circuits lie. */
export function withTrainingOptions(command: Command): Command {
  return withTaskKeyOptions(command)
    .option(
      "--init-keys <folder>",
      "keys of the initialisation circuit (default: their place below build/keys)",
    )
    .option("--step-keys <folder>", "keys of the step circuit (default: their place below build/keys)");
}

/** A task with training proof whose published files match the chain, and this account's run for it. */
export interface TrainingSession {
  readonly session: SignSession;
  readonly checked: CheckedTask;
  readonly audit: Audit;
  readonly training: TaskTraining;
  readonly provers: TrainingProvers;
  readonly folder: RunFolder;
  readonly place: AuditPlace;
  readonly run: RunSession;
}

/** Opens chain, account, task and audit, and compares everything published before anything is staked. */
export async function openTrainingSession(
  options: NetworkOptions & AccountOptions & TrainingFlags,
  taskId: bigint,
  signal: AbortSignal,
): Promise<TrainingSession> {
  const { openAudit } = await import("../chain/audits.ts");
  const { checkAuditContract, checkTraining, checkTrainingKeys } = await import("../task/check-training.ts");
  const { openCheckedTask } = await import("./task-session.ts");
  const { openCircuit, openKeys } = await import("./artifacts.ts");
  const { RunFolder } = await import("../audit/run-folder.ts");
  const session = await openSignSession(options);
  const { connection, contracts, config, sender, address } = session;
  const audit = await openAudit(connection, contracts, taskId);
  checkAuditContract(taskId, audit.address, contracts.addresses.trainingAudit);
  const checked = await openCheckedTask(session, taskId, options);
  const training = checkTraining(taskId, audit.terms, checked.files.document);
  const provers: TrainingProvers = {
    init: {
      circuit: await openCircuit(training.init),
      keys: await openKeys(training.init, options.initKeys),
    },
    step: {
      circuit: await openCircuit(training.step),
      keys: await openKeys(training.step, options.stepKeys),
    },
  };
  checkTrainingKeys(training.initKeyId, provers.init.keys, provers.init.circuit);
  checkTrainingKeys(training.stepKeyId, provers.step.keys, provers.step.circuit);
  const market = contracts.addresses.taskMarket;
  const place = { chainId: connection.chainId, market, taskId, prover: address };
  const folder = new RunFolder(config.folder, place);
  const run: RunSession = {
    ...{ sender, contracts, audit, folder, signal },
    rule: training.step.rule,
    onProgress: note,
    onEpoch: ({ epoch, loss, accuracy }) => {
      note(`epoch ${epoch}: loss ${loss.toFixed(4)}, accuracy ${(accuracy * 100).toFixed(2)} %`);
    },
  };
  return { session, checked, audit, training, provers, folder, place, run };
}
