import { canonicalJson, type JsonValue } from "../data/canonical-json.ts";
import { type DocumentKind, documentDigest } from "../data/document.ts";
import type { InputQuantization } from "../data/input-quantization.ts";
import type { IntegerSamples } from "../data/samples.ts";
import { joinSamples, TEST_SET, type TestSet, testSetHash } from "../data/test-set.ts";
import type { Architecture } from "../model/architecture.ts";
import {
  type PublicTestSet,
  type SealedTestSet,
  TASK_DOCUMENT,
  type TaskDocument,
  TaskError,
  type TestSetArtifact,
} from "./task-document.ts";
import { TEST_SET_REVEAL } from "./test-set-reveal.ts";

/** Reads a document among the artifacts by its CID, wherever they are kept. */
export type ReadDocument = <Value, Content>(
  cid: string,
  kind: DocumentKind<Value, Content>,
) => Promise<Value>;

/** A part of a test set that one proof is about. */
export interface TaskShard {
  readonly testSet: TestSet;
  /** Last word of the shard's dataset block: 0 where the test set was never sealed. */
  readonly blinding: bigint;
}

/** A task document with the artifacts it names, found to belong together. */
export interface TaskFiles {
  readonly document: TaskDocument;
  /** Digest of the document, which the market stores. */
  readonly documentHash: string;
  readonly inputQuantization: InputQuantization;
  readonly classNames: readonly string[];
  /** The test set, in the order of the task's data points; null as long as it is sealed. */
  readonly shards: readonly TaskShard[] | null;
  /** What a sealed task shows of its data; null without, and for public test sets. */
  readonly publicSample: TestSet | null;
}

/** CIDs of what a task is read from. */
export interface TaskArtifacts {
  readonly document: string;
  /** Of the reveal of a sealed test set; left out before it. */
  readonly reveal?: string | undefined;
}

/**
 * Reads a task document and all it names.
 * Throws TaskError `task.test-set-mismatch` naming the shard and what differs, and as `read`.
 */
export async function readTaskFiles(read: ReadDocument, artifacts: TaskArtifacts): Promise<TaskFiles> {
  const document = await read(artifacts.document, TASK_DOCUMENT);
  const documentHash = documentDigest(TASK_DOCUMENT, document);
  const { testSet } = document;
  if (testSet.kind === "sealed") {
    return { document, documentHash, ...(await readSealed(read, document, testSet, artifacts.reveal)) };
  }
  const shards = await readPublicShards(read, testSet, document.instance.architecture);
  const { inputQuantization, classNames } = shards[0]!.testSet;
  return { document, documentHash, inputQuantization, classNames, shards, publicSample: null };
}

/**
 * Reads the shards of a public test set for models of an architecture.
 * Throws TaskError `task.test-set-mismatch` naming the shard and what differs, and as `read`.
 */
export async function readPublicShards(
  read: ReadDocument,
  testSet: PublicTestSet,
  architecture: Architecture,
): Promise<TaskShard[]> {
  const shards: TaskShard[] = [];
  for (const [index, published] of testSet.shards.entries()) {
    shards.push({ testSet: await readShard(read, architecture, index, published), blinding: 0n });
  }
  shards.forEach((shard, index) => {
    expectSameKind(`shard ${index}`, shard.testSet, shards[0]!.testSet);
  });
  return shards;
}

/** The shards of a test set that is public by now; throws TaskError `task.sealed` before. */
export function openShards({ shards }: TaskFiles): readonly TaskShard[] {
  if (shards !== null) return shards;
  throw new TaskError(
    "task.sealed",
    "the test set of the task is sealed",
    "Wait until its poster reveals it, after the last commitment.",
  );
}

/** The samples that a model can be measured on: the test set, else a sealed task's public sample, else none. */
export function measurableSamples({ shards, publicSample }: TaskFiles): IntegerSamples | undefined {
  if (shards !== null) return joinSamples(shards.map(({ testSet }) => testSet.samples));
  return publicSample?.samples;
}

async function readSealed(
  read: ReadDocument,
  document: TaskDocument,
  testSet: SealedTestSet,
  revealCid: string | undefined,
): Promise<Omit<TaskFiles, "document" | "documentHash">> {
  const { inputQuantization, classNames } = testSet;
  const { architecture } = document.instance;
  const sample =
    testSet.publicSample === null
      ? null
      : await readTestSet(read, architecture, "the public sample", testSet.publicSample);
  if (sample !== null) expectSameKind("the public sample", sample, testSet);
  const open = { inputQuantization, classNames, publicSample: sample };
  if (revealCid === undefined) return { ...open, shards: null };
  const reveal = await read(revealCid, TEST_SET_REVEAL);
  expectSame("the reveal", "number of shards", reveal.shards.length, testSet.shards.length);
  const shards: TaskShard[] = [];
  for (const [index, { blinding, ...artifact }] of reveal.shards.entries()) {
    const published = { ...artifact, sampleCount: testSet.shards[index]!.sampleCount };
    const shard = await readShard(read, architecture, index, published);
    expectSameKind(`shard ${index}`, shard, testSet);
    shards.push({ testSet: shard, blinding });
  }
  return { ...open, shards };
}

async function readShard(
  read: ReadDocument,
  architecture: Architecture,
  index: number,
  published: TestSetArtifact & { readonly sampleCount: number },
): Promise<TestSet> {
  const what = `shard ${index}`;
  const testSet = await readTestSet(read, architecture, what, published);
  expectSame(what, "sample count", testSet.samples.sampleCount, published.sampleCount);
  return testSet;
}

async function readTestSet(
  read: ReadDocument,
  architecture: Architecture,
  what: string,
  { cid, hash }: TestSetArtifact,
): Promise<TestSet> {
  const testSet = await read(cid, TEST_SET);
  const { samples, inputQuantization } = testSet;
  const { layerSizes, inputBits } = architecture;
  expectSame(what, "hash", testSetHash(testSet), hash);
  expectSame(what, "feature count", samples.featureCount, layerSizes[0]);
  expectSame(what, "class count", samples.classCount, layerSizes.at(-1));
  expectSame(what, "bits of a feature", inputQuantization.inputBits, inputBits);
  return testSet;
}

function expectSameKind(
  what: string,
  found: Pick<TestSet, "inputQuantization" | "classNames">,
  expected: Pick<TestSet, "inputQuantization" | "classNames">,
): void {
  const text = (value: unknown): string => canonicalJson(value as JsonValue);
  const { inputQuantization, classNames } = expected;
  if (text(found.inputQuantization) !== text(inputQuantization)) {
    throw mismatch(what, "mapping of features to integers", "another one", "the same for the whole task");
  }
  expectSame(what, "list of class names", text(found.classNames), text(classNames));
}

function expectSame(
  what: string,
  name: string,
  found: string | number,
  expected: string | number | undefined,
): void {
  if (found !== expected) throw mismatch(what, name, String(found), String(expected));
}

function mismatch(what: string, name: string, found: string, expected: string): TaskError {
  return new TaskError(
    "task.test-set-mismatch",
    `${what} is not of the task's test set: its ${name} is ${found}, the task says ${expected}`,
    "Do not take part in this task: its poster published something else than its document says.",
    { what, name, found, expected },
  );
}
