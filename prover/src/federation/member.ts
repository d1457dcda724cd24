import { ArtifactError } from "../artifacts/artifact-error.ts";
import { formatArtifactUri, parseArtifactUri } from "../artifacts/artifact-uri.ts";
import { documentCid } from "../artifacts/documents.ts";
import { ChainError } from "../chain/chain-error.ts";
import type { FederationRecord } from "../chain/federations.ts";
import type { RoundRecord, ScoreProof, VectorRecord } from "../chain/rounds.ts";
import { joinSamples } from "../data/test-set.ts";
import { ProverError } from "../errors.ts";
import { modelCommitment } from "../model/commitment.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { ModelError } from "../model/model-error.ts";
import { runReference } from "../model/reference.ts";
import { randomFieldElement } from "../random-field.ts";
import type { PutDocument } from "../task/publish-task.ts";
import type { ReadDocument } from "../task/task-files.ts";
import { GLOBAL_SALT } from "../witness/aggregate-witness.ts";
import { averageVectors } from "./average.ts";
import { memberFactor } from "./federation-document.ts";
import { FederationError } from "./federation-error.ts";
import { type FederationFiles, readGlobalModel } from "./federation-files.ts";
import { GLOBAL_MODEL } from "./global-model.ts";
import { MASKED_VECTOR } from "./masked-vector.ts";
import type { MemberSecrets } from "./member-key.ts";
import type { MemberStages } from "./member-stages.ts";
import { type MemberView, nextAction, type RoundAction, type RoundProgress } from "./next-action.ts";
import { rosterDigest } from "./pair-keys.ts";
import { vectorDigest } from "./parameter-vector.ts";
import type { ChainView, RoundChain } from "./round-chain.ts";
import { RoundFolder } from "./round-folder.ts";
import type { OpenedModel, ProofSite } from "./round-proofs.ts";
import {
  AVERAGE,
  GLOBAL_SCORE,
  LOCAL_MODEL,
  LOCAL_SCORE,
  type LocalModel,
  MASKED_MODEL,
  type MaskedModel,
  type RoundAverage,
} from "./round-stages.ts";

/** Everything a member of a federation works with. */
export interface Member {
  readonly chain: RoundChain;
  readonly artifacts: MemberArtifacts;
  readonly files: FederationFiles;
  readonly secrets: MemberSecrets;
  readonly stages: MemberStages;
  /** How many samples of its own it trains on. */
  readonly sampleCount: number;
  /** Its folder for each round lies below. */
  readonly workingFolder: string;
  /** The last round it takes part in; undefined for all there are. */
  readonly lastRound?: bigint | undefined;
  /** Whether it publishes its own model where it may put it in place of a worse average; default no. */
  readonly publishesOwnModel?: boolean | undefined;
}

/** Where vectors and models are published and found. */
export interface MemberArtifacts {
  readonly read: ReadDocument;
  /** Keeps a document, and publishes it if it can. */
  readonly put: PutDocument;
  /** As put, but throws ArtifactError unless others can find it. */
  readonly publish: PutDocument;
}

/** What there is to know before a step. */
interface Situation extends ChainView {
  readonly progress: RoundProgress;
  /** Vectors of the present masking by place, checked against their digests. */
  readonly vectors: ReadonlyMap<number, readonly bigint[]>;
  /** The accepted average, if it could be computed. */
  readonly average: IntegerModel | undefined;
}

const NO_PROGRESS: RoundProgress = {
  localModel: null,
  isVectorPublished: false,
  vectors: [],
  averageCorrect: null,
};

/**
 * Does what a member has to do next, and returns it. Whatever is computed is saved before it is sent, and whatever was sent by
 * an earlier run is waited for first: a member that is killed at any point goes on where it was.
 *
 * What others did first, what came too late, and what cannot be published or found yet is no failure: it is returned as a wait
 * that says why.
 *
 * Throws as nextAction, as the stages, as RoundFolder, and ChainError when the contract refuses although nothing has changed.
 */
