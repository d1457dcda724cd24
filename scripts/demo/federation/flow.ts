import path from "node:path";

import { ZeroAddress } from "ethers";

import { getDocument } from "../../../prover/src/artifacts/documents.ts";
import {
  closeFederation,
  leaveFederation,
  readFederation,
  readFederationCredit,
  withdrawFederationCredit,
} from "../../../prover/src/chain/federations.ts";
import { type FederationHistory, readHistory } from "../../../prover/src/chain/round-history.ts";
import { readStake, unbondStake, withdrawStake } from "../../../prover/src/chain/stake.ts";
import type { RoundAccuracyInstance } from "../../../prover/src/circuits/accuracy.ts";
import type { AggregateInstance } from "../../../prover/src/circuits/aggregate.ts";
import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import type { MaskedUpdateInstance } from "../../../prover/src/circuits/masked-update.ts";
import { ProverError } from "../../../prover/src/errors.ts";
import { readGlobalModel } from "../../../prover/src/federation/federation-files.ts";
import { randomFieldElement } from "../../../prover/src/random-field.ts";
import { openBackend } from "../../../prover/src/training/backend.ts";
import { passSeconds } from "../clock.ts";
import type { DemoRun } from "../flow.ts";
import type { FederationParty } from "../record.ts";
import { prepareMaterial } from "../public-material.ts";
import { setStage, type Stage, UNBONDING_SECONDS } from "../stage.ts";
import { ether, shortEther } from "../task.ts";
import { CAST } from "./cast.ts";
import { describeFederation } from "./describe-run.ts";
import { foundFederation, joinAll, registerOtherKeys } from "./found.ts";
import { Ledger } from "./ledger.ts";
import { castActors, playRounds } from "./play.ts";
import { prepareFederationData } from "./partition.ts";
import type { FederationDemoRecord } from "./record.ts";
import { claimForNothing } from "./rider.ts";
import type { FederationScenario } from "./scenarios.ts";
import type { FederationSetting } from "./setting.ts";

/** Circuits of a federation. */
export interface FederationInstances {
  readonly score: RoundAccuracyInstance;
  readonly mask: MaskedUpdateInstance;
  readonly aggregate: AggregateInstance;
}

/** One run of the demo of a federation. */
export interface FederationRun extends Omit<DemoRun, "scenario" | "instance"> {
  readonly scenario: FederationScenario;
  readonly instances: FederationInstances;
}

/** Loads the circuits that a scenario names. */
export async function loadFederationInstances({
  instances,
}: FederationScenario): Promise<FederationInstances> {
  return {
    score: await loadCircuitInstance("round-accuracy", instances.score),
    mask: await loadCircuitInstance("masked-update", instances.mask),
    aggregate: await loadCircuitInstance("aggregate", instances.aggregate),
  };
}

/** Plays all rounds of a federation, and returns what happened. */
export async function runFederationDemo(run: FederationRun): Promise<FederationDemoRecord> {
  const { story, scenario, instances, seed, workFolder } = run;

  story.heading("A federation is founded");
  const score = await prepareMaterial(story, instances.score, run.buildDirectory);
  const mask = await prepareMaterial(story, instances.mask, run.buildDirectory);
  const aggregate = await prepareMaterial(story, instances.aggregate, run.buildDirectory);
  const provers = { score, mask, aggregate };
  const stage = await setStage(
    story,
    run.chain,
    workFolder,
    score.keys.manifest,
    ["federatedRounds"],
    ["operator", "sponsor", ...CAST.map(({ party }) => party)],
  );
  await registerOtherKeys(stage, provers);
  const data = await prepareFederationData(scenario, instances.score.architecture.inputBits, seed);
  const founded = await foundFederation(
    stage,
    scenario,
    provers,
    data,
    path.join(workFolder, "shared"),
    seed,
  );
  const players = await joinAll(stage, founded, provers, data, seed);
  const setting: FederationSetting = {
    stage,
    scenario,
    seed,
    data,
    provers,
    files: founded.files,
    federation: founded.federation,
    store: founded.store,
    workFolder: path.join(workFolder, "members"),
    players,
    backend: await openBackend("wasm"),
    ledger: new Ledger(stage),
    drawSalt: run.drawSalt ?? randomFieldElement,
  };
  await playRounds(setting, castActors(setting));

  story.heading("Everybody gets what is theirs");
  const { federationId } = founded.federation;
  const end = await readFederation(stage.contracts, federationId);
  const read: Parameters<typeof readGlobalModel>[0] = (cid, kind) => getDocument(founded.store, cid, kind);
  const global = await readGlobalModel(read, founded.files, end.globalModel);
  await claimForNothing(setting);
  await settle(setting, end.poolWei);
  const history = await checkHistory(setting);
  requireAccuracy(setting, end.globalModel.correct);
  return await describeFederation({ setting, history, global, materials: [score, mask, aggregate] });
}

