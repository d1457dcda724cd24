import type { FederationRecord } from "../chain/federations.ts";
import type { ScoreProof } from "../chain/rounds.ts";
import type { IntegerSamples } from "../data/samples.ts";
import { joinSamples } from "../data/test-set.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import type { TrainingBackend } from "../training/backend.ts";
import type { FederationFiles, FederationProvers } from "./federation-files.ts";
import { trainLocal } from "./local-training.ts";
import { localTrainingSeed, type MemberSecrets } from "./member-key.ts";
import type { PairKey, PublicKey } from "./pair-keys.ts";
import {
  type OpenedModel,
  type ProofSite,
  proveAverage,
  proveGlobalCount,
  proveLocalCount,
  proveMaskedModel,
  type ProvenAverage,
  type ProvenVector,
  type ProvingOptions,
  type ScoreShard,
} from "./round-proofs.ts";

/** Towards whom a model is masked, and how it weighs. */
export interface Masking {
  readonly factor: number;
  readonly key: PairKey;
  readonly roster: readonly PublicKey[];
  readonly peerPlaces: readonly number[];
}

/** The parts of a round that take time, each from plain values to plain values. */
export interface MemberStages {
  /** Trains from the global model; returns a model that can be proven. */
  train(site: ProofSite, globalModel: IntegerModel): Promise<IntegerModel>;
  proveLocalCount(site: ProofSite, opened: OpenedModel): Promise<ScoreProof>;
  proveMaskedModel(site: ProofSite, opened: OpenedModel, masking: Masking): Promise<ProvenVector>;
  proveAverage(
    site: ProofSite,
    vectors: readonly (readonly bigint[])[],
    factorSum: number,
  ): Promise<ProvenAverage>;
  proveGlobalCount(site: ProofSite, opened: OpenedModel): Promise<ScoreProof>;
}

/** What a member trains with. */
export interface TrainerInputs {
  readonly files: FederationFiles;
  /** The member's own samples, by the federation's mapping of features. Secret. */
  readonly samples: IntegerSamples;
  readonly secrets: Pick<MemberSecrets, "trainingKey">;
  readonly openBackend: () => Promise<TrainingBackend>;
  readonly signal?: AbortSignal | undefined;
}

/** What a member's stages work with. */
export interface StageInputs extends TrainerInputs {
  readonly federation: Pick<FederationRecord, "dataPoints">;
  readonly provers: FederationProvers;
  readonly proving?: ProvingOptions;
  /** Told before each stage. */
  readonly onStage?: ((stage: keyof MemberStages, site: ProofSite) => void) | undefined;
}

/** Trains on a member's own samples, with a secret seed for each round: the same model whenever it is asked for. */
export function memberTrainer(inputs: TrainerInputs): MemberStages["train"] {
  const { files, samples, secrets, openBackend, signal } = inputs;
  const testSamples = joinSamples(files.shards.map(({ testSet }) => testSet.samples));
  return async ({ place }, globalModel) => {
    const { document } = files;
    const seed = localTrainingSeed(secrets.trainingKey, place.round);
    const trained = await trainLocal({
      ...{ document, globalModel, samples, testSamples, seed, openBackend, signal },
    });
    return trained.model;
  };
}

/** The stages of a member that trains on its own samples and proves with the federation's circuits. */
export function memberStages(inputs: StageInputs): MemberStages {
  const { federation, files, provers, proving, onStage } = inputs;
  const train = memberTrainer(inputs);
  const shards = files.shards.map(({ testSet }, index): ScoreShard => ({
    samples: testSet.samples,
    dataPoint: federation.dataPoints[index]!,
  }));
  return {
    train: async (site, globalModel) => {
      onStage?.("train", site);
      return await train(site, globalModel);
    },
    proveLocalCount: async (site, opened) => {
      onStage?.("proveLocalCount", site);
      return await proveLocalCount(provers.score, site, opened, shards, proving);
    },
    proveMaskedModel: async (site, opened, masking) => {
      onStage?.("proveMaskedModel", site);
      return await proveMaskedModel(provers.mask, site, opened, masking, proving);
    },
    proveAverage: async (site, vectors, factorSum) => {
      onStage?.("proveAverage", site);
      return await proveAverage(provers.aggregate, site, vectors, factorSum, proving);
    },
    proveGlobalCount: async (site, opened) => {
      onStage?.("proveGlobalCount", site);
      return await proveGlobalCount(provers.score, site, opened, shards, proving);
    },
  };
}
