import { ZeroAddress } from "ethers";

import { chainTime } from "../../prover/src/chain/connect.ts";
import {
  federationWord,
  ROUND_AGGREGATE_PURPOSE,
  ROUND_GLOBAL_PURPOSE,
  ROUND_MASK_PURPOSE,
  ROUND_SCORE_PURPOSE,
  roundContext,
} from "../../prover/src/chain/context.ts";
import {
  createFederation,
  type FederationRecord,
  type FederationTerms,
  fundFederation,
  joinFederation,
  readFederation,
} from "../../prover/src/chain/federations.ts";
import { reportsEnd } from "../../prover/src/chain/round-state.ts";
import { registerKey } from "../../prover/src/chain/registry.ts";
import {
  advanceRound,
  type AverageDelivery,
  commitLocalModel,
  deliverAverage,
  type MaskedUpdate,
  maskModel,
  proveLocalScore,
  readRound,
  type RoundRecord,
  scoreAverage,
  type ScoreProof,
  startRound,
  takeLead,
} from "../../prover/src/chain/rounds.ts";
import type { Sender } from "../../prover/src/chain/send.ts";
import { depositStake } from "../../prover/src/chain/stake.ts";
import { type PairKey, pairKey, rosterDigest } from "../../prover/src/federation/pair-keys.ts";
import { drawTrapdoor, g1, TrapdoorKey } from "../contracts/support/trapdoor-key.ts";
import { Market } from "./market.ts";

const DATA_SCALAR = 424_242n;
const VECTORS = 4;
export const MEMBER_STAKE_WEI = 10n ** 17n;
export const POOL_WEI = 10n ** 18n;
export const ROUND_TIMING = {
  trainSeconds: 1_000,
  commitSeconds: 2_000,
  proveSeconds: 3_000,
  maskSeconds: 4_000,
  takeSeconds: 5_000,
  leadSeconds: 6_000,
};
const DRAW_DELAY_BLOCKS = 8;
/** Nullifier of every average; models have their own. */
const GLOBAL_NULLIFIER = 5_000n;

/**
 * Federations on an anvil of their own with keys whose secrets are known, so that all of a member's proofs can be made at
 * once. Members are anvil's accounts, by index.
 */
export class FederationStage {
  readonly market: Market;
  readonly keys = {
    score: new TrapdoorKey(drawTrapdoor(6)),
    mask: new TrapdoorKey(drawTrapdoor(10)),
    aggregate: new TrapdoorKey(drawTrapdoor(3 + VECTORS)),
  };

  private constructor(market: Market) {
    this.market = market;
  }

  /** Starts a market and registers the keys. */
  static async start(): Promise<FederationStage> {
    const stage = new FederationStage(await Market.start());
    for (const { keyId, bytes } of Object.values(stage.keys)) {
      const key = { keyId, contributions: 0, verifyingKey: bytes };
      await registerKey(stage.sender(0), stage.market.contracts, key);
    }
    return stage;
  }

  async stop(): Promise<void> {
    await this.market.stop();
  }

  sender(index: number): Sender {
    return this.market.sender(index);
  }

  address(index: number): string {
    return this.sender(index).wallet.address;
  }

  /** Terms of a federation of three places, with native money. */
  terms(changes: Partial<FederationTerms> = {}): FederationTerms {
    return {
      scoreKeyId: this.keys.score.keyId,
      maskKeyId: this.keys.mask.keyId,
      aggregateKeyId: this.keys.aggregate.keyId,
      architectureId: 7n,
      emptyVectorDigest: 99n,
      maxFactorSum: 30,
      places: 3,
      dataPoints: [g1(DATA_SCALAR)],
      sampleCount: 360,
      toleranceCount: 50,
      bandCount: 0,
      keepBetter: true,
      maxRounds: 9,
      timing: ROUND_TIMING,
      stakeToken: ZeroAddress,
      minStakeWei: MEMBER_STAKE_WEI,
      capWei: 2n * MEMBER_STAKE_WEI,
      bondWei: MEMBER_STAKE_WEI / 10n,
      rewardToken: ZeroAddress,
      rewardWei: POOL_WEI / 2n,
      globalCommitment: 11n,
      globalCorrect: 100,
      globalUri: "ipfs://start",
      documentHash: `0x${"d".repeat(64)}`,
      documentUri: "ipfs://document",
      ...changes,
    };
  }

