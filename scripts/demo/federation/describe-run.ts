import type {
  FederationHistory,
  GlobalRecord,
  LeaderHistory,
  RoundHistory,
} from "../../../prover/src/chain/round-history.ts";
import type { CircuitInstance } from "../../../prover/src/circuits/instance.ts";
import { firstMaximum, floatLogits } from "../../../prover/src/model/float-model.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { dequantizeModel } from "../../../prover/src/quantization/fixed-scales.ts";
import { describeBalance } from "../describe-run.ts";
import { describeEnvironment } from "../environment.ts";
import type { PublicMaterial } from "../public-material.ts";
import type { FederationParty } from "../record.ts";
import { ruleAddress } from "../stage.ts";
import { describeStageCircuit } from "../training/describe-run.ts";
import type {
  DemoGlobalRecord,
  DemoLeader,
  DemoRound,
  DemoScoreProof,
  FederationDemoRecord,
} from "./record.ts";
import type { FederationSetting } from "./setting.ts";

/** Everything a finished run left behind. */
export interface FinishedFederation {
  readonly setting: FederationSetting;
  readonly history: FederationHistory;
  /** The last global model. */
  readonly global: IntegerModel;
  readonly materials: readonly Pick<PublicMaterial<CircuitInstance>, "circuit" | "keys" | "keyTiming">[];
}

/** The record of a finished run: only what is listed here leaves it. */
export async function describeFederation(finished: FinishedFederation): Promise<FederationDemoRecord> {
  const { setting, history, global, materials } = finished;
  const { stage, scenario, data, files, federation, players, ledger, seed } = setting;
  const { contracts, connection, story, transactions } = stage;
  const { circuitRegistry, stakeVault, taskMarket } = contracts.addresses;
  return {
    format: "zkpot.federation-demo-record",
    version: 1,
    startedAt: story.startedAt.toISOString(),
    totalSeconds: story.seconds(),
    seed,
    environment: describeEnvironment(),
    dataset: {
      name: scenario.dataset,
      title: scenario.title,
      licence: scenario.licence,
      featureCount: data.dataset.featureCount,
      classNames: data.dataset.classNames,
      trainSamples: data.trainSamples,
      testSamples: federation.sampleCount,
    },
    layerSizes: global.architecture.layerSizes,
    parameters: global.layers.reduce((sum, layer) => sum + layer.weights.length + layer.biases.length, 0),
    federation: {
      federationId: String(federation.federationId),
      documentHash: files.documentHash,
      startCorrect: history.start.globalCorrect,
      places: federation.places,
      maxFactor: federation.maxFactor,
      toleranceCount: federation.toleranceCount,
      bandCount: federation.bandCount,
      keepBetter: federation.keepBetter,
      minStakeWei: String(federation.minStakeWei),
      bondWei: String(federation.bondWei),
      rewardWei: String(federation.rewardWei),
    },
    members: players.map(({ party, role, address, stakeWei, part }) => ({
      party,
      role,
      address,
      stakeWei: String(stakeWei),
      sampleCount: part?.samples.sampleCount ?? 0,
      classCounts: part?.classCounts ?? [],
    })),
    rounds: history.rounds.map((round) => describeRound(setting, round)),
    records: [history.start, ...history.rounds.flatMap(({ record }) => record ?? [])].map((record) =>
      describeRecord(setting, record),
    ),
    gas: ledger.gas,
    heldOut: scoreHeldOut(setting, global),
    circuits: await Promise.all(materials.map(describeStageCircuit)),
    keyKind: setting.provers.score.keys.manifest.kind,
    chain: {
      chainId: String(connection.chainId),
      circuitRegistry,
      stakeVault,
      taskMarket,
      federatedRounds: ruleAddress(contracts, "federatedRounds"),
    },
    events: story.events,
    transactions,
    attempts: ledger.attempts,
    balances: await Promise.all(
      ["sponsor" as const, ...players.map(({ party }) => party)].map((party) =>
        describeBalance(stage, party),
      ),
    ),
  };
}

function describeRound({ players, ledger }: FederationSetting, history: RoundHistory): DemoRound {
  const partyOf = (account: string): FederationParty =>
    players.find(({ address }) => address === account)!.party;
  const { record, maskings, missed, leaders, scores, commitments, claims } = history;
  const number = Number(history.round);
  const averaged = record === null ? [] : (maskings.at(-1)?.peers ?? []);
  return {
    round: number,
    baseCorrect: history.baseCorrect,
    globalCorrect: record?.globalCorrect ?? null,
    isLeadersOwn: record?.isLeadersOwn ?? false,
    scores: scores.map(({ member, correct }): DemoScoreProof => ({
      party: partyOf(member),
      correct,
      factor: commitments.find((commitment) => commitment.member === member)!.factor,
      isAveraged: averaged.includes(member),
      paidWei: String(claims.find((claim) => claim.member === member)?.amountWei ?? 0n),
    })),
    maskings: maskings.map(({ peers, dropped }) => ({
      peers: peers.map(partyOf),
      dropped: dropped.map(partyOf),
    })),
    missed: missed.map(partyOf),
    leaders: leaders.map((leader): DemoLeader => ({
      party: partyOf(leader.member),
      outcome: outcomeOf(leader),
      slashedWei: String(leader.slashedWei),
    })),
    rewardWei: String(record?.rewardWei ?? 0n),
    seconds: ledger.secondsOf(number),
    work: ledger.workOf(number),
  };
}

function outcomeOf({ isReplaced, slashedWei, average }: LeaderHistory): DemoLeader["outcome"] {
  if (isReplaced) return slashedWei > 0n ? "slashed" : "passed";
  return average === null ? "given up" : "delivered";
}

function describeRecord({ players }: FederationSetting, record: GlobalRecord): DemoGlobalRecord {
  const { round, leader, globalCommitment, globalCorrect, globalUri, recordHash } = record;
  return {
    round: Number(round),
    leader: players.find(({ address }) => address === leader)?.party ?? "sponsor",
    globalCommitment: String(globalCommitment),
    globalCorrect,
    globalUri,
    recordHash,
  };
}

/**
 * How the last global model does on the free rider's samples, which nobody has trained on: in floats, since the ranges of the
 * circuits are checked on the test set only.
 */
function scoreHeldOut(
  { players, data, files }: FederationSetting,
  global: IntegerModel,
): FederationDemoRecord["heldOut"] {
  const index = players.findIndex(({ role }) => role === "free rider");
  const { samples } = data.parts[index]!;
  const { labels, sampleCount, classCount } = samples;
  const logits = floatLogits(dequantizeModel(global, files.document.weightScales), samples);
  const predictions = firstMaximum(logits, classCount);
  return { sampleCount, correct: predictions.filter((label, sample) => label === labels[sample]).length };
}
