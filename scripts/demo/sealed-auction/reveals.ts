import { formatArtifactUri, parseArtifactUri } from "../../../prover/src/artifacts/artifact-uri.ts";
import { putDocument } from "../../../prover/src/artifacts/documents.ts";
import { readRevealUri, releaseBond, revealTestSet } from "../../../prover/src/chain/seal.ts";
import { readTask } from "../../../prover/src/chain/tasks.ts";
import { type Opening, openingRoot } from "../../../prover/src/seal/opening.ts";
import { openTestSet } from "../../../prover/src/seal/reveal.ts";
import { publishReveal } from "../../../prover/src/task/publish-task.ts";
import type { TaskShard } from "../../../prover/src/task/task-files.ts";
import { passUntil } from "../clock.ts";
import { checkOffer } from "../provers.ts";
import type { AccountParty } from "../stage.ts";
import { ether } from "../task.ts";
import { BOND_WEI, type Setting, readOffer, type SealedOffer } from "./offers.ts";

/** An opening with the seconds it took to compute. */
export interface TimedOpening {
  readonly opening: Opening;
  readonly seconds: number;
}

/** The poster computes every partial sum of the words that it is about to publish. */
export async function openWords(
  { stage }: Setting,
  { poster, material }: SealedOffer,
  shards: readonly TaskShard[],
): Promise<TimedOpening> {
  const { circuit, keys } = material;
  const { result, seconds } = await stage.story.act(
    poster,
    "computing the opening of every word",
    (progress) =>
      openTestSet(circuit.instance, keys, shards, (done, total) => {
        progress(`opening word ${done.toLocaleString("en")} of ${total.toLocaleString("en")}`);
      }),
    ({ shardCount, wordsPerShard }) => ({
      text: `computes the opening: ${(shardCount * wordsPerShard).toLocaleString("en")} words, each with the sum up to it, under one root`,
    }),
  );
  return { opening: result, seconds };
}

/** The clock passes the commit deadline; the poster publishes samples and blindings, and states the root of an opening. */
export async function reveal(
  setting: Setting,
  { poster, seal }: SealedOffer,
  shards: readonly TaskShard[],
  opening: Opening,
  text: string,
): Promise<void> {
  const { stage, store } = setting;
  await passUntil(stage.connection, seal.commitDeadline + 1n);
  const cid = await publishReveal((kind, value) => putDocument(store, kind, value), shards);
  await stage.transact(
    poster,
    "reveal the test set",
    (sender) => revealTestSet(sender, seal, openingRoot(opening), formatArtifactUri(cid)),
    text,
  );
}

/** The offer with what its poster published as the test set, whatever that is worth. */
export async function readRevealed(setting: Setting, offer: SealedOffer): Promise<SealedOffer> {
  const { contracts } = setting.stage;
  const uri = await readRevealUri(contracts, await readTask(contracts, offer.taskId));
  return await readOffer(setting, offer, parseArtifactUri(uri!));
}

/** A test set that is revealed as it was sealed: anybody can recompute it, and `party` does. */
export async function revealHonestly(
  setting: Setting,
  offer: SealedOffer,
  party: AccountParty,
): Promise<{ readonly offer: SealedOffer; readonly opening: TimedOpening }> {
  const opening = await openWords(setting, offer, offer.shards);
  const { sampleCount } = offer.data.files.document;
  await reveal(
    setting,
    offer,
    offer.shards,
    opening.opening,
    `reveals all ${sampleCount} samples and their blindings, now that nobody can commit any more (the local chain's clock was moved)`,
  );
  const revealed = await readRevealed(setting, offer);
  await checkOffer(setting.stage, party, revealed);
  return { offer: revealed, opening };
}

/** The poster has its bond released once nobody can demand or dispute anything any more. */
export async function takeBondBack({ stage }: Setting, { poster, seal }: SealedOffer): Promise<void> {
  await stage.transact(
    poster,
    "release the bond",
    (sender) => releaseBond(sender, seal),
    `has its bond of ${ether(BOND_WEI)} released: what it revealed is what it had sealed`,
  );
}