/** Members withdraw, leave and get their stake back; the sponsor gets what no round was given. */
async function settle({ stage, players, federation }: FederationSetting, poolWei: bigint): Promise<void> {
  const { contracts, connection } = stage;
  for (const player of players) {
    await withdrawCredited(stage, player.party);
    await stage.transact(
      player.party,
      "leave the federation",
      (sender) => leaveFederation(sender, federation),
      "leaves: its stake is free",
    );
    const { freeWei } = await readStake(contracts, player.address, ZeroAddress);
    await stage.transact(
      player.party,
      "unbond the stake",
      (sender) => unbondStake(sender, contracts, ZeroAddress, freeWei),
      `asks for its stake back: ${ether(freeWei)}${freeWei < player.stakeWei ? `, of ${ether(player.stakeWei)}` : ""}`,
    );
  }
  await stage.transact(
    "sponsor",
    "close the federation",
    (sender) => closeFederation(sender, federation),
    `closes the federation; ${ether(poolWei)} of the pool were given to no round`,
  );
  await withdrawCredited(stage, "sponsor");
  await passSeconds(connection, UNBONDING_SECONDS);
  for (const { party, address } of players) {
    await stage.transact(
      party,
      "withdraw the stake",
      (sender) => withdrawStake(sender, contracts, ZeroAddress),
      "withdraws its stake seven days later (the local chain's clock was moved)",
    );
    const left = await readStake(contracts, address, ZeroAddress);
    if (left.freeWei + left.lockedWei + left.unbondingWei !== 0n) {
      throw new Error(`some of ${party}'s stake is still in the vault`);
    }
  }
}

/** What the federation has credited: parts of rewards, and to the sponsor what no round was given. */
async function withdrawCredited(stage: Stage, party: FederationParty): Promise<void> {
  const { contracts } = stage;
  const creditWei = await readFederationCredit(contracts, stage.address(party), ZeroAddress);
  if (creditWei === 0n) return;
  await stage.transact(
    party,
    "withdraw from the federation",
    (sender) => withdrawFederationCredit(sender, contracts, ZeroAddress),
    `withdraws ${shortEther(creditWei)} that the federation credited`,
  );
}

/** Rebuilds the chain of records from the events; readHistory throws if a hash is another than the contract's. */
async function checkHistory({ stage, federation }: FederationSetting): Promise<FederationHistory> {
  const { result } = await stage.story.act(
    "sponsor",
    "checking the chain of records",
    () => readHistory(stage.contracts, federation),
    ({ rounds }) => ({
      text: `computes the hashes of ${rounds.length + 1} records again, each of which contains the one before: the last is the contract's`,
    }),
  );
  return result;
}

function requireAccuracy({ scenario, federation, seed }: FederationSetting, correct: number): void {
  const { sampleCount } = federation;
  const required = Math.ceil(scenario.minFinalShare * sampleCount);
  if (correct >= required) return;
  throw new ProverError(
    "demo.below-threshold",
    `with seed ${seed} the last global model classifies ${correct} of ${sampleCount} test samples correctly, the demo asks for ${required}`,
    "Choose another seed, e.g. --seed 1.",
    { correct, required, sampleCount, seed },
  );
}
