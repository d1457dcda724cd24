import path from "node:path";

import type { RunSecrets } from "../audit/run-folder.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import type { IntegerModelFile } from "../quantization/integer-model-document.ts";
import { note, type Report } from "./output.ts";
import type { AccountOptions, NetworkOptions } from "./shared-options.ts";
import type { SampleFlags } from "./training-data.ts";
import { openTrainingSession, type TrainingFlags, type TrainingSession } from "./training-session.ts";
import { parseTaskId } from "./units.ts";

/** Options of `zkpot train --verifiable`. */
export interface VerifiableFlags extends NetworkOptions, AccountOptions, SampleFlags, TrainingFlags {
  readonly verifiable: string;
  readonly out: string;
  readonly evenIfBelow?: boolean;
}

/**
 * `zkpot train --verifiable`: registers the batches, waits for the seed, trains by the task's rule, saves every
 * checkpoint, commits to model and trace. Whatever an earlier call did is not done again.
 */
export async function trainVerifiablyForTask(flags: VerifiableFlags, signal: AbortSignal): Promise<Report> {
  const taskId = parseTaskId(flags.verifiable);
  const { commitRun, openSeed, trainRun } = await import("../audit/verifiable-run.ts");
  const { saveDocument } = await import("../data/document.ts");
  const { INTEGER_MODEL } = await import("../quantization/integer-model-document.ts");
  const { scoreOnTask } = await import("../task/scores.ts");
  const { checkTaskModel, checkThreshold } = await import("../task/task-model.ts");
  const { measure } = await import("../verifiable/measure.ts");
  const { facts, utc } = await import("./text.ts");
  const { scoreText } = await import("./task-session.ts");
  const training = await openTrainingSession(flags, taskId, signal);
  const { checked, audit, run: runSession, folder } = training;
  const secrets = await openSecrets(training, flags);
  const seeded = await openSeed(runSession, secrets);
  const { run, last, close } = await trainRun(runSession, secrets, seeded);
  await close();
  const score = scoreOnTask(checked.files, (samples) =>
    Math.round(measure(runSession.rule, last, samples).accuracy * samples.sampleCount),
  );
  const out = path.resolve(flags.out);
  const file = await modelFile(training, last);
  await saveDocument(out, INTEGER_MODEL, file);
  await saveOpening(training, file, run.checkpoints.at(-1)!, secrets);
  checkTaskModel(checked.files, file);
  checkThreshold(checked.files, score, flags.evenIfBelow === true);
  const state = await commitRun(runSession, run);
  return {
    data: {
      ...{
        taskId,
        prover: training.session.address,
        runFolder: folder.folder,
        model: out,
        ...score,
        minCorrect: checked.files.document.minCorrect,
      },
      ...{ batchRoot: run.root, traceRoot: run.traceRoot, modelCommitment: run.checkpoints.at(-1)! },
      ...{ stepCount: state.stepCount, state: state.state, challengeBlock: state.challengeBlock },
      answerDeadline: audit.terms.answerDeadline,
    },
    text: facts([
      ["task", `${taskId}, ${state.stepCount} steps trained`],
      ["model", `${out} (private)`],
      ["run", `${folder.folder} (private: keep it until the audit has passed)`],
      ["test set", scoreText(checked.files, score)],
      ["answer until", utc(audit.terms.answerDeadline)],
      ["next", `zkpot audit watch ${taskId}`],
    ]),
  };
}

async function openSecrets(training: TrainingSession, flags: SampleFlags): Promise<RunSecrets> {
  const { folder, checked } = training;
  if (folder.exists) {
    note(`going on with the run in ${folder.folder}, on the samples it was begun with`);
    return await folder.load();
  }
  const { openTrainingPart } = await import("./training-data.ts");
  const { quantizeInputs } = await import("../data/input-quantization.ts");
  const dataset = await openTrainingPart(flags);
  const { samples, clamped } = quantizeInputs(dataset, checked.files.inputQuantization);
  if (clamped.length > 0)
    note(`${clamped.length} features have values outside of the task's mapping; clamped`);
  return await folder.create(samples);
}

/** A trained integer model as a file: weights have 12 fraction bits, sums those of the layer's inputs more. */
async function modelFile(
  { checked, training }: TrainingSession,
  model: IntegerModel,
): Promise<IntegerModelFile> {
  const { analyseBounds } = await import("../quantization/bounds.ts");
  const { inputFractionBits, WEIGHT_FRACTION_BITS } = await import("../verifiable/training-rule.ts");
  const { classNames, inputQuantization } = checked.files;
  const weightScale = 2 ** -WEIGHT_FRACTION_BITS;
  return {
    classNames,
    inputQuantization,
    quantized: {
      model,
      weightScales: model.layers.map(() => weightScale),
      sumScales: model.layers.map(
        (_, layer) => weightScale * 2 ** -inputFractionBits(training.step.rule, layer),
      ),
      bounds: analyseBounds(model),
    },
  };
}

/** Saves what opens the model's commitment where `zkpot prove` looks for it, before anybody sees the commitment. */
async function saveOpening(
  { session, place }: TrainingSession,
  file: IntegerModelFile,
  modelCommitment: bigint,
  { runKey }: RunSecrets,
): Promise<void> {
  const { mkdir } = await import("node:fs/promises");
  const { saveDocument } = await import("../data/document.ts");
  const { COMMITMENT_OPENING, modelDigest, openingFile } = await import("../task/commitment-opening.ts");
  const { derivedSalt } = await import("../verifiable/salts.ts");
  const { readRun, openAudit } = await import("../chain/audits.ts");
  const { connection, contracts, config, address } = session;
  const { stepCount } = await readRun(await openAudit(connection, contracts, place.taskId), address);
  const salt = derivedSalt(runKey, "checkpoint", stepCount);
  const opening = { ...place, modelCommitment, salt, modelDigest: modelDigest(file) };
  const target = openingFile(config.folder, opening);
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  await saveDocument(target, COMMITMENT_OPENING, opening);
}
