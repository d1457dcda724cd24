import type { Command } from "commander";

import { handle } from "../command.ts";
import { openReadSession } from "../session.ts";
import { type NetworkOptions, withNetworkOptions } from "../shared-options.ts";
import { parseTaskId } from "../units.ts";

interface VerifyOptions extends NetworkOptions {
  readonly task?: string;
}

/** `zkpot verify`: checks a proof bundle on this machine, and against its task with --task. */
export function registerVerify(program: Command): void {
  const command = withNetworkOptions(
    program
      .command("verify")
      .argument("<bundle>", "proof bundle of `zkpot prove`")
      .description("verify a proof bundle here; exit code 0 only for a valid proof"),
  ).option("--task <task id>", "compare it with what the market stored about this task, too");
  handle<VerifyOptions, [string]>(command, async ({ options }, file) => {
    const taskId = options.task === undefined ? undefined : parseTaskId(options.task);
    const { loadDocument } = await import("../../data/document.ts");
    const { PROOF_BUNDLE, verifyBundle } = await import("../../proof/bundle.ts");
    const { ProofError } = await import("../../proof/proof-error.ts");
    const { decodeVerifyingKey } = await import("../../proof/keys/verifying-key.ts");
    const { facts } = await import("../text.ts");
    const bundle = await loadDocument(file, PROOF_BUNDLE);
    if (!verifyBundle(bundle)) {
      throw new ProofError(
        "proof.invalid",
        `the proof in ${file} does not hold for its statement`,
        "Do not accept it; its maker can prove again.",
        { file, keyId: bundle.keyId },
      );
    }
    if (taskId !== undefined) {
      const { contracts, connection } = await openReadSession(options);
      const { readSubmission, readTask } = await import("../../chain/tasks.ts");
      const { checkBundle } = await import("../../task/check-bundle.ts");
      checkBundle(bundle, {
        chainId: connection.chainId,
        market: contracts.addresses.taskMarket,
        task: await readTask(contracts, taskId),
        submission: await readSubmission(contracts, taskId, bundle.place.prover),
      });
    }
    const { place, keyId, instanceId, context, modelCommitment, correct } = bundle;
    const { contributions } = decodeVerifyingKey(bundle.verifyingKey);
    return {
      data: {
        valid: true,
        comparedWithTask: taskId,
        place,
        instanceId,
        keyId,
        contributions,
        context,
        modelCommitment,
        correct,
      },
      text: facts([
        ["valid", `the committed model classifies at least ${correct} samples correctly`],
        ["for", `task ${place.taskId} of ${place.market} on chain ${place.chainId}`],
        ["prover", place.prover],
        ["model commitment", `0x${modelCommitment.toString(16)}`],
        [
          "key",
          `${keyId} (${contributions === 0 ? "development: proves nothing to others" : `${contributions} contributions`})`,
        ],
        [
          "compared with",
          taskId === undefined ? "nothing but itself; add --task" : `task ${taskId} as the market stored it`,
        ],
      ]),
    };
  });
}
