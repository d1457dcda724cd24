import { expect } from "chai";
import path from "node:path";

import {
  federationWord,
  ROUND_AGGREGATE_PURPOSE,
  ROUND_GLOBAL_PURPOSE,
  ROUND_MASK_PURPOSE,
  ROUND_SCORE_PURPOSE,
  roundContext,
} from "../../../prover/src/chain/context.ts";
import type { ChainProof } from "../../../prover/src/chain/tasks.ts";
import { buildCircuit, CIRCUITS_DIRECTORY } from "../../../prover/src/circuits/build.ts";
import { type CircuitInstance, circuitLayout } from "../../../prover/src/circuits/instance.ts";
import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import type { IntegerSamples } from "../../../prover/src/data/samples.ts";
import { SeededRandom } from "../../../prover/src/data/random.ts";
import { averageVectors } from "../../../prover/src/federation/average.ts";
import { peerSetWord } from "../../../prover/src/federation/masks.ts";
import { pairKeyFromSeed, rosterDigest } from "../../../prover/src/federation/pair-keys.ts";
import { vectorDigest } from "../../../prover/src/federation/parameter-vector.ts";
import {
  type ProofSite,
  proveAverage,
  proveGlobalCount,
  proveLocalCount,
  proveMaskedModel,
  type RoundCircuit,
  type ScoreShard,
} from "../../../prover/src/federation/round-proofs.ts";
import { modelCommitment, roundNullifier } from "../../../prover/src/model/commitment.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import type { Groth16Proof } from "../../../prover/src/proof/challenge.ts";
import { makeDevelopmentKeys } from "../../../prover/src/proof/keys/development.ts";
import { decodeVerifyingKey } from "../../../prover/src/proof/keys/verifying-key.ts";
import { releaseCurve } from "../../../prover/src/proof/multi-exponentiation.ts";
import { datasetPoint } from "../../../prover/src/proof/prove.ts";
import { verifyProof } from "../../../prover/src/proof/verify.ts";
import { emptyVectorDigest } from "../../../prover/src/witness/aggregate-witness.ts";
import { accuracyDatasetBlock } from "../../../prover/src/witness/accuracy-witness.ts";
import { randomModel } from "../../circuits/support/accuracy-case.ts";

const BUILD = path.join(path.dirname(CIRCUITS_DIRECTORY), "build");
const NO_DATA_POINT = { x: 0n, y: 0n };
const FACTORS = [1, 2, 3];

async function open<Instance extends CircuitInstance>(instance: Instance): Promise<RoundCircuit<Instance>> {
  const circuit = await buildCircuit(instance, path.join(BUILD, "circuits"));
  return { circuit, keys: await makeDevelopmentKeys(circuit, path.join(BUILD, "keys", instance.id)) };
}

/** Whether a proof holds for the words, and for none of those in which one word is another. */
function expectProof(
  { circuit, keys }: RoundCircuit<CircuitInstance>,
  words: readonly bigint[],
  { a, b, c, blockCommitment, blockKnowledge }: ChainProof,
  dataPoint = NO_DATA_POINT,
): void {
  expect(words).to.have.lengthOf(
    circuitLayout(circuit.instance).statement.reduce(
      (sum, { dimensions }) => sum + dimensions.reduce((size, dimension) => size * dimension, 1),
      0,
    ),
  );
  const key = decodeVerifyingKey(keys.manifest.verifyingKey);
  const point = ({ x, y }: ChainProof["a"]) => ({ x: BigInt(x), y: BigInt(y) });
  const proof: Groth16Proof = {
    a: point(a),
    b: { x: [BigInt(b.xReal), BigInt(b.xImag)], y: [BigInt(b.yReal), BigInt(b.yImag)] },
    c: point(c),
    blockCommitment: point(blockCommitment),
    blockKnowledge: point(blockKnowledge),
  };
  const holds = (statement: readonly bigint[]) => verifyProof(key, keys.keyId, statement, dataPoint, proof);
  expect(holds(words)).to.equal(true);
  for (const [index, word] of words.entries()) {
    expect(holds(words.with(index, word + 1n)), `word ${index}`).to.equal(false);
  }
}

