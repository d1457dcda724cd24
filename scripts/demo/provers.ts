import { ZeroAddress } from "ethers";

import { depositStake } from "../../prover/src/chain/stake.ts";
import { type ChainPoint, commitModel, readTask, type TaskRecord } from "../../prover/src/chain/tasks.ts";
import { modelCommitment } from "../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import type { ProofBundle } from "../../prover/src/proof/bundle.ts";
import type { ProvingStep } from "../../prover/src/proof/prove.ts";
import { checkTask } from "../../prover/src/task/check-task.ts";
import { type CommitmentOpening, modelDigest } from "../../prover/src/task/commitment-opening.ts";
import { proveShard, type ShardProvingInput } from "../../prover/src/task/prove-shard.ts";
import { openShards } from "../../prover/src/task/task-files.ts";
import type { PreparedModel } from "./models.ts";
import type { PublicMaterial } from "./public-material.ts";
import type { AccountParty, Stage } from "./stage.ts";
import { type DemoData, ether, short, STAKE_WEI } from "./task.ts";

/** A task with what everybody knows of it. */
export interface OfferedTask {
  readonly taskId: bigint;
  readonly data: Pick<DemoData, "files">;
  readonly material: PublicMaterial;
}

/** A task on a public test set with its data. */
export interface OpenTask extends OfferedTask {
  readonly data: DemoData;
}

/** A count to prove of one shard of a test set. */
export interface ShardClaim {
  readonly shard: number;
  /** The shard's point as the market stores it. */
  readonly dataPoint: ChainPoint;
  readonly correct: number;
}

/** A finished proof with the seconds its steps took. */
export interface TimedProof {
  readonly bundle: ProofBundle;
  readonly steps: readonly { readonly name: ProvingStep; readonly seconds: number }[];
  readonly seconds: number;
}

const STEP_NAMES: Readonly<Record<ProvingStep, string>> = {
  commit: "committing to weights, activations and margins",
  witness: "solving the circuit",
  prove: "making the Groth16 proof",
  verify: "verifying it before it leaves",
};

/**
 * Compares the task with its published files before anything is staked, its data points recomputed from a test set that is
 * public; returns it as the market stores it.
 */
export async function checkOffer(
  stage: Stage,
  party: AccountParty,
  offered: OfferedTask,
): Promise<TaskRecord> {
  const { taskId, data, material } = offered;
  const { result } = await stage.story.act(
    party,
    "checking the task against its published files",
    async () => {
      const task = await readTask(stage.contracts, taskId);
      return { task, check: await checkTask(task, data.files, material.keys, material.circuit) };
    },
    ({ check: { agreed, open } }) => ({
      text: `checks the task: ${agreed.length} published values agree with the chain${open.length === 0 ? "" : `, ${open.length} must wait for the reveal`}`,
    }),
  );
  return result.task;
}

/** The claim for a test set that is a single shard. */
export function wholeTestSet([dataPoint]: readonly ChainPoint[], correct: number): ShardClaim {
  return { shard: 0, dataPoint: dataPoint!, correct };
}

/** What a proof about a shard is made from. */
export function shardInput(
  { data, material }: OfferedTask,
  claim: ShardClaim,
  opening: CommitmentOpening,
  model: IntegerModel,
): ShardProvingInput {
  const { circuit, keys } = material;
  return { ...claim, data: openShards(data.files)[claim.shard]!, circuit, keys, opening, model };
}

/** Deposits the stake a task asks for and lets the market lock it. */
export async function stakeFor(stage: Stage, party: AccountParty): Promise<void> {
  await stage.transact(
    party,
    "deposit stake",
    (sender) => depositStake(sender, stage.contracts, ZeroAddress, STAKE_WEI, STAKE_WEI),
    `deposits ${ether(STAKE_WEI)} of stake`,
  );
}

/** Commits to a model with a fresh salt; the opening stays in memory. `pledge` says what answers for it. */
export async function commitTo(
  stage: Stage,
  party: AccountParty,
  { taskId }: Pick<OfferedTask, "taskId">,
  { file }: Pick<PreparedModel, "file">,
  salt: bigint,
  pledge = "the stake is locked",
): Promise<CommitmentOpening> {
  const opening: CommitmentOpening = {
    chainId: stage.connection.chainId,
    market: stage.contracts.addresses.taskMarket,
    taskId,
    prover: stage.address(party),
    modelCommitment: modelCommitment(file.quantized.model, salt),
    salt,
    modelDigest: modelDigest(file),
  };
  await stage.transact(
    party,
    "commit to the model",
    (sender) => commitModel(sender, stage.contracts, taskId, opening.modelCommitment),
    `commits to the model: ${short(opening.modelCommitment)}; ${pledge}`,
  );
  return opening;
}

/** Proves a count of a shard, once. */
export async function proveCount(
  stage: Stage,
  party: AccountParty,
  offered: OfferedTask,
  claim: ShardClaim,
  opening: CommitmentOpening,
  { file }: Pick<PreparedModel, "file">,
): Promise<TimedProof> {
  const starts: { name: ProvingStep; at: number }[] = [];
  const { shards } = offered.data.files.document.testSet;
  const { shard, correct } = claim;
  const { result, seconds } = await stage.story.act(
    party,
    "computing every activation and margin",
    (progress) =>
      proveShard(shardInput(offered, claim, opening, file.quantized.model), (name) => {
        starts.push({ name, at: stage.story.seconds() });
        progress(STEP_NAMES[name]);
      }),
    () => ({
      text: `proves ${correct} of ${shards[shard]!.sampleCount} correct: one Groth16 proof over ${shards.length === 1 ? "the whole test set" : `shard ${shard + 1} of ${shards.length}`}`,
    }),
  );
  const end = stage.story.seconds();
  const steps = starts.map(({ name, at }, index) => ({
    name,
    seconds: (starts[index + 1]?.at ?? end) - at,
  }));
  return { bundle: result, steps, seconds };
}
