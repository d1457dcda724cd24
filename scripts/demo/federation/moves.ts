import { formatArtifactUri, parseArtifactUri } from "../../../prover/src/artifacts/artifact-uri.ts";
import { getDocument, putDocument } from "../../../prover/src/artifacts/documents.ts";
import { chainTime } from "../../../prover/src/chain/connect.ts";
import type { FederationRecord } from "../../../prover/src/chain/federations.ts";
import {
  advanceRound,
  commitLocalModel,
  maskModel,
  proveLocalScore,
  readRound,
  readVectors,
  reportMissing,
  type RoundRecord,
  type ScoreProof,
} from "../../../prover/src/chain/rounds.ts";
import type { PublicKey } from "../../../prover/src/federation/pair-keys.ts";
import { vectorDigest } from "../../../prover/src/federation/parameter-vector.ts";
import {
  type ProofSite,
  proveLocalCount,
  proveMaskedModel,
  type ProvenVector,
  type ScoreShard,
} from "../../../prover/src/federation/round-proofs.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { passUntil } from "../clock.ts";
import { short } from "../task.ts";
import { MASKED_VECTOR } from "./masked-vector.ts";
import type { CommittedModel, FederationSetting, Player } from "./setting.ts";

/** A round under way, for everybody who plays in it. */
export interface RoundSetting extends FederationSetting {
  /** As it stood when the round began. */
  readonly federation: FederationRecord;
  readonly number: number;
  /** The last global model. */
  readonly global: IntegerModel;
}

/** The round as it stands, seen by a player. */
export async function look(setting: RoundSetting, player: Player): Promise<RoundRecord> {
  const { stage, federation, number } = setting;
  const time = await chainTime(stage.connection);
  return await readRound(stage.contracts, federation, BigInt(number), player.address, time);
}

/** Moves the clock past the end of the round's present state. */
export async function passState({ stage }: RoundSetting, { endsAt, state }: RoundRecord): Promise<void> {
  if (endsAt === null) throw new Error(`the state ${state} does not end by time`);
  await passUntil(stage.connection, endsAt + 1n);
}

/** Takes the step that time allows. */
export async function advance(setting: RoundSetting, player: Player, text: string): Promise<void> {
  const round = await look(setting, player);
  await setting.ledger.deed(
    { party: player.party, doing: "taking the next step", method: "advance" },
    async (sender) => ({ sent: await advanceRound(sender, round), text }),
  );
}

/** Whose proof it is. */
export function siteOf({ federation, number }: RoundSetting, { address }: Player): ProofSite {
  const { chainId, federationId } = federation;
  return {
    place: { chainId, address: federation.address, federationId, round: BigInt(number) },
    member: address,
  };
}

/** The test set as proofs are made about it. */
export function scoreShards({ files, federation }: FederationSetting): readonly ScoreShard[] {
  return files.shards.map(({ testSet }, shard) => ({
    samples: testSet.samples,
    dataPoint: federation.dataPoints[shard]!,
  }));
}

/** Commits to a model with a fresh salt; `text` says how it came about. */
export async function commit(
  setting: RoundSetting,
  player: Player,
  doing: string,
  make: () => Promise<{ readonly model: IntegerModel; readonly correct: number; readonly text: string }>,
): Promise<CommittedModel> {
  const salt = setting.drawSalt();
  let committed: CommittedModel | undefined;
  await setting.ledger.deed({ party: player.party, doing, method: "commit" }, async (sender) => {
    const { model, correct, text } = await make();
    committed = { model, salt, correct };
    const commitment = modelCommitment(model, salt);
    const { place } = siteOf(setting, player);
    return {
      sent: await commitLocalModel(sender, place, commitment, player.factor),
      text: `${text}; commits to ${short(commitment)}`,
    };
  });
  return committed!;
}

/** Proves the count of a player's committed model, and hands it in. */
export async function proveCount(
  setting: RoundSetting,
  player: Player,
  committed: CommittedModel,
): Promise<ScoreProof> {
  const { sampleCount, globalModel } = setting.federation;
  let score: ScoreProof | undefined;
  await setting.ledger.deed(
    { party: player.party, doing: "proving its count", method: "prove", isProof: true },
    async (sender) => {
      const site = siteOf(setting, player);
      score = await proveLocalCount(setting.provers.score, site, committed, scoreShards(setting));
      const correct = score.counts.reduce((sum, count) => sum + count, 0);
      const better = correct - globalModel.correct;
      return {
        sent: await proveLocalScore(sender, site.place, score),
        text: `proves ${correct} of ${sampleCount} correct, ${better > 0 ? `${better} more than the last global model` : "no improvement"}`,
      };
    },
  );
  return score!;
}

