import { z } from "zod";

import type { RoundAccuracyInstance } from "../circuits/accuracy.ts";
import type { AggregateInstance } from "../circuits/aggregate.ts";
import { AGGREGATE_SCHEMA, MASKED_UPDATE_SCHEMA, ROUND_ACCURACY_SCHEMA } from "../circuits/instances.ts";
import type { MaskedUpdateInstance } from "../circuits/masked-update.ts";
import type { DocumentKind } from "../data/document.ts";
import { ProverError } from "../errors.ts";
import { canonicalArchitecture } from "../model/architecture.ts";
import { type PublicTestSet, PUBLIC_TEST_SET_SCHEMA } from "../task/task-document.ts";
import { TRAINING_OPTIONS_SCHEMA } from "../training/training-options.ts";
import {
  TRAINING_RULE_SCHEMA,
  type TrainingRule,
  validateTrainingRule,
  WEIGHT_FRACTION_BITS,
} from "../verifiable/training-rule.ts";
import { FederationError } from "./federation-error.ts";

/** The circuits of a federation's three proofs, with the ids of their keys. */
export interface FederationCircuits {
  readonly score: RoundAccuracyInstance;
  readonly scoreKeyId: string;
  readonly mask: MaskedUpdateInstance;
  readonly maskKeyId: string;
  readonly aggregate: AggregateInstance;
  readonly aggregateKeyId: string;
}

/** How members are advised to train in a round. Nobody can check that they do. */
export type LocalTrainingAdvice = FloatTrainingAdvice | IntegerTrainingAdvice;

/** Training with floats; see TrainingOptions. */
export interface FloatTrainingAdvice {
  readonly kind: "float";
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly inputNoise: number;
}

/** Training with integers by a rule of the federation's architecture, whose weights have a scale of 2^-12 each. */
export interface IntegerTrainingAdvice {
  readonly kind: "integer";
  readonly rule: TrainingRule;
}

/**
 * Where the model of the start comes from: a seed that determines it (see randomStartModel), or training by the sponsor, which
 * members cannot repeat.
 */
export type StartOrigin = { readonly kind: "random"; readonly seed: string } | { readonly kind: "trained" };

/**
 * What a sponsor publishes about a federation: enough for anybody to rebuild the circuits, to recompute the data points, and
 * to train models that can be averaged. The contract has its digest.
 */
export interface FederationDocument {
  readonly title: string;
  /** Their architectures are one and the same: that of all models. */
  readonly circuits: FederationCircuits;
  readonly testSet: PublicTestSet;
  /** Over all shards. */
  readonly sampleCount: number;
  /** Licence of the test set, e.g. an SPDX identifier. */
  readonly licence: string;
  /** Per layer: real weight = weightScale·w, the same for all members and rounds, or averages would mean nothing. */
  readonly weightScales: readonly number[];
  readonly training: LocalTrainingAdvice;
  /** A member's factor is its number of samples divided by this, rounded, from 1 to what the contract allows. */
  readonly samplesPerFactor: number;
  readonly start: StartOrigin;
}

const HASH = z.string().regex(/^0x[0-9a-f]{64}$/, "is not 32 bytes in lower-case hexadecimal");

const FEDERATION_SCHEMA = z
  .object({
    title: z.string().min(1).max(200),
    circuits: z
      .object({
        score: ROUND_ACCURACY_SCHEMA,
        scoreKeyId: HASH,
        mask: MASKED_UPDATE_SCHEMA,
        maskKeyId: HASH,
        aggregate: AGGREGATE_SCHEMA,
        aggregateKeyId: HASH,
      })
      .strict(),
    testSet: PUBLIC_TEST_SET_SCHEMA,
    sampleCount: z.number().int().min(1),
    licence: z.string().min(1).max(200),
    weightScales: z.array(z.number().positive().finite()).min(1).max(32),
    training: z.discriminatedUnion("kind", [
      TRAINING_OPTIONS_SCHEMA.omit({ hiddenSizes: true, seed: true })
        .extend({ kind: z.literal("float") })
        .strict(),
      z.object({ kind: z.literal("integer"), rule: TRAINING_RULE_SCHEMA }).strict(),
    ]),
    samplesPerFactor: z.number().int().min(1).max(1_000_000_000),
    start: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("random"), seed: z.string().max(200) }).strict(),
      z.object({ kind: z.literal("trained") }).strict(),
    ]),
  })
  .strict();

type FederationContent = z.infer<typeof FEDERATION_SCHEMA>;

/** A saved federation document; public. */
export const FEDERATION_DOCUMENT: DocumentKind<FederationDocument, FederationContent> = {
  format: "zkpot.federation",
  isSecret: false,
  version: 1,
  schema: FEDERATION_SCHEMA,
  encode: (document) => structuredClone(document) as FederationContent,
  decode: (content) => {
    checkFederationDocument(content);
    return content;
  },
};

/** The factor of a member in the average: larger for who has more samples. */
export function memberFactor(
  sampleCount: number,
  { samplesPerFactor }: Pick<FederationDocument, "samplesPerFactor">,
  maxFactor: number,
): number {
  return Math.min(Math.max(Math.round(sampleCount / samplesPerFactor), 1), maxFactor);
}

/** Throws FederationError `federation.document` unless the parts of a document go together. */
export function checkFederationDocument({
  circuits,
  testSet,
  sampleCount,
  weightScales,
  training,
}: FederationDocument): void {
  const { score, mask, aggregate } = circuits;
  const [architecture, ...others] = [score, mask, aggregate].map((circuit) =>
    canonicalArchitecture(circuit.architecture),
  );
  if (others.some((other) => other !== architecture)) {
    throw documentError(
      `its circuits ${score.id}, ${mask.id} and ${aggregate.id} are of several architectures`,
    );
  }
  if (mask.maxFactorSum !== aggregate.maxFactorSum) {
    throw documentError(
      `${mask.id} takes factors that sum to ${mask.maxFactorSum}, ${aggregate.id} to ${aggregate.maxFactorSum}`,
    );
  }
  if (mask.members > aggregate.vectors) {
    throw documentError(
      `${mask.id} has ${mask.members} places, ${aggregate.id} takes ${aggregate.vectors} vectors`,
    );
  }
  const layers = score.architecture.layerSizes.length - 1;
  if (weightScales.length !== layers) {
    throw documentError(`it has ${weightScales.length} weight scales for ${layers} layers`);
  }
  if (training.kind === "integer") {
    if (canonicalArchitecture(training.rule.architecture) !== architecture) {
      throw documentError("its training rule is for models of another architecture");
    }
    if (weightScales.some((scale) => scale !== 2 ** -WEIGHT_FRACTION_BITS)) {
      throw documentError(
        `integers are trained at a scale of 2^-${WEIGHT_FRACTION_BITS}, not at the ones it names`,
      );
    }
    requireUsableRule(training.rule);
  }
  const counted = testSet.shards.reduce((sum, shard) => sum + shard.sampleCount, 0);
  if (counted !== sampleCount) throw documentError(`it counts ${sampleCount} samples, its shards ${counted}`);
}

/** A rule that cannot be used would show when members train, after they have staked. */
function requireUsableRule(rule: TrainingRule): void {
  try {
    validateTrainingRule(rule);
  } catch (cause) {
    if (!(cause instanceof ProverError)) throw cause;
    throw documentError(cause.message, cause);
  }
}

function documentError(problem: string, cause?: ProverError): FederationError {
  return new FederationError(
    "federation.document",
    `the federation's document does not hold together: ${problem}`,
    "Name circuits of one federation; see `zkpot circuit list`.",
    { problem },
    { cause },
  );
}
