import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { formatArtifactUri } from "../../prover/src/artifacts/artifact-uri.ts";
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
  readFederation,
  readMember,
} from "../../prover/src/chain/federations.ts";
import type { ScoreProof } from "../../prover/src/chain/rounds.ts";
import { depositStake } from "../../prover/src/chain/stake.ts";
import { flattenBlock, type SignalValues } from "../../prover/src/circuits/layout.ts";
import { type CircuitInstance, circuitLayout } from "../../prover/src/circuits/instance.ts";
import { loadCircuitInstance } from "../../prover/src/circuits/instances.ts";
import { documentDigest } from "../../prover/src/data/document.ts";
import { fitInputQuantization, quantizeInputs } from "../../prover/src/data/input-quantization.ts";
import type { IntegerSamples } from "../../prover/src/data/samples.ts";
import {
  FEDERATION_DOCUMENT,
  type FloatTrainingAdvice,
} from "../../prover/src/federation/federation-document.ts";
import { type FederationFiles, readFederationFiles } from "../../prover/src/federation/federation-files.ts";
import { joinWithOwnKey } from "../../prover/src/federation/join.ts";
import type { Member } from "../../prover/src/federation/member.ts";
import { findMemberSecrets, type MemberSecrets } from "../../prover/src/federation/member-key.ts";
import { type MemberStages, memberTrainer } from "../../prover/src/federation/member-stages.ts";
import { publishFederation } from "../../prover/src/federation/publish-federation.ts";
import { openRoundChain } from "../../prover/src/federation/round-chain.ts";
import type { OpenedModel, ProofSite } from "../../prover/src/federation/round-proofs.ts";
import { defaultWeightScales } from "../../prover/src/federation/start-model.ts";
import { architectureId } from "../../prover/src/model/architecture.ts";
import { modelCommitment, roundNullifier } from "../../prover/src/model/commitment.ts";
import { runReference } from "../../prover/src/model/reference.ts";
import { openBackend } from "../../prover/src/training/backend.ts";
import type { TrainingRule } from "../../prover/src/verifiable/training-rule.ts";
import { aggregateWitness, emptyVectorDigest } from "../../prover/src/witness/aggregate-witness.ts";
import { maskedUpdateWitness } from "../../prover/src/witness/masked-update-witness.ts";
import { g1 } from "../contracts/support/trapdoor-key.ts";
import { clusters } from "../prover/support/datasets.ts";
import { MemoryArtifacts } from "../prover/support/memory-artifacts.ts";
import { type FederationStage, MEMBER_STAKE_WEI, POOL_WEI } from "./federation.ts";

const DATA_SCALAR = 777n;
const FLOAT_TRAINING: FloatTrainingAdvice = {
  kind: "float",
  epochs: 2,
  batchSize: 8,
  learningRate: 0.02,
  weightDecay: 0.01,
  inputNoise: 0.1,
};
const NATIVE = "0x0000000000000000000000000000000000000000";

/**
 * A federation of the smallest circuits on an anvil of its own, whose members train and mask as they do in earnest; only the
 * proofs are simulated, with keys whose secrets are known. Members are anvil's accounts, by index, and share their artifacts.
 */
export class RoundMembers {
  readonly stage: FederationStage;
  readonly artifacts: MemoryArtifacts;
  readonly federation: FederationRecord;
  readonly files: FederationFiles;
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-members-"));
  readonly #samplesOf: (index: number) => IntegerSamples;

  private constructor(
    stage: FederationStage,
    artifacts: MemoryArtifacts,
    federation: FederationRecord,
    files: FederationFiles,
    samplesOf: (index: number) => IntegerSamples,
  ) {
    this.stage = stage;
    this.artifacts = artifacts;
    this.federation = federation;
    this.files = files;
    this.#samplesOf = samplesOf;
  }

  /** Creates a federation on a stage, whose members train with floats or by a rule, and lets accounts join. */
  static async create(
    stage: FederationStage,
    changes: Partial<FederationTerms> = {},
    members = [0, 1, 2, 3],
    rule?: TrainingRule,
  ): Promise<RoundMembers> {
    const artifacts = new MemoryArtifacts();
    const tiny = await loadCircuitInstance("round-accuracy", "round-4-3-3x10");
    const architecture = rule?.architecture ?? tiny.architecture;
    const score = { ...tiny, architecture };
    const mask = { ...(await loadCircuitInstance("masked-update", "masked-4-3-3x4")), architecture };
    const aggregate = { ...(await loadCircuitInstance("aggregate", "aggregate-4-3-3x4")), architecture };
    const draw = (seed: string, perClass: number) =>
      clusters({ classCount: 3, perClass, featureCount: 4, seed });
    const whole = draw("mapping", 40);
    const inputQuantization = fitInputQuantization(whole, architecture.inputBits);
    const { samples } = quantizeInputs(draw("test", 3), inputQuantization);
    const testSet = { name: "clusters", classNames: whole.classNames, inputQuantization, samples };
    const published = await publishFederation(
      artifacts.put,
      {
        title: "Three clusters",
        circuits: {
          score,
          mask,
          aggregate,
          scoreKeyId: stage.keys.score.keyId,
          maskKeyId: stage.keys.mask.keyId,
          aggregateKeyId: stage.keys.aggregate.keyId,
        },
        licence: "CC0-1.0",
        weightScales: rule === undefined ? defaultWeightScales(architecture) : [2 ** -12, 2 ** -12],
        training: rule === undefined ? FLOAT_TRAINING : { kind: "integer", rule },
        samplesPerFactor: 10,
        start: { kind: "random", seed: "1" },
      },
      testSet,
    );
    const files = await readFederationFiles(artifacts.read, published.document);
    const terms = stage.terms({
      architectureId: architectureId(architecture),
      emptyVectorDigest: emptyVectorDigest(aggregate),
      maxFactorSum: mask.maxFactorSum,
      places: mask.members,
      dataPoints: [g1(DATA_SCALAR)],
      sampleCount: samples.sampleCount,
      toleranceCount: samples.sampleCount,
      keepBetter: false,
      maxRounds: 2,
      globalCommitment: published.startCommitment,
      globalCorrect: published.startCorrect,
      globalUri: formatArtifactUri(published.start),
      documentHash: documentDigest(FEDERATION_DOCUMENT, files.document),
      documentUri: formatArtifactUri(published.document),
      ...changes,
    });
    const { contracts } = stage.market;
    const { federationId } = await createFederation(stage.sender(0), contracts, terms);
    const federation = await readFederation(contracts, federationId);
    await fundFederation(stage.sender(0), federation, POOL_WEI);
    const samplesOf = (index: number): IntegerSamples =>
      quantizeInputs(draw(`member ${index}`, 8 + 4 * index), inputQuantization).samples;
    const cast = new RoundMembers(stage, artifacts, federation, files, samplesOf);
    for (const index of members) await cast.join(index);
    return cast;
  }

