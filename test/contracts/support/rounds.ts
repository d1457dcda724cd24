/** Federations and their rounds, with a registry that checks what proofs are about and not whether they hold. */
import { babyjubjub } from "@noble/curves/misc.js";

import { toField } from "../../../prover/src/field.ts";
import { pairKey } from "../../../prover/src/federation/pair-keys.ts";
import { ethers, NATIVE, networkHelpers, UNBONDING_SECONDS } from "./deployment.ts";
import { g1, proofContext } from "./trapdoor-key.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { Addressable } from "ethers";

import type { PublicKey } from "../../../prover/src/federation/pair-keys.ts";
import type { G1Point, Proof } from "./trapdoor-key.ts";

/** Values of `RoundState`. */
export const ROUND = {
  none: 0n,
  training: 1n,
  committing: 2n,
  proving: 3n,
  masking: 4n,
  electing: 5n,
  elected: 6n,
  leading: 7n,
  final: 8n,
  abandoned: 9n,
} as const;

export const KEYS = { score: ethers.id("score"), mask: ethers.id("mask"), aggregate: ethers.id("aggregate") };
export const PLACES = 4n;
export const VECTORS = 5n;
export const MAX_FACTOR = 7n;
export const SAMPLES = 360n;
export const BASE_CORRECT = 100n;
export const TOLERANCE = 20n;
export const BAND = 3n;
export const MIN_STAKE_WEI = 10n ** 15n;
export const CAP_WEI = 10n * MIN_STAKE_WEI;
export const BOND_WEI = 10n ** 14n + 1n;
/** Not divisible by anything that comes up. */
export const ROUND_REWARD_WEI = 10n ** 18n + 7n;
export const POOL_WEI = 2n * ROUND_REWARD_WEI + 5n;
export const TIMING = {
  trainSeconds: 100n,
  commitSeconds: 200n,
  proveSeconds: 300n,
  maskSeconds: 400n,
  takeSeconds: 500n,
  leadSeconds: 600n,
};
export const EMPTY_DIGEST = 99n;
export const URI = "ipfs://global";
/** What the members of a round name as their roster. */
export const ROSTER = 4_242n;
const DATA_POINT = g1(5n);
const INVERSE_OF_EIGHT = babyjubjub.Point.Fn.inv(8n);

/** A mask key and its eighth part. */
export function maskKey(scalar: bigint): { readonly key: PublicKey; readonly eighth: PublicKey } {
  const key = pairKey(scalar).publicKey;
  const { x, y } = babyjubjub.Point.fromAffine(key).multiply(INVERSE_OF_EIGHT).toAffine();
  return { key, eighth: { x, y } };
}

/** The contract with its libraries. */
export async function deployRounds(
  registry: Addressable | string,
  vault: Addressable | string,
  on: Pick<typeof ethers, "deployContract"> = ethers,
) {
  const creation = await on.deployContract("FederationCreation");
  const flow = await on.deployContract("RoundFlow");
  return await on.deployContract("FederatedRounds", [registry, vault], {
    libraries: {
      FederationCreation: await creation.getAddress(),
      RoundFlow: await flow.getAddress(),
    },
  });
}

/** A valid federation: four places, native money. */
export function federationSpec() {
  return {
    scoreKeyId: KEYS.score,
    maskKeyId: KEYS.mask,
    aggregateKeyId: KEYS.aggregate,
    architectureId: 7n,
    emptyVectorDigest: EMPTY_DIGEST,
    maxFactorSum: PLACES * MAX_FACTOR + 1n,
    places: PLACES,
    dataPoints: [DATA_POINT],
    sampleCount: SAMPLES,
    toleranceCount: TOLERANCE,
    bandCount: BAND,
    keepBetter: false,
    maxRounds: 3n,
    timing: TIMING,
    stakeToken: NATIVE,
    minStakeWei: MIN_STAKE_WEI,
    capWei: CAP_WEI,
    bondWei: BOND_WEI,
    rewardToken: NATIVE,
    rewardWei: ROUND_REWARD_WEI,
    globalCommitment: 11n,
    globalCorrect: BASE_CORRECT,
    globalUri: "ipfs://start",
    documentHash: ethers.id("document"),
    documentUri: "ipfs://document",
  };
}