  /** Creates a federation from account 0, funds it and lets accounts join. */
  async create(changes: Partial<FederationTerms> = {}, members = [0, 1, 2, 3]): Promise<FederationRecord> {
    const { contracts } = this.market;
    const { federationId } = await createFederation(this.sender(0), contracts, this.terms(changes));
    const federation = await readFederation(contracts, federationId);
    if (federation.rewardToken === ZeroAddress) await fundFederation(this.sender(0), federation, POOL_WEI);
    for (const index of members) await this.join(federation, index);
    return federation;
  }

  async join(federation: FederationRecord, index: number): Promise<void> {
    const sender = this.sender(index);
    await depositStake(sender, this.market.contracts, ZeroAddress, MEMBER_STAKE_WEI, 10n ** 20n);
    const { publicKey } = this.maskKey(index);
    await joinFederation(sender, this.market.contracts, federation, MEMBER_STAKE_WEI, publicKey);
  }

  /** The mask key of an account, in all federations. */
  maskKey(index: number): PairKey {
    return pairKey(BigInt(1_000 + index));
  }

  async time(): Promise<bigint> {
    return await chainTime(this.market.connection);
  }

  async federation({ federationId }: FederationRecord): Promise<FederationRecord> {
    return await readFederation(this.market.contracts, federationId);
  }

  /** The last round, as an account sees it. */
  async round(of: FederationRecord, index = 0): Promise<RoundRecord> {
    const federation = await this.federation(of);
    const { contracts } = this.market;
    return await readRound(contracts, federation, federation.round, this.address(index), await this.time());
  }

  modelCommitment(index: number): bigint {
    return BigInt(10_000 + index);
  }

  nullifier(index: number, round: bigint): bigint {
    return BigInt(100_000 + index) + 1_000n * round;
  }

  vectorDigest(index: number, masking: number): bigint {
    return BigInt(1_000_000 + 1_000 * masking + index);
  }

  /** A valid score of an account's own model. */
  score(round: RoundRecord, index: number, correct: number): ScoreProof {
    const nullifier = this.nullifier(index, round.round);
    const commitment = this.modelCommitment(index);
    return this.#score(round, index, correct, ROUND_SCORE_PURPOSE, commitment, nullifier);
  }

  /** A valid score of a model as the global one: of the round's average unless told otherwise. */
  globalScore(
    round: RoundRecord,
    index: number,
    correct: number,
    commitment = round.globalCommitment,
    nullifier = GLOBAL_NULLIFIER,
  ): ScoreProof {
    return this.#score(round, index, correct, ROUND_GLOBAL_PURPOSE, commitment, nullifier);
  }