export async function stepMember(member: Member): Promise<RoundAction> {
  await member.chain.settle();
  const situation = await assess(member);
  const action = nextAction(viewOf(member, situation));
  try {
    await perform(member, situation, action);
  } catch (error) {
    if (isObstacle(error)) return { kind: "wait", until: null, untilBlock: null, why: error.message };
    if (!(error instanceof ChainError)) throw error;
    const now = await assess(member);
    const isOutdated = stageOf(now) !== stageOf(situation);
    if (!isOutdated && nextAction(viewOf(member, now)).kind === action.kind) throw error;
    return { kind: "wait", until: null, untilBlock: null, why: error.message };
  }
  return action;
}

/** Whether a failure may pass by itself: what cannot be published or found now, or an average that nobody can count. */
function isObstacle(error: unknown): error is ProverError {
  const isAverage = error instanceof FederationError && error.code === "federation.average";
  return error instanceof ArtifactError || isAverage;
}

async function assess(member: Member): Promise<Situation> {
  const view = await member.chain.read();
  const { round } = view;
  const nothing = {
    ...view,
    progress: NO_PROGRESS,
    vectors: new Map<number, bigint[]>(),
    average: undefined,
  };
  if (round === undefined) return nothing;
  const local = await folderOf(member, round).load("local-model", LOCAL_MODEL);
  const localModel =
    local === undefined
      ? null
      : { modelCommitment: modelCommitment(local.model, local.salt), correct: local.correct };
  const progress = { ...NO_PROGRESS, localModel };
  const { place } = round.own;
  if (place === null) return { ...nothing, progress };
  if (!round.peers.includes(place) || (round.state !== "elected" && round.state !== "leading")) {
    return { ...nothing, progress };
  }
  const own = await ownMaskedModel(member, round);
  const vectors = await findVectors(member, view.federation, round, own);
  const average =
    round.state === "leading" && round.isAggregated
      ? await keptAverage(member, view.federation, round, vectors)
      : undefined;
  return {
    ...view,
    vectors,
    average,
    progress: {
      ...progress,
      isVectorPublished: own?.isPublished === true,
      vectors: [...vectors.keys()],
      averageCorrect: average === undefined ? null : (countIfAny(member, average) ?? null),
    },
  };
}

function viewOf(
  { lastRound, publishesOwnModel }: Member,
  { federation, round, previous, member, time, block, progress }: Situation,
): MemberView {
  return { federation, round, previous, member, time, block, progress, lastRound, publishesOwnModel };
}

async function perform(member: Member, situation: Situation, action: RoundAction): Promise<void> {
  const { chain } = member;
  if (action.kind === "wait" || action.kind === "finished") return;
  if (action.kind === "start") {
    await chain.start(situation.federation);
    return;
  }
  if (action.kind === "claim") {
    const { round, previous } = situation;
    await chain.claim(round?.round === action.round ? round : previous!);
    return;
  }
  const round = situation.round!;
  switch (action.kind) {
    case "train":
      await train(member, situation, round);
      break;
    case "commit": {
      const { model, salt, factor } = await localModel(member, round);
      await chain.commit(round, modelCommitment(model, salt), factor);
      break;
    }
    case "prove":
      await chain.prove(round, await localScore(member, round));
      break;
    case "mask":
      await chain.mask(round, await maskedModel(member, situation.federation, round));
      break;
    case "publish-vector":
      await publishVector(member, round);
      break;
    case "report":
      await chain.report(round, action.missing);
      break;
    case "take-lead":
      requireCountable(member, averageOf(member, situation.federation, round, situation.vectors), round);
      await chain.takeLead(round);
      break;
    case "aggregate":
      await chain.aggregate(round, await roundAverage(member, round, situation.vectors));
      break;
    case "score-global":
      await chain.scoreGlobal(round, await globalScore(member, round, situation.average));
      break;
    case "keep-own":
      await keepOwn(member, round);
      break;
    case "advance":
      await chain.advance(round);
      break;
  }
}

