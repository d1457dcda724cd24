import path from "node:path";

import { expect } from "chai";

import { buildCircuit, CIRCUITS_DIRECTORY } from "../../../prover/src/circuits/build.ts";
import type { CircuitInstance } from "../../../prover/src/circuits/instance.ts";
import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import { fitInputQuantization, quantizeInputs } from "../../../prover/src/data/input-quantization.ts";
import { averageVectors } from "../../../prover/src/federation/average.ts";
import {
  type FederationFiles,
  readFederationFiles,
} from "../../../prover/src/federation/federation-files.ts";
import { type MemberStages, memberStages } from "../../../prover/src/federation/member-stages.ts";
import { pairKeyFromSeed } from "../../../prover/src/federation/pair-keys.ts";
import { parameterVector } from "../../../prover/src/federation/parameter-vector.ts";
import { publishFederation } from "../../../prover/src/federation/publish-federation.ts";
import type { ProofSite, RoundCircuit } from "../../../prover/src/federation/round-proofs.ts";
import { defaultWeightScales, randomStartModel } from "../../../prover/src/federation/start-model.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import { makeDevelopmentKeys } from "../../../prover/src/proof/keys/development.ts";
import { releaseCurve } from "../../../prover/src/proof/multi-exponentiation.ts";
import { taskDataPoints } from "../../../prover/src/task/check-task.ts";
import { openBackend } from "../../../prover/src/training/backend.ts";
import { clusters } from "../support/datasets.ts";
import { MemoryArtifacts } from "../support/memory-artifacts.ts";

const BUILD = path.join(path.dirname(CIRCUITS_DIRECTORY), "build");
const FACTORS = [1, 2, 3];

async function open<Instance extends CircuitInstance>(instance: Instance): Promise<RoundCircuit<Instance>> {
  const circuit = await buildCircuit(instance, path.join(BUILD, "circuits"));
  return { circuit, keys: await makeDevelopmentKeys(circuit, path.join(BUILD, "keys", instance.id)) };
}