/** The keys of the round's places, in their order. */
export function rosterOf({ places }: RoundRecord): readonly PublicKey[] {
  return places.map(({ key }) => key);
}

/** Masks a player's model towards the present peers, with proof. */
export async function maskedUpdate(
  setting: RoundSetting,
  player: Player,
  round: RoundRecord,
  model: Pick<CommittedModel, "model" | "salt">,
): Promise<ProvenVector> {
  return await proveMaskedModel(setting.provers.mask, siteOf(setting, player), model, {
    factor: player.factor,
    key: player.maskKey,
    roster: rosterOf(round),
    peerPlaces: round.peers,
  });
}

/**
 * Masks a player's model and commits to the vector, which it keeps until the masking is complete; `publish` is what it says
 * it will publish.
 */
export async function mask(
  setting: RoundSetting,
  player: Player,
  committed: CommittedModel,
  publish: (vector: readonly bigint[]) => readonly bigint[] = (vector) => vector,
): Promise<void> {
  const round = await look(setting, player);
  await setting.ledger.deed(
    { party: player.party, doing: "masking its model", method: "mask", isProof: true },
    async (sender) => {
      const {
        vector,
        rosterDigest,
        vectorDigest: digest,
        proof,
      } = await maskedUpdate(setting, player, round, committed);
      const cid = await putDocument(setting.drafts, MASKED_VECTOR, publish(vector));
      const update = {
        masking: round.masking,
        rosterDigest,
        vectorDigest: digest,
        uri: formatArtifactUri(cid),
        proof,
      };
      return {
        sent: await maskModel(sender, round, update),
        text: `masks its model towards ${round.peers.length - 1} others and proves it: ${vector.length} words`,
      };
    },
  );
}

/** All that masked publish their vectors, now that the masking is complete. */
export async function publishVectors(setting: RoundSetting, round: RoundRecord): Promise<void> {
  for (const { uri } of await readVectors(setting.stage.contracts, round)) {
    const vector = await getDocument(setting.drafts, parseArtifactUri(uri), MASKED_VECTOR);
    await putDocument(setting.store, MASKED_VECTOR, vector);
  }
}

/** The vectors of the round's peers in the order of their places; undefined for what is not the vector committed to. */
export async function fetchVectors(
  { stage, store }: RoundSetting,
  round: RoundRecord,
): Promise<readonly (readonly bigint[] | undefined)[]> {
  const found = await readVectors(stage.contracts, round);
  return await Promise.all(
    round.peers.map(async (place) => {
      const record = found.find(({ member }) => member === round.places[place]!.member);
      if (record === undefined) return undefined;
      const vector = await getDocument(store, parseArtifactUri(record.uri), MASKED_VECTOR);
      return vectorDigest(vector) === record.vectorDigest ? vector : undefined;
    }),
  );
}

/**
 * Everybody whose vector is the right one checks all vectors and reports those that are not, until the round has gone on
 * without them; returns the places that were reported.
 */
export async function reportWrongVectors(
  setting: RoundSetting,
  players: readonly Player[],
): Promise<readonly number[]> {
  let missing: readonly number[] = [];
  for (const player of players) {
    const round = await look(setting, player);
    if (round.state !== "electing") break;
    const vectors = await fetchVectors(setting, round);
    missing = round.peers.filter((_, index) => vectors[index] === undefined);
    if (missing.length === 0) break;
    const names = missing.map((place) => partyAt(setting, round, place).party).join(", ");
    await setting.ledger.deed(
      { party: player.party, doing: "checking all vectors", method: "reportMissing" },
      async (sender) => ({
        sent: await reportMissing(sender, round, missing),
        text: `reports the vector of ${names}: its digest is another than the proven one`,
      }),
    );
  }
  return missing;
}

/** Who has a place of the round's roster. */
export function partyAt({ players }: FederationSetting, { places }: RoundRecord, place: number): Player {
  return players.find(({ address }) => address === places[place]!.member)!;
}