export type FederationSpec = ReturnType<typeof federationSpec>;

async function deployFederations() {
  const [sponsor, stranger, ...members] = (await ethers.getSigners()).slice(0, 8);
  const registry = await ethers.deployContract("StubRoundRegistry");
  await registry.addKey(KEYS.score, 6n);
  await registry.addKey(KEYS.mask, 10n);
  await registry.addKey(KEYS.aggregate, 3n + VECTORS);
  const vault = await ethers.deployContract("StakeVault", [UNBONDING_SECONDS]);
  const token = await ethers.deployContract("TestToken");
  const rounds = await deployRounds(registry, vault);
  for (const member of members) {
    const value = 10n * CAP_WEI;
    await vault.connect(member).depositAndApprove(NATIVE, value, rounds, value, { value });
  }
  return { registry, vault, token, rounds, sponsor: sponsor!, stranger: stranger!, members };
}

export type Federations = Awaited<ReturnType<typeof deployFederations>>;

/** Six accounts with stake, and no federation. */
export async function federationsDeployed(): Promise<Federations> {
  return await networkHelpers.loadFixture(deployFederations);
}

/** Creates a federation from the sponsor, with money for two rounds if it is native. */
export async function createFederation(
  { rounds, sponsor }: Federations,
  changes: Partial<FederationSpec> = {},
): Promise<bigint> {
  const spec = { ...federationSpec(), ...changes };
  await rounds.connect(sponsor).create(spec);
  const id = await rounds.federationCount();
  if (spec.rewardToken === NATIVE) {
    await rounds.connect(sponsor).fund(id, POOL_WEI, { value: POOL_WEI });
  }
  return id;
}

/** Makes an account a member; its mask key has its index as scalar, plus two. */
export async function joinAs(
  { rounds, members }: Federations,
  id: bigint,
  member: HardhatEthersSigner,
  stakeWei = MIN_STAKE_WEI,
): Promise<void> {
  const { key, eighth } = maskKey(keyScalar(members, member));
  await rounds.connect(member).join(id, stakeWei, key, eighth);
}

function keyScalar(members: readonly { readonly address: string }[], member: { readonly address: string }) {
  return BigInt(members.findIndex(({ address }) => address === member.address) + 2);
}

/** A federation that all six have joined. */
export async function federationOfSix(
  changes: Partial<FederationSpec> = {},
): Promise<Federations & { readonly id: bigint }> {
  const d = await federationsDeployed();
  const id = await createFederation(d, changes);
  for (const member of d.members) await joinAs(d, id, member);
  return { ...d, id };
}

export type Federation = Awaited<ReturnType<typeof federationOfSix>>;

/** A proof that the stub accepts for just these statements. */
export function stubProof(keyId: string, words: readonly bigint[], dataPoints: readonly G1Point[]): Proof {
  const encoded = ethers.AbiCoder.defaultAbiCoder().encode(
    ["bytes32", "uint256[]", "tuple(uint256 x, uint256 y)[]"],
    [keyId, words, dataPoints],
  );
  const zero = { x: 0n, y: 0n };
  return {
    a: { x: BigInt(ethers.keccak256(encoded)), y: 0n },
    b: { xImag: 0n, xReal: 0n, yImag: 0n, yReal: 0n },
    c: zero,
    blockCommitment: zero,
    blockKnowledge: zero,
  };
}

type Member = Pick<HardhatEthersSigner, "address">;

export function commitmentOf(member: Member): bigint {
  return toField(BigInt(ethers.id(`model of ${member.address}`)));
}

export function nullifierOf(member: Member, round = 1n): bigint {
  return toField(BigInt(ethers.id(`nullifier of ${member.address} in ${round}`)));
}

export function digestOf(member: Member, masking = 1n): bigint {
  return toField(BigInt(ethers.id(`vector of ${member.address} in ${masking}`)));
}

