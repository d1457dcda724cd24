import type { Command } from "commander";

import type { ProofBundle } from "../../proof/bundle.ts";
import { handle } from "../command.ts";
import { openConfig, openReadSession } from "../session.ts";
import { type ArtifactOptions, type NetworkOptions, withNetworkOptions } from "../shared-options.ts";
import { parseTaskId } from "../units.ts";

interface VerifyOptions extends NetworkOptions {
  readonly task?: string;
}

/** `zkpot verify`: checks a proof bundle on this machine, and against its task with --task. */
export function registerVerify(program: Command): void {
  const command = withNetworkOptions(
    program
      .command("verify")
      .argument("<bundle>", "proof bundle of `zkpot prove`: its file, or ipfs://<CID>")
      .description("verify a proof bundle here; exit code 0 only for a valid proof"),
  ).option("--task <task id>", "compare it with what the market stored about this task, too");
  handle<VerifyOptions, [string]>(command, async ({ options }, source) => {
    const taskId = options.task === undefined ? undefined : parseTaskId(options.task);
    const { verifyBundle } = await import("../../proof/bundle.ts");
    const { ProofError } = await import("../../proof/proof-error.ts");
    const { decodeVerifyingKey } = await import("../../proof/keys/verifying-key.ts");
    const { facts } = await import("../text.ts");
    const bundle = await readBundle(source, options);
    if (!verifyBundle(bundle)) {
      throw new ProofError(
        "proof.invalid",
        `the proof in ${source} does not hold for its statement`,
        "Do not accept it; its maker can prove again.",
        { source, keyId: bundle.keyId },
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
    const { place, shard, keyId, instanceId, context, modelCommitment, correct } = bundle;
    const { contributions } = decodeVerifyingKey(bundle.verifyingKey);
    return {
      data: {
        valid: true,
        comparedWithTask: taskId,
        place,
        shard,
        instanceId,
        keyId,
        contributions,
        context,
        modelCommitment,
        correct,
      },
      text: facts([
        ["valid", `the committed model classifies at least ${correct} samples of shard ${shard} correctly`],
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

/** A bundle from a file, or from the artifacts. */
async function readBundle(source: string, options: ArtifactOptions): Promise<ProofBundle> {
  const { PROOF_BUNDLE } = await import("../../proof/bundle.ts");
  const { isArtifactUri } = await import("../../artifacts/artifact-uri.ts");
  if (isArtifactUri(source)) {
    const { openDocuments } = await import("../artifact-documents.ts");
    const { read } = await openDocuments({ config: openConfig(options) });
    return await read(source, PROOF_BUNDLE);
  }
  const { loadDocument } = await import("../../data/document.ts");
  return await loadDocument(source, PROOF_BUNDLE);
}
