import {
  federationWord,
  ROUND_AGGREGATE_PURPOSE,
  ROUND_GLOBAL_PURPOSE,
  ROUND_MASK_PURPOSE,
  ROUND_SCORE_PURPOSE,
  roundContext,
  type RoundPlace,
} from "../chain/context.ts";
import { toChainProof } from "../chain/chain-proof.ts";
import type { ScoreProof } from "../chain/rounds.ts";
import type { ChainPoint, ChainProof } from "../chain/tasks.ts";
import type { RoundAccuracyInstance } from "../circuits/accuracy.ts";
import type { AggregateInstance } from "../circuits/aggregate.ts";
import type { CompiledCircuit } from "../circuits/build.ts";
import { type CircuitInstance, circuitLayout } from "../circuits/instance.ts";
import type { MaskedUpdateInstance } from "../circuits/masked-update.ts";
import type { IntegerSamples } from "../data/samples.ts";
import { modelCommitment, roundNullifier } from "../model/commitment.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { type ProverBackend, SNARKJS_BACKEND } from "../proof/backend.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import { proveCircuit, type ProvingStep } from "../proof/prove.ts";
import { accuracyCommittedBlock, accuracyDatasetBlock } from "../witness/accuracy-witness.ts";
import { aggregateWitness } from "../witness/aggregate-witness.ts";
import { maskedUpdateWitness } from "../witness/masked-update-witness.ts";
import type { PairKey, PublicKey } from "./pair-keys.ts";

/** A circuit of a federation with its keys. */
export interface RoundCircuit<Instance extends CircuitInstance> {
  readonly circuit: CompiledCircuit<Instance>;
  readonly keys: KeySet;
}

/** Whose proof it is, and in which round. */
export interface ProofSite {
  readonly place: RoundPlace;
  /** Account that hands the proof in. */
  readonly member: string;
}

/** How proofs are made. */
export interface ProvingOptions {
  readonly backend?: ProverBackend;
  /** Told of each step of a proof; of counts also for which shard, else 0. */
  readonly onStep?: (step: ProvingStep, shard: number) => void;
}

/** One part of a federation's test set. */
export interface ScoreShard {
  readonly samples: IntegerSamples;
  /** As the contract stores it. */
  readonly dataPoint: ChainPoint;
}

/** A model with what opens its commitment. */
export interface OpenedModel {
  readonly model: IntegerModel;
  /** 0 for a global model. */
  readonly salt: bigint;
}

/** What a member publishes of its model in a masking. */
export interface ProvenVector {
  readonly vector: readonly bigint[];
  readonly rosterDigest: bigint;
  readonly vectorDigest: bigint;
  readonly proof: ChainProof;
}

/** A round's average. */
export interface ProvenAverage {
  readonly model: IntegerModel;
  /** With salt 0. */
  readonly globalCommitment: bigint;
  readonly proof: ChainProof;
}

const NO_DATA_POINT: ChainPoint = { x: 0n, y: 0n };

/**
 * Proves how many samples of each shard a member's own model classifies correctly, all that it can.
 *
 * Throws ModelError when a value of the model leaves its range on a sample, WitnessError, and ProofError.
 */
export async function proveLocalCount(
  score: RoundCircuit<RoundAccuracyInstance>,
  site: ProofSite,
  opened: OpenedModel,
  shards: readonly ScoreShard[],
  options: ProvingOptions = {},
): Promise<ScoreProof> {
  return await proveCount(score, site, ROUND_SCORE_PURPOSE, opened, shards, options);
}

/** The same of a model that is to become the global one; throws as proveLocalCount. */
export async function proveGlobalCount(
  score: RoundCircuit<RoundAccuracyInstance>,
  site: ProofSite,
  opened: OpenedModel,
  shards: readonly ScoreShard[],
  options: ProvingOptions = {},
): Promise<ScoreProof> {
  return await proveCount(score, site, ROUND_GLOBAL_PURPOSE, opened, shards, options);
}