async function contextOf({ rounds, id }: Federation, round: bigint, member: Member, purpose: string) {
  const { chainId } = await ethers.provider.getNetwork();
  return proofContext(chainId, await rounds.getAddress(), id, round, member.address, purpose);
}

/** The word of the federation, computed here. */
export async function wordOf({ rounds, id }: Federation): Promise<bigint> {
  const { chainId } = await ethers.provider.getNetwork();
  const encoded = ethers.AbiCoder.defaultAbiCoder().encode(
    ["uint256", "address", "uint256"],
    [chainId, await rounds.getAddress(), id],
  );
  return toField(BigInt(ethers.keccak256(encoded)));
}

/** What differs from a member's own score. */
export interface ScoreChanges {
  readonly round?: bigint;
  readonly commitment?: bigint;
  readonly nullifier?: bigint;
  readonly purpose?: string;
}

/** A valid score of a member: of its own model, unless told otherwise. */
export async function score(d: Federation, member: Member, correct: bigint, changes: ScoreChanges = {}) {
  const round = changes.round ?? 1n;
  const nullifier = changes.nullifier ?? nullifierOf(member, round);
  const context = await contextOf(d, round, member, changes.purpose ?? "zkpot.round-accuracy.v1");
  const commitment = changes.commitment ?? commitmentOf(member);
  const words = [context, commitment, correct, await wordOf(d), round, nullifier];
  return { counts: [correct], nullifier, proofs: [stubProof(KEYS.score, words, [DATA_POINT])] };
}

/** A valid score of the average. */
export async function globalScore(
  d: Federation,
  member: Member,
  correct: bigint,
  changes: ScoreChanges = {},
) {
  return await score(d, member, correct, {
    purpose: "zkpot.global-accuracy.v1",
    commitment: GLOBAL,
    nullifier: 77n,
    ...changes,
  });
}

/** Commitment to the average. */
export const GLOBAL = 123_456n;

/** Arguments of `mask`, valid for these peers. */
export async function masked(
  d: Federation,
  member: HardhatEthersSigner,
  peerSet: bigint,
  { factor = 1n, roster = ROSTER, masking = 1n, round = 1n } = {},
): Promise<[bigint, bigint, bigint, string, Proof]> {
  const { key } = maskKey(keyScalar(d.members, member));
  const digest = digestOf(member, masking);
  const words = [
    await contextOf(d, round, member, "zkpot.masked-update.v1"),
    commitmentOf(member),
    factor,
    digest,
    key.x,
    key.y,
    roster,
    peerSet,
    await wordOf(d),
    round,
  ];
  return [d.id, roster, digest, `ipfs://${member.address}`, stubProof(KEYS.mask, words, [NO_POINT])];
}

const NO_POINT = { x: 0n, y: 0n };

/** Arguments of `aggregate`, valid for these vectors. */
export async function averaged(
  d: Federation,
  leader: HardhatEthersSigner,
  factorSum: bigint,
  digests: readonly bigint[],
  round = 1n,
): Promise<[bigint, bigint, string, Proof]> {
  const fill = new Array<bigint>(Number(VECTORS) - digests.length).fill(EMPTY_DIGEST);
  const context = await contextOf(d, round, leader, "zkpot.aggregate.v1");
  const words = [context, factorSum, GLOBAL, ...digests, ...fill];
  return [d.id, GLOBAL, URI, stubProof(KEYS.aggregate, words, [NO_POINT])];
}

export async function pass(seconds: bigint): Promise<void> {
  await networkHelpers.time.increase(seconds);
}

/** Starts a round and waits for its commitments. */
export async function startRound(d: Federation): Promise<void> {
  await d.rounds.connect(d.members[0]).start(d.id);
  await pass(TIMING.trainSeconds + 1n);
}