  /** Makes an account with new stake a member. */
  async join(index: number): Promise<void> {
    const sender = this.stage.sender(index);
    const { contracts } = this.stage.market;
    await depositStake(sender, contracts, NATIVE, MEMBER_STAKE_WEI, 10n ** 20n);
    await joinWithOwnKey(sender, contracts, this.federation, MEMBER_STAKE_WEI);
  }

  /** What a member keeps to itself, with the key that the chain has for it. */
  async secretsOf(index: number): Promise<MemberSecrets> {
    const { wallet } = this.stage.sender(index);
    const { key } = await readMember(this.stage.market.contracts, this.federation, wallet.address);
    return await findMemberSecrets(wallet, this.federation, key);
  }

  /** A member's own samples. */
  samplesOf(index: number): IntegerSamples {
    return this.#samplesOf(index);
  }

  /** Removes the members' folders. */
  clear(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The working folder of a member. */
  folderOf(index: number): string {
    return path.join(this.#folder, `member-${index}`);
  }

  /** An account as a member, as a new process would open it. */
  async open(index: number, changes: Partial<Member> = {}): Promise<Member> {
    const sender = this.stage.sender(index);
    const samples = this.#samplesOf(index);
    const secrets = await this.secretsOf(index);
    return {
      chain: openRoundChain(sender, this.stage.market.contracts, this.federation.federationId),
      artifacts: this.artifacts,
      files: this.files,
      secrets,
      stages: this.stages(samples, secrets),
      sampleCount: samples.sampleCount,
      workingFolder: this.folderOf(index),
      ...changes,
    };
  }

  /** A valid score of a model, or one that counts `shortBy` samples too few. */
  async score(
    purpose: string,
    { place, member }: ProofSite,
    { model, salt }: OpenedModel,
    shortBy = 0,
  ): Promise<ScoreProof> {
    const { document, shards } = this.files;
    const correct = runReference(model, shards[0]!.testSet.samples).correctCount - shortBy;
    const nullifier = roundNullifier(federationWord(place), place.round, model);
    const statement = wordsOf(document.circuits.score, {
      context: [roundContext(place, member, purpose)],
      modelCommitment: [modelCommitment(model, salt)],
      correct: [BigInt(correct)],
      roundStatement: [federationWord(place), place.round, nullifier],
    });
    const proof = this.stage.keys.score.prove({ statement, data: DATA_SCALAR });
    return await Promise.resolve({ counts: [correct], nullifier, proofs: [proof] });
  }

  /** Stages that train on samples, and whose proofs are simulated. */
  stages(samples: IntegerSamples, secrets: MemberSecrets): MemberStages {
    const { keys } = this.stage;
    const { files } = this;
    const { mask, aggregate } = files.document.circuits;
    return {
      train: memberTrainer({ files, samples, secrets, openBackend: () => openBackend("wasm") }),
      proveLocalCount: async (site, opened) => await this.score(ROUND_SCORE_PURPOSE, site, opened),
      proveGlobalCount: async (site, opened) => await this.score(ROUND_GLOBAL_PURPOSE, site, opened),
      proveMaskedModel: async ({ place, member }, { model, salt }, { factor, key, roster, peerPlaces }) => {
        const { vector, statement } = maskedUpdateWitness(mask, {
          context: roundContext(place, member, ROUND_MASK_PURPOSE),
          ...{ model, salt, weightFactor: factor, peerPlaces },
          member: { federation: federationWord(place), round: place.round, key, roster },
        });
        return await Promise.resolve({
          vector,
          rosterDigest: statement["peersDigest"]![0]!,
          vectorDigest: statement["maskedDigest"]![0]!,
          proof: keys.mask.prove({ statement: wordsOf(mask, statement), data: 0n }),
        });
      },
      proveAverage: async ({ place, member }, vectors, factorSum) => {
        const context = roundContext(place, member, ROUND_AGGREGATE_PURPOSE);
        const { model, statement } = aggregateWitness(aggregate, context, vectors, factorSum);
        return await Promise.resolve({
          model,
          globalCommitment: statement["globalCommitment"]![0]!,
          proof: keys.aggregate.prove({ statement: wordsOf(aggregate, statement), data: 0n }),
        });
      },
    };
  }
}

function wordsOf(instance: CircuitInstance, statement: SignalValues): bigint[] {
  return flattenBlock(circuitLayout(instance).statement, statement);
}