describe("The proofs of a round", function () {
  this.timeout(600_000);
  after(() => releaseCurve());

  const random = new SeededRandom("1", "round proofs");
  const place = { chainId: 31337n, address: `0x${"ab".repeat(20)}`, federationId: 3n, round: 2n };
  const federation = federationWord(place);
  const sites = FACTORS.map((_, i): ProofSite => ({ place, member: `0x${`1${i}`.repeat(20)}` }));
  const keys = FACTORS.map((_, i) => pairKeyFromSeed(BigInt(1000 + i)));
  const roster = keys.map(({ publicKey }) => publicKey);
  let score: RoundCircuit<Awaited<ReturnType<typeof loadCircuitInstance<"round-accuracy">>>>;
  let shards: ScoreShard[];

  before(async () => {
    score = await open(await loadCircuitInstance("round-accuracy", "round-4-3-3x10"));
    shards = [];
    for (const sampleCount of [10, 6]) {
      const samples: IntegerSamples = {
        sampleCount,
        featureCount: 4,
        classCount: 3,
        features: Int32Array.from({ length: sampleCount * 4 }, () => random.nextInteger(16)),
        labels: Int32Array.from({ length: sampleCount }, (_, index) => index % 3),
      };
      const block = accuracyDatasetBlock(score.circuit.instance, samples);
      const dataPoint = await datasetPoint(circuitLayout(score.circuit.instance), score.keys, block);
      shards.push({ samples, dataPoint });
    }
  });

  /** A random model whose values stay in their ranges on the test set. */
  const provableModel = () => {
    for (;;) {
      const model = randomModel(score.circuit.instance.architecture, random);
      try {
        for (const { samples } of shards) runReference(model, samples);
        return model;
      } catch {
        continue;
      }
    }
  };

  it("state a model's count on every shard, with its nullifier, for one purpose", async () => {
    const model = provableModel();
    for (const [proveCount, purpose, salt] of [
      [proveLocalCount, ROUND_SCORE_PURPOSE, 77n],
      [proveGlobalCount, ROUND_GLOBAL_PURPOSE, 0n],
    ] as const) {
      const proven = await proveCount(score, sites[0]!, { model, salt }, shards);
      expect(proven.nullifier).to.equal(roundNullifier(federation, place.round, model));
      for (const [index, { samples, dataPoint }] of shards.entries()) {
        const { correctCount } = runReference(model, samples);
        expect(proven.counts[index]).to.equal(correctCount);
        const words = [
          roundContext(place, sites[0]!.member, purpose),
          modelCommitment(model, salt),
          BigInt(correctCount),
          federation,
          place.round,
          proven.nullifier,
        ];
        expectProof(score, words, proven.proofs[index]!, dataPoint);
      }
    }
  });

  it("state masked models and their average", async () => {
    const masked = await open(await loadCircuitInstance("masked-update", "masked-4-3-3x4"));
    const aggregate = await open(await loadCircuitInstance("aggregate", "aggregate-4-3-3x4"));
    const { architecture, maxFactorSum, members } = masked.circuit.instance;
    const models = FACTORS.map(() => randomModel(architecture, random));
    const vectors: (readonly bigint[])[] = [];
    for (const [i, site] of sites.entries()) {
      const opened = { model: models[i]!, salt: BigInt(100 + i) };
      const mask = { factor: FACTORS[i]!, key: keys[i]!, roster, peerPlaces: [0, 1, 2] };
      const proven = await proveMaskedModel(masked, site, opened, mask);
      expect(proven.vectorDigest).to.equal(vectorDigest(proven.vector));
      expect(proven.rosterDigest).to.equal(rosterDigest(roster, members));
      const { x, y } = keys[i]!.publicKey;
      const words = [
        roundContext(place, site.member, ROUND_MASK_PURPOSE),
        modelCommitment(opened.model, opened.salt),
        BigInt(mask.factor),
        proven.vectorDigest,
        ...[x, y],
        proven.rosterDigest,
        peerSetWord(mask.peerPlaces),
        federation,
        place.round,
      ];
      expectProof(masked, words, proven.proof);
      vectors.push(proven.vector);
    }
    const average = await proveAverage(aggregate, sites[1]!, vectors, 6);
    expect(average.model).to.deep.equal(averageVectors(vectors, architecture, 6, maxFactorSum).model);
    const words = [
      roundContext(place, sites[1]!.member, ROUND_AGGREGATE_PURPOSE),
      6n,
      modelCommitment(average.model, 0n),
      ...vectors.map(vectorDigest),
      emptyVectorDigest(aggregate.circuit.instance),
    ];
    expect(average.globalCommitment).to.equal(words[2]);
    expectProof(aggregate, words, average.proof);
  });
});
