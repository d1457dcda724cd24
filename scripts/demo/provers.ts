import { ZeroAddress } from "ethers";

import { depositStake } from "../../prover/src/chain/stake.ts";
import { type ChainPoint, commitModel, readTask } from "../../prover/src/chain/tasks.ts";
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

/** What a prover needs beside its model: all of it public. */
export interface OpenTask {
  readonly taskId: bigint;
  readonly data: DemoData;
  readonly material: PublicMaterial;
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

/** Recomputes the task's data point from the published test set before anything is staked, and returns it. */
export async function checkOffer(stage: Stage, party: AccountParty, open: OpenTask): Promise<ChainPoint> {
  const { taskId, data, material } = open;
  const { result } = await stage.story.act(
    party,
    "checking the task against its published files",
    async () => {
      const task = await readTask(stage.contracts, taskId);
      const { agreed } = await checkTask(task, data.files, material.keys, material.circuit);
      return { agreed, dataPoint: task.dataPoints[0]! };
    },
    ({ agreed }) => ({ text: `checks the task: ${agreed.length} published values agree with the chain` }),
  );
  return result.dataPoint;
}

/** What a proof about the test set, which is a single shard, is made from. */
export function shardInput(
  { data, material }: OpenTask,
  dataPoint: ChainPoint,
  opening: CommitmentOpening,
  model: IntegerModel,
  correct: number,
): ShardProvingInput {
  const { circuit, keys } = material;
  return { shard: 0, data: openShards(data.files)[0]!, dataPoint, circuit, keys, opening, model, correct };
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

/** Commits to a model with a fresh salt; the opening stays in memory. */
export async function commitTo(
  stage: Stage,
  party: AccountParty,
  open: OpenTask,
  { file }: PreparedModel,
  salt: bigint,
): Promise<CommitmentOpening> {
  const opening: CommitmentOpening = {
    chainId: stage.connection.chainId,
    market: stage.contracts.addresses.taskMarket,
    taskId: open.taskId,
    prover: stage.address(party),
    modelCommitment: modelCommitment(file.quantized.model, salt),
    salt,
    modelDigest: modelDigest(file),
  };
  await stage.transact(
    party,
    "commit to the model",
    (sender) => commitModel(sender, stage.contracts, open.taskId, opening.modelCommitment),
    `commits to the model: ${short(opening.modelCommitment)}; the stake is locked`,
  );
  return opening;
}

/** Proves a count for the whole test set, once. */
export async function proveCount(
  stage: Stage,
  party: AccountParty,
  open: OpenTask,
  dataPoint: ChainPoint,
  opening: CommitmentOpening,
  { file }: Pick<PreparedModel, "file">,
  correct: number,
): Promise<TimedProof> {
  const starts: { name: ProvingStep; at: number }[] = [];
  const { sampleCount } = open.data.files.document;
  const { result, seconds } = await stage.story.act(
    party,
    "computing every activation and margin",
    (progress) =>
      proveShard(shardInput(open, dataPoint, opening, file.quantized.model, correct), (name) => {
        starts.push({ name, at: stage.story.seconds() });
        progress(STEP_NAMES[name]);
      }),
    () => ({
      text: `proves ${correct} of ${sampleCount} correct: one Groth16 proof over the whole test set`,
    }),
  );
  const end = stage.story.seconds();
  const steps = starts.map(({ name, at }, index) => ({
    name,
    seconds: (starts[index + 1]?.at ?? end) - at,
  }));
  return { bundle: result, steps, seconds };
}