/**
 * Masks a member's proven model towards the peers at some places of the roster, and proves it.
 *
 * Throws FederationError for a roster, factor or peers that cannot be used, and ProofError.
 */
export async function proveMaskedModel(
  masked: RoundCircuit<MaskedUpdateInstance>,
  { place, member }: ProofSite,
  { model, salt }: OpenedModel,
  mask: {
    readonly factor: number;
    readonly key: PairKey;
    readonly roster: readonly PublicKey[];
    readonly peerPlaces: readonly number[];
  },
  options: ProvingOptions = {},
): Promise<ProvenVector> {
  const { vector, ...witness } = maskedUpdateWitness(masked.circuit.instance, {
    context: roundContext(place, member, ROUND_MASK_PURPOSE),
    model,
    salt,
    weightFactor: mask.factor,
    member: { federation: federationWord(place), round: place.round, key: mask.key, roster: mask.roster },
    peerPlaces: mask.peerPlaces,
  });
  const { maskedDigest, peersDigest } = witness.statement;
  return {
    vector,
    rosterDigest: peersDigest![0]!,
    vectorDigest: maskedDigest![0]!,
    proof: await prove(masked, witness, {}, NO_DATA_POINT, options),
  };
}

/**
 * Averages the models behind vectors whose masks cancel, and proves it.
 *
 * @param vectors In the order of their places.
 * Throws FederationError `federation.masked` when masks have not cancelled, and ProofError.
 */
export async function proveAverage(
  aggregate: RoundCircuit<AggregateInstance>,
  { place, member }: ProofSite,
  vectors: readonly (readonly bigint[])[],
  factorSum: number,
  options: ProvingOptions = {},
): Promise<ProvenAverage> {
  const context = roundContext(place, member, ROUND_AGGREGATE_PURPOSE);
  const { model, ...witness } = aggregateWitness(aggregate.circuit.instance, context, vectors, factorSum);
  return {
    model,
    globalCommitment: witness.statement["globalCommitment"]![0]!,
    proof: await prove(aggregate, witness, {}, NO_DATA_POINT, options),
  };
}

async function proveCount(
  score: RoundCircuit<RoundAccuracyInstance>,
  { place, member }: ProofSite,
  purpose: string,
  { model, salt }: OpenedModel,
  shards: readonly ScoreShard[],
  options: ProvingOptions,
): Promise<ScoreProof> {
  const { instance } = score.circuit;
  const context = roundContext(place, member, purpose);
  const federation = federationWord(place);
  const nullifier = roundNullifier(federation, place.round, model);
  const counts: number[] = [];
  const proofs: ChainProof[] = [];
  for (const [shard, { samples, dataPoint }] of shards.entries()) {
    const { committed, claimed } = accuracyCommittedBlock(instance, model, samples);
    const witness = {
      statement: {
        context: [context],
        modelCommitment: [modelCommitment(model, salt)],
        correct: [BigInt(claimed)],
        roundStatement: [federation, place.round, nullifier],
      },
      committed,
      private: { salt: [salt] },
    };
    counts.push(claimed);
    const dataset = accuracyDatasetBlock(instance, samples);
    proofs.push(await prove(score, witness, dataset, dataPoint, options, shard));
  }
  return { counts, nullifier, proofs };
}

async function prove(
  { circuit, keys }: RoundCircuit<CircuitInstance>,
  witness: Pick<Parameters<typeof proveCircuit>[0], "statement" | "committed" | "private">,
  dataset: Parameters<typeof proveCircuit>[0]["dataset"],
  dataPoint: ChainPoint,
  { backend = SNARKJS_BACKEND, onStep }: ProvingOptions,
  shard = 0,
): Promise<ChainProof> {
  const proof = await proveCircuit(
    { circuit, layout: circuitLayout(circuit.instance), keys, ...witness, dataset, dataPoint },
    {
      backend,
      onStep: (step) => {
        onStep?.(step, shard);
      },
    },
  );
  return toChainProof(proof);
}