/** Trains from the global model and keeps what comes out, with a salt, before anybody is told of it. */
async function train(member: Member, situation: Situation, round: RoundRecord): Promise<void> {
  const { files, stages, sampleCount } = member;
  const { federation } = situation;
  const model = await stages.train(siteOf(member, round), await globalModel(member, situation));
  const factor = memberFactor(sampleCount, files.document, federation.maxFactor);
  const correct = countOf(member, model);
  const local = { model, salt: randomFieldElement(), factor, correct };
  const folder = folderOf(member, round);
  // Of two processes of one account the first decides: there is one model a round.
  await folder.saveFirst("local-model", LOCAL_MODEL, local);
  await folder.forgetEarlier();
}

/**
 * The global model, from where the chain says it is; else the average that the member kept or computes from the vectors of the
 * round that made it. So nobody can stop a federation by publishing its model nowhere: not an average, and not a leader's own model
 * in place of one, which was better, but the average is as good a place to start from as any.
 */
async function globalModel(
  member: Member,
  { federation, previous }: Pick<Situation, "federation" | "previous">,
): Promise<IntegerModel> {
  const record = federation.globalModel;
  try {
    return await readGlobalModel(member.artifacts.read, member.files, record);
  } catch (error) {
    if (!(error instanceof ProverError) || record.round === 0n) throw error;
    const folder = folderOf(member, { ...federation, round: record.round });
    const kept = await folder.load("global-model", GLOBAL_MODEL);
    if (kept !== undefined) return kept;
    if (previous?.round !== record.round) throw error;
    const vectors = await findVectors(member, federation, previous, await ownMaskedModel(member, previous));
    const average = await keptAverage(member, federation, previous, vectors);
    if (average === undefined) throw error;
    return average;
  }
}

async function localModel(member: Member, round: RoundRecord): Promise<LocalModel> {
  const local = await folderOf(member, round).load("local-model", LOCAL_MODEL);
  if (local === undefined) throw stageLost(round, "the model that the account committed to");
  return local;
}

async function localScore(member: Member, round: RoundRecord): Promise<ScoreProof> {
  const folder = folderOf(member, round);
  const saved = await folder.load("local-score", LOCAL_SCORE);
  if (saved !== undefined) return saved;
  const score = await member.stages.proveLocalCount(siteOf(member, round), await localModel(member, round));
  await folder.save("local-score", LOCAL_SCORE, score);
  return score;
}

/** The vector for the present masking, with its proof; made once, so that there is one vector a masking. */
async function maskedModel(
  member: Member,
  federation: FederationRecord,
  round: RoundRecord,
): Promise<MaskedModel> {
  const folder = folderOf(member, round);
  const name = `mask-${round.masking}` as const;
  const saved = await ownMaskedModel(member, round);
  if (saved !== undefined) return saved;
  const { model, salt, factor } = await localModel(member, round);
  const { maskKey } = member.secrets;
  const roster = round.places.map(({ key }) => key);
  const proven = await member.stages.proveMaskedModel(
    siteOf(member, round),
    { model, salt },
    { factor, key: maskKey, roster, peerPlaces: round.peers },
  );
  if (proven.rosterDigest !== rosterDigest(roster, federation.places)) {
    throw new TypeError("a vector was proven for another roster than the round's");
  }
  const uri = formatArtifactUri(await documentCid(MASKED_VECTOR, proven.vector));
  const masked = { ...proven, masking: round.masking, peers: round.peers, uri, isPublished: false };
  await folder.save(name, MASKED_MODEL, masked);
  return masked;
}

/** What the member has masked for the last masking of a round. */
async function ownMaskedModel(member: Member, round: RoundRecord): Promise<MaskedModel | undefined> {
  return await folderOf(member, round).load(`mask-${round.masking}`, MASKED_MODEL);
}

