import type { DocumentKind } from "../data/document.ts";
import { TEST_SET, type TestSet, testSetHash } from "../data/test-set.ts";
import { randomFieldElement } from "../random-field.ts";
import type { PublicTestSet, SealedTestSet, TestSetArtifact } from "./task-document.ts";
import type { TaskShard } from "./task-files.ts";
import { TEST_SET_REVEAL } from "./test-set-reveal.ts";

/** Makes a document an artifact, wherever they are kept, and returns its CID. */
export type PutDocument = <Value, Content>(
  kind: DocumentKind<Value, Content>,
  value: Value,
) => Promise<string>;

/** Makes a test set an artifact that documents can name. */
export async function publishTestSet(put: PutDocument, testSet: TestSet): Promise<TestSetArtifact> {
  return { cid: await put(TEST_SET, testSet), hash: testSetHash(testSet) };
}

/** Makes the shards of a public test set artifacts; returns what a task document says of them. */
export async function publishShards(put: PutDocument, shards: readonly TestSet[]): Promise<PublicTestSet> {
  const published: PublicTestSet["shards"][number][] = [];
  for (const shard of shards) {
    published.push({ ...(await publishTestSet(put, shard)), sampleCount: shard.samples.sampleCount });
  }
  return { kind: "public", shards: published };
}

/** Draws a blinding for each shard of a test set that is to be sealed: a uniform field element. */
export function blindShards(
  shards: readonly TestSet[],
  drawBlinding: () => bigint = randomFieldElement,
): TaskShard[] {
  return shards.map((testSet) => ({ testSet, blinding: drawBlinding() }));
}

/** What the document of a sealed task says of its test set: sizes and meaning, no samples but the public ones. */
export function describeSealed(
  shards: readonly TaskShard[],
  publicSample: TestSetArtifact | null,
): SealedTestSet {
  const { inputQuantization, classNames } = shards[0]!.testSet;
  return {
    kind: "sealed",
    shards: shards.map(({ testSet }) => ({ sampleCount: testSet.samples.sampleCount })),
    inputQuantization,
    classNames,
    publicSample,
  };
}

/** Makes a sealed test set and its blindings artifacts, when it is meant to become public; returns the reveal's CID. */
export async function publishReveal(put: PutDocument, shards: readonly TaskShard[]): Promise<string> {
  const published: (TestSetArtifact & { readonly blinding: bigint })[] = [];
  for (const { testSet, blinding } of shards) {
    published.push({ ...(await publishTestSet(put, testSet)), blinding });
  }
  return await put(TEST_SET_REVEAL, { shards: published });
}