  #score(
    round: RoundRecord,
    index: number,
    correct: number,
    purpose: string,
    commitment: bigint,
    nullifier: bigint,
  ): ScoreProof {
    const context = roundContext(round, this.address(index), purpose);
    const statement = [context, commitment, BigInt(correct), federationWord(round), round.round, nullifier];
    const proof = this.keys.score.prove({ statement, data: DATA_SCALAR });
    return { counts: [correct], nullifier, proofs: [proof] };
  }

  /** A valid masked vector of an account for the round's present masking. */
  maskedUpdate(round: RoundRecord, federation: FederationRecord, index: number): MaskedUpdate {
    const { masking } = round;
    const roster = rosterDigest(
      round.places.map(({ key }) => key),
      federation.places,
    );
    const place = round.places.find(({ member }) => member === this.address(index))!;
    const digest = this.vectorDigest(index, masking);
    const { x, y } = this.maskKey(index).publicKey;
    const statement = [
      roundContext(round, this.address(index), ROUND_MASK_PURPOSE),
      this.modelCommitment(index),
      BigInt(place.factor),
      digest,
      x,
      y,
      roster,
      round.peers.reduce((set, peer) => set | (1n << BigInt(peer)), 0n),
      federationWord(round),
      round.round,
    ];
    const proof = this.keys.mask.prove({ statement, data: 0n });
    return { masking, rosterDigest: roster, vectorDigest: digest, uri: `ipfs://vector-${index}`, proof };
  }

  /** A valid average of the peers' vectors. */
  average(
    round: RoundRecord,
    federation: FederationRecord,
    index: number,
    name = "average",
  ): AverageDelivery {
    const indices = round.peers.map((peer) => this.#indexOf(round.places[peer]!.member));
    const digests = indices.map((peer) => this.vectorDigest(peer, round.masking));
    const fill = new Array<bigint>(VECTORS - digests.length).fill(federation.emptyVectorDigest);
    const factorSum = round.peers.reduce((sum, peer) => sum + BigInt(round.places[peer]!.factor), 0n);
    const globalCommitment = BigInt(`0x${Buffer.from(name).toString("hex")}`) + round.round;
    const statement = [
      roundContext(round, this.address(index), ROUND_AGGREGATE_PURPOSE),
      factorSum,
      globalCommitment,
      ...digests,
      ...fill,
    ];
    const proof = this.keys.aggregate.prove({ statement, data: 0n });
    return { globalCommitment, uri: `ipfs://${name}-${round.round}`, proof };
  }

  #indexOf(member: string): number {
    return [0, 1, 2, 3].find((index) => this.address(index) === member)!;
  }

  /** Starts a round in which accounts prove counts, with factors 1, 2, …; returns it in its first masking. */
  async playToMasking(
    federation: FederationRecord,
    counts: Readonly<Record<number, number>>,
  ): Promise<RoundRecord> {
    await startRound(this.sender(1), await this.federation(federation));
    const indices = Object.keys(counts).map(Number);
    await this.market.pass(ROUND_TIMING.trainSeconds + 1);
    const round = await this.round(federation);
    for (const [order, index] of indices.entries()) {
      await commitLocalModel(this.sender(index), round, this.modelCommitment(index), order + 1);
    }
    await this.market.pass(ROUND_TIMING.commitSeconds);
    for (const index of indices) {
      await proveLocalScore(this.sender(index), round, this.score(round, index, counts[index]!));
    }
    await this.market.pass(ROUND_TIMING.proveSeconds);
    await advanceRound(this.sender(0), await this.round(federation));
    return await this.round(federation);
  }

  /** Lets accounts mask. */
  async mask(federation: FederationRecord, indices: readonly number[]): Promise<void> {
    const round = await this.round(federation);
    for (const index of indices) {
      await maskModel(this.sender(index), round, this.maskedUpdate(round, federation, index));
    }
  }

  /** Draws the leader once all have masked; returns its index. */
  async elect(federation: FederationRecord): Promise<number> {
    await this.market.mine(DRAW_DELAY_BLOCKS);
    await advanceRound(this.sender(0), await this.round(federation));
    return await this.leader(federation);
  }

  /** Index of the present leader. */
  async leader(federation: FederationRecord): Promise<number> {
    const round = await this.round(federation);
    return this.#indexOf(round.places[round.leaderPlace!]!.member);
  }

  /** Takes the lead after the time for reports. */
  async lead(federation: FederationRecord, leader: number): Promise<void> {
    const elected = await this.round(federation);
    const waitSeconds = Number(reportsEnd(elected, ROUND_TIMING) - (await this.time()));
    if (waitSeconds >= 0) await this.market.pass(waitSeconds + 1);
    await takeLead(this.sender(leader), elected);
  }

  /** Takes the lead, delivers the average and proves a count of it. */
  async deliver(federation: FederationRecord, leader: number, correct: number): Promise<void> {
    const sender = this.sender(leader);
    await this.lead(federation, leader);
    const round = await this.round(federation);
    await deliverAverage(sender, round, this.average(round, federation, leader));
    const delivered = await this.round(federation);
    await scoreAverage(sender, delivered, this.globalScore(delivered, leader, correct));
  }

  /** Plays a whole round; returns the index of its leader. */
  async play(
    federation: FederationRecord,
    counts: Readonly<Record<number, number>>,
    correct: number,
  ): Promise<number> {
    const round = await this.playToMasking(federation, counts);
    await this.mask(
      federation,
      round.peers.map((peer) => this.#indexOf(round.places[peer]!.member)),
    );
    const leader = await this.elect(federation);
    await this.deliver(federation, leader, correct);
    return leader;
  }
}