/** Each proof is verified by who makes it, under the same words as the contract states: a wrong one throws. */
describe("memberStages", () => {
  let files: FederationFiles;
  let stagesOf: (member: number, trainingKey?: Uint8Array) => MemberStages;
  /** What the stages told of themselves, since it was last emptied. */
  const told: string[] = [];
  const site = (member: number, round = 1n): ProofSite => ({
    place: { chainId: 31337n, address: `0x${"c".repeat(40)}`, federationId: 4n, round },
    member: `0x${String(member + 1).repeat(40)}`,
  });
  before(async () => {
    const provers = {
      score: await open(await loadCircuitInstance("round-accuracy", "round-4-3-3x10")),
      mask: await open(await loadCircuitInstance("masked-update", "masked-4-3-3x4")),
      aggregate: await open(await loadCircuitInstance("aggregate", "aggregate-4-3-3x4")),
    };
    const score = provers.score.circuit.instance;
    const artifacts = new MemoryArtifacts();
    const draw = (seed: string, perClass: number) =>
      clusters({ classCount: 3, perClass, featureCount: 4, seed });
    const whole = draw("mapping", 40);
    const inputQuantization = fitInputQuantization(whole, score.architecture.inputBits);
    const { samples } = quantizeInputs(draw("test", 6), inputQuantization);
    const training = { kind: "float" as const, epochs: 5, batchSize: 8, learningRate: 0.02 };
    const published = await publishFederation(
      artifacts.put,
      {
        title: "Three clusters",
        circuits: {
          score,
          mask: provers.mask.circuit.instance,
          aggregate: provers.aggregate.circuit.instance,
          scoreKeyId: provers.score.keys.keyId,
          maskKeyId: provers.mask.keys.keyId,
          aggregateKeyId: provers.aggregate.keys.keyId,
        },
        licence: "CC0-1.0",
        weightScales: defaultWeightScales(score.architecture),
        training: { ...training, weightDecay: 0.01, inputNoise: 0.1 },
        samplesPerFactor: 10,
        start: { kind: "random", seed: "1" },
      },
      { name: "clusters", classNames: whole.classNames, inputQuantization, samples },
    );
    files = await readFederationFiles(artifacts.read, published.document);
    const dataPoints = await taskDataPoints(score, files.shards, provers.score.keys);
    stagesOf = (member, trainingKey = new Uint8Array(32).fill(member)) =>
      memberStages({
        ...{ federation: { dataPoints }, files, provers },
        samples: quantizeInputs(draw(`member ${member}`, 8 + 4 * member), inputQuantization).samples,
        secrets: { trainingKey },
        openBackend: () => openBackend("wasm"),
        onStage: (stage, { place, member: account }) => told.push(`${stage} ${place.round} ${account[2]}`),
        proving: { onStep: (step, shard) => told.push(`${step} ${shard}`) },
      });
  });
  beforeEach(() => {
    told.length = 0;
  });
  after(async () => {
    await releaseCurve();
  });

  const start = () => {
    const { circuits, weightScales } = files.document;
    return randomStartModel(circuits.score.architecture, weightScales, "1");
  };

  it("train the same model again in the same round only, and only with the same secret", async () => {
    const model = await stagesOf(2).train(site(2), start());
    expect(told).to.deep.equal(["train 1 3"]);
    expect(await stagesOf(2).train(site(2), start())).to.deep.equal(model);
    expect(await stagesOf(2).train(site(2, 2n), start())).to.not.deep.equal(model);
    const guessing = stagesOf(2, new Uint8Array(32).fill(9));
    expect(await guessing.train(site(2), start())).to.not.deep.equal(model);
  });

  it("prove a round: counts of both shards, masked models, their average and its count", async () => {
    const keys = FACTORS.map((_, index) => pairKeyFromSeed(BigInt(1_000 + index)));
    const roster = keys.map(({ publicKey }) => publicKey);
    const models = await Promise.all(FACTORS.map((_, index) => stagesOf(index).train(site(index), start())));
    const opened = { model: models[0]!, salt: 77n };
    told.length = 0;
    const score = await stagesOf(0).proveLocalCount(site(0), opened);
    const proofSteps = (shard: number): string[] =>
      ["commit", "witness", "prove", "verify"].map((step) => `${step} ${shard}`);
    expect(told).to.deep.equal(["proveLocalCount 1 1", ...proofSteps(0), ...proofSteps(1)]);
    const countsOf = (model: (typeof models)[number]): number[] =>
      files.shards.map(({ testSet }) => runReference(model, testSet.samples).correctCount);
    expect(files.shards).to.have.lengthOf(2);
    expect(score.counts).to.deep.equal(countsOf(models[0]!));
    expect(score.proofs).to.have.lengthOf(2);

    const vectors: (readonly bigint[])[] = [];
    for (const [index, key] of keys.entries()) {
      const masking = { factor: FACTORS[index]!, key, roster, peerPlaces: [0, 1, 2] };
      const own = { model: models[index]!, salt: 77n };
      vectors.push((await stagesOf(index).proveMaskedModel(site(index), own, masking)).vector);
    }
    const stages = told.filter((text) => text.startsWith("prove") && !text.startsWith("prove "));
    expect(stages.slice(1)).to.deep.equal([1, 2, 3].map((account) => `proveMaskedModel 1 ${account}`));
    told.length = 0;
    const average = await stagesOf(1).proveAverage(site(1), vectors, 6);
    expect(told).to.deep.equal(["proveAverage 1 2", ...proofSteps(0)]);
    const { architecture, maxFactorSum } = files.document.circuits.mask;
    const expected = averageVectors(
      models.map((model, index) => parameterVector(model, FACTORS[index]!, maxFactorSum)),
      architecture,
      6,
      maxFactorSum,
    );
    expect(average.model).to.deep.equal(expected.model);
    expect(average.globalCommitment).to.equal(modelCommitment(expected.model, 0n));
    const global = await stagesOf(1).proveGlobalCount(site(1), { model: average.model, salt: 0n });
    expect(told).to.include("proveGlobalCount 1 2");
    expect(global.counts).to.deep.equal(countsOf(average.model));
  });
});
