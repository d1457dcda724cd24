import { modelCommitment } from "../../prover/src/model/commitment.ts";
import { batchOrder } from "../../prover/src/verifiable/batch-order.ts";
import { batchCommitments, cutBatches } from "../../prover/src/verifiable/batches.ts";
import { commitCheckpoints } from "../../prover/src/verifiable/commit-trace.ts";
import { DEFAULT_TRAINING_RULES } from "../../prover/src/verifiable/default-rules.ts";
import { initialModel } from "../../prover/src/verifiable/initial-model.ts";
import { merklePairPath, merklePath, merkleRoot, merkleVector } from "../../prover/src/merkle-vector.ts";
import { trainVerifiably } from "../../prover/src/verifiable/train.ts";
import {
  canonicalTrainingRule,
  learningRateFactor,
  trainingRuleDigest,
} from "../../prover/src/verifiable/training-rule.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import { TINY_RULE, tinySamples } from "../prover/support/training-rules.ts";

const SEED = 0xc4a11e570123456789abcdef0123456789abcdef0123456789abcdef0123455an;

/**
 * What test/vectors/training.json holds: values that TypeScript, circuits and contracts must agree on, each computed
 * from the seed, the tiny rule's samples and the run key 0x0707…07. Field elements and words are decimal strings.
 */
export async function trainingVectors(): Promise<unknown> {
  const runKey = new Uint8Array(32).fill(7);
  const samples = tinySamples();
  const batches = cutBatches(TINY_RULE, samples);
  const batchValues = batchCommitments(TINY_RULE, batches, runKey);
  const batchTree = merkleVector(batchValues);
  const models: IntegerModel[] = [];
  const { stepCount } = await trainVerifiably({
    rule: TINY_RULE,
    seed: SEED,
    train: samples,
    onCheckpoint: (_, model) => void models.push(model),
  });
  const checkpoints = await commitCheckpoints(models.length, (step) => models[step]!, runKey);
  const traceTree = merkleVector(checkpoints);
  const digits = DEFAULT_TRAINING_RULES["digits"]!;
  return {
    seed: `0x${SEED.toString(16).padStart(64, "0")}`,
    defaultRules: Object.fromEntries(
      Object.entries(DEFAULT_TRAINING_RULES).map(([name, rule]) => [
        name,
        { canonical: canonicalTrainingRule(rule), digest: trainingRuleDigest(rule) },
      ]),
    ),
    batchOrders: [1, 2, 5, 44, 300].flatMap((batchCount) =>
      [0, 1, 39].map((epoch) => ({ batchCount, epoch, order: [...batchOrder(SEED, epoch, batchCount)] })),
    ),
    learningRateFactors: [0, 439, 440, 1_759, 5_000].map((step) => ({
      initialRateBits: digits.initialRateBits,
      halvingSteps: digits.halvingSteps,
      step,
      factor: learningRateFactor(digits, step),
    })),
    digitsInitialModel: {
      firstWeights: [...initialModel(digits, SEED).layers[0]!.weights.slice(0, 32)],
      commitmentWithSalt1: modelCommitment(initialModel(digits, SEED), 1n).toString(),
    },
    tinyRun: {
      rule: TINY_RULE,
      runKey: `0x${"07".repeat(32)}`,
      stepCount,
      features: [...samples.features],
      labels: [...samples.labels],
      batchCommitments: batchValues.map(String),
      batchRoot: merkleRoot(batchTree),
      batchPaths: batchValues.map((_, index) => merklePath(batchTree, index)),
      models: models.map(({ layers }) =>
        layers.map(({ weights, biases }) => ({ weights: [...weights], biases: [...biases] })),
      ),
      checkpoints: checkpoints.map(String),
      traceRoot: merkleRoot(traceTree),
      tracePaths: checkpoints.map((_, index) => merklePath(traceTree, index)),
      tracePairPaths: checkpoints.slice(1).map((_, index) => merklePairPath(traceTree, index)),
    },
  };
}