/** Publishes the vector of a masking that is complete, if it is complete under the roster that the vector was made for. */
async function publishVector(member: Member, round: RoundRecord): Promise<void> {
  const folder = folderOf(member, round);
  const name = `mask-${round.masking}` as const;
  const masked = await ownMaskedModel(member, round);
  if (masked?.vectorDigest !== round.own.vectorDigest) {
    throw stageLost(round, `the vector of masking ${round.masking}`);
  }
  if (masked.rosterDigest !== round.rosterDigest) {
    throw new FederationError(
      "federation.roster",
      `masking ${round.masking} of round ${round.round} was completed under another roster than the round's`,
      "Do not take part in this round any more: the others have masked towards somebody else.",
      { round: round.round, masking: round.masking },
    );
  }
  await member.artifacts.publish(MASKED_VECTOR, masked.vector);
  await folder.save(name, MASKED_MODEL, { ...masked, isPublished: true });
}

/**
 * The peers' vectors of the last masking that can be found, and that are the ones committed to; the member's own is at hand.
 */
async function findVectors(
  member: Member,
  { places }: FederationRecord,
  round: RoundRecord,
  own: MaskedModel | undefined,
): Promise<Map<number, readonly bigint[]>> {
  const roster = rosterDigest(
    round.places.map(({ key }) => key),
    places,
  );
  const records = (await member.chain.vectors(round, round.masking)).filter(
    (record) => record.rosterDigest === roster && round.peers.includes(placeOf(round, record)),
  );
  const found = await Promise.all(
    records.map(async (record) => {
      const isOwn = own?.vectorDigest === record.vectorDigest;
      return [placeOf(round, record), isOwn ? own.vector : await findVector(member, record)] as const;
    }),
  );
  return new Map(found.flatMap(([place, vector]) => (vector === undefined ? [] : [[place, vector]])));
}

/** A vector that was committed to; undefined if it cannot be found, or is another one. */
async function findVector(
  { artifacts }: Member,
  record: VectorRecord,
): Promise<readonly bigint[] | undefined> {
  try {
    const vector = await artifacts.read(parseArtifactUri(record.uri), MASKED_VECTOR);
    return vectorDigest(vector) === record.vectorDigest ? vector : undefined;
  } catch (error) {
    if (error instanceof ProverError) return undefined;
    throw error;
  }
}

function placeOf({ places }: RoundRecord, { member }: VectorRecord): number {
  return places.findIndex((place) => place.member === member);
}

/** The average of the peers' models; throws FederationError as averageVectors. */
function averageOf(
  { files }: Member,
  { maxFactorSum }: FederationRecord,
  round: RoundRecord,
  vectors: ReadonlyMap<number, readonly bigint[]>,
): IntegerModel {
  const { architecture } = files.document.circuits.score;
  return averageVectors(peersVectors(round, vectors), architecture, factorSum(round), maxFactorSum).model;
}

/** In the order of places, as the contract states them. */
function peersVectors(
  round: RoundRecord,
  vectors: ReadonlyMap<number, readonly bigint[]>,
): (readonly bigint[])[] {
  return round.peers.map((place) => {
    const vector = vectors.get(place);
    if (vector !== undefined) return vector;
    throw new FederationError(
      "federation.vector-missing",
      `the vector of place ${place} in round ${round.round} cannot be found any more`,
      "Fetch it from another member, and run the command again before the leader's time is over.",
      { round: round.round, place },
    );
  });
}

function factorSum({ peers, places }: RoundRecord): number {
  return peers.reduce((sum, place) => sum + places[place]!.factor, 0);
}

/** The average of the peers' models, which everybody who has the vectors can compute; kept for the next round. */
async function keptAverage(
  member: Member,
  federation: FederationRecord,
  round: RoundRecord,
  vectors: ReadonlyMap<number, readonly bigint[]>,
): Promise<IntegerModel | undefined> {
  const folder = folderOf(member, round);
  // There is one set of peers whose vectors are shown, and so one average a round.
  const kept = await folder.load("global-model", GLOBAL_MODEL);
  if (kept !== undefined) return kept;
  if (round.peers.some((place) => !vectors.has(place))) return undefined;
  const model = averageOf(member, federation, round, vectors);
  await folder.save("global-model", GLOBAL_MODEL, model);
  return model;
}