/** Starts a round in which the first members prove these counts, with factors 1, 2, … . */
export async function proveRound(d: Federation, counts: readonly bigint[], round = 1n): Promise<void> {
  await startRound(d);
  for (const [i] of counts.entries()) {
    const member = d.members[i]!;
    await d.rounds.connect(member).commit(d.id, commitmentOf(member), BigInt(i + 1));
  }
  await pass(TIMING.commitSeconds);
  for (const [i, correct] of counts.entries()) {
    const member = d.members[i]!;
    await d.rounds.connect(member).prove(d.id, await score(d, member, correct, { round }));
  }
}

/** Goes on to the first masking. */
export async function startMasking(d: Federation, counts: readonly bigint[], round = 1n): Promise<bigint> {
  await proveRound(d, counts, round);
  await pass(TIMING.proveSeconds);
  await d.rounds.advance(d.id);
  return (1n << BigInt(counts.length)) - 1n;
}

/** Masks as some of the members, named by index. */
export async function maskAs(
  d: Federation,
  indices: readonly number[],
  peerSet: bigint,
  masking = 1n,
  round = 1n,
): Promise<void> {
  for (const i of indices) {
    const member = d.members[i]!;
    const call = await masked(d, member, peerSet, { factor: BigInt(i + 1), masking, round });
    await d.rounds.connect(member).mask(...call);
  }
}

/** Draws the leader. */
export async function elect(d: Federation): Promise<HardhatEthersSigner> {
  await networkHelpers.mine(9);
  await d.rounds.advance(d.id);
  return await leaderOf(d);
}

/** The present leader. */
export async function leaderOf(d: Federation): Promise<HardhatEthersSigner> {
  const { round } = await d.rounds.federation(d.id);
  const { leaderPlace } = await d.rounds.roundOf(d.id, round);
  const place = (await d.rounds.rosterOf(d.id, round))[Number(leaderPlace)]!;
  return d.members.find(({ address }) => address === place.member)!;
}

/** Goes on until a leader is elected among all that proved. */
export async function electLeader(d: Federation, counts: readonly bigint[], round = 1n) {
  const peerSet = await startMasking(d, counts, round);
  await maskAs(d, [...counts.keys()], peerSet, 1n, round);
  return await elect(d);
}

/** Has a leader take the lead, after the time for reports. */
export async function lead(d: Federation, leader: HardhatEthersSigner, round = 1n): Promise<void> {
  await passReports(d, round);
  await d.rounds.connect(leader).takeLead(d.id, round);
}

/** Waits for the end of the time in which missing vectors are reported. */
export async function passReports(d: Federation, round = 1n): Promise<void> {
  const end = await reportsEnd(d, round);
  if (BigInt(await networkHelpers.time.latest()) < end) await networkHelpers.time.increaseTo(end);
}

/** Last timestamp at which missing vectors are reported; in the past for fallback leaders. */
export async function reportsEnd(d: Federation, round = 1n): Promise<bigint> {
  const { deadline, failedSet } = await d.rounds.roundOf(d.id, round);
  return deadline - TIMING.takeSeconds + (failedSet === 0n ? TIMING.takeSeconds / 2n : -1n);
}

/** Goes on until the leader has delivered the average. */
export async function aggregateRound(d: Federation, counts: readonly bigint[], round = 1n) {
  const leader = await electLeader(d, counts, round);
  await lead(d, leader, round);
  await deliver(d, leader, counts.length, round);
  return leader;
}

/** Delivers the average of the first members' models. */
export async function deliver(
  d: Federation,
  leader: HardhatEthersSigner,
  count: number,
  round = 1n,
  masking = 1n,
) {
  const digests = d.members.slice(0, count).map((member) => digestOf(member, masking));
  const factorSum = BigInt((count * (count + 1)) / 2);
  await d.rounds.connect(leader).aggregate(...(await averaged(d, leader, factorSum, digests, round)));
}

/** Plays a whole round to its end. */
export async function finishRound(d: Federation, counts: readonly bigint[], correct: bigint, round = 1n) {
  const leader = await aggregateRound(d, counts, round);
  await d.rounds.connect(leader).scoreGlobal(d.id, await globalScore(d, leader, correct, { round }));
  return leader;
}