/** The average with its proof, published before it is delivered. */
async function roundAverage(
  member: Member,
  round: RoundRecord,
  vectors: ReadonlyMap<number, readonly bigint[]>,
): Promise<RoundAverage> {
  const folder = folderOf(member, round);
  const saved = await folder.load("average", AVERAGE);
  if (saved?.masking === round.masking) {
    await member.artifacts.put(GLOBAL_MODEL, saved.model);
    return saved;
  }
  const ordered = peersVectors(round, vectors);
  const proven = await member.stages.proveAverage(siteOf(member, round), ordered, factorSum(round));
  const uri = formatArtifactUri(await member.artifacts.put(GLOBAL_MODEL, proven.model));
  const average = { ...proven, masking: round.masking, uri };
  await folder.save("average", AVERAGE, average);
  return average;
}

async function globalScore(
  member: Member,
  round: RoundRecord,
  average: IntegerModel | undefined,
): Promise<ScoreProof> {
  if (average === undefined) throw stageLost(round, "the average");
  return await scoreOf(member, round, "global-score", { model: average, salt: GLOBAL_SALT });
}

/** Publishes the member's own model in place of an average that is worse. */
async function keepOwn(member: Member, round: RoundRecord): Promise<void> {
  const { model } = await localModel(member, round);
  const score = await scoreOf(member, round, "own-score", { model, salt: GLOBAL_SALT });
  const uri = formatArtifactUri(await member.artifacts.put(GLOBAL_MODEL, model));
  await member.chain.keepOwn(round, modelCommitment(model, GLOBAL_SALT), uri, score);
}

/** The count of a model as the global one, proven once. */
async function scoreOf(
  member: Member,
  round: RoundRecord,
  name: "global-score" | "own-score",
  opened: OpenedModel,
): Promise<ScoreProof> {
  const folder = folderOf(member, round);
  const globalCommitment = modelCommitment(opened.model, opened.salt);
  const saved = await folder.load(name, GLOBAL_SCORE);
  if (saved?.globalCommitment === globalCommitment) return saved.score;
  const score = await member.stages.proveGlobalCount(siteOf(member, round), opened);
  await folder.save(name, GLOBAL_SCORE, { globalCommitment, score });
  return score;
}

/** Samples of the test set that a model classifies correctly. */
function countOf({ files }: Member, model: IntegerModel): number {
  const samples = joinSamples(files.shards.map(({ testSet }) => testSet.samples));
  return runReference(model, samples).correctCount;
}

/** As countOf; undefined for a model that leaves the ranges of the integer model, as an average of models in range may. */
function countIfAny(member: Member, model: IntegerModel): number | undefined {
  try {
    return countOf(member, model);
  } catch (error) {
    if (error instanceof ModelError && error.code === "model.overflow") return undefined;
    throw error;
  }
}

/** What cannot be counted must show before a bond is at stake. */
function requireCountable(member: Member, model: IntegerModel, { round }: RoundRecord): void {
  if (countIfAny(member, model) !== undefined) return;
  throw new FederationError(
    "federation.average",
    `the average of round ${round} leaves the ranges of the integer model on the test set: no count of it can be proven`,
    "Pass the lead: it costs nothing.",
    { round },
  );
}

function folderOf(
  { workingFolder, chain, secrets }: Member,
  round: Pick<RoundRecord, "chainId" | "address" | "federationId" | "round">,
): RoundFolder {
  return new RoundFolder(workingFolder, round, chain.account, secrets.folderKey);
}

function siteOf({ chain }: Member, round: RoundRecord): ProofSite {
  return { place: round, member: chain.account };
}

/** Where the federation stands, but for the clock. */
function stageOf({ federation, round }: ChainView): string {
  if (round === undefined) return "none";
  const { state, masking, failed, isAggregated, isScored, globalCorrect, own } = round;
  return [
    federation.round,
    state,
    masking,
    failed,
    isAggregated,
    isScored,
    globalCorrect,
    own.isClaimed,
  ].join();
}

function stageLost({ round }: RoundRecord, what: string): FederationError {
  return new FederationError(
    "federation.model-lost",
    `${what} in round ${round} is not in this working folder`,
    "Work in the folder in which it was made, or wait until the round has ended: nothing is lost but this round.",
    { round },
  );
}
