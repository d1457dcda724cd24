import { ZeroAddress } from "ethers";

import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { readCredit, withdrawCredit } from "../../../prover/src/chain/stake.ts";
import { withdrawReward } from "../../../prover/src/chain/tasks.ts";
import { randomFieldElement } from "../../../prover/src/random-field.ts";
import { openBackend } from "../../../prover/src/training/backend.ts";
import type { DemoRun } from "../flow.ts";
import { prepareMaterial } from "../public-material.ts";
import { setStage, type Stage } from "../stage.ts";
import { shortEther } from "../task.ts";
import { bid, type Bidder } from "./bids.ts";
import { prepareSealedData } from "./data.ts";
import { describeSealedAuction } from "./describe-run.ts";
import { playForgery } from "./forgery.ts";
import { playMemoriser } from "./memoriser.ts";
import { train } from "./models.ts";
import { moneyMoved, PAID_PARTIES, readWealth } from "./money.ts";
import { type Setting, postSealed } from "./offers.ts";
import type { SealedAuctionRecord } from "./record.ts";
import type { SealedAuctionScenario } from "./scenarios.ts";
import { playWinner, refuseRival } from "./winner.ts";

/** One run of the demo of auctions on sealed test sets. */
export interface SealedAuctionRun extends Omit<DemoRun, "scenario"> {
  readonly scenario: SealedAuctionScenario;
  /** Blindings of the sealed shards; uniform field elements unless given. */
  readonly drawBlinding?: () => bigint;
}

/** What data and training cost the bidders: the public sample is free, samples of one's own are not. */
const RIVAL: Bidder = { party: "rival", trainingWei: 4n * 10n ** 17n };
const PROVER: Bidder = { party: "prover", trainingWei: 12n * 10n ** 17n };

/** Plays three auctions on sealed test sets, and returns what happened. */
export async function runSealedAuctionDemo(run: SealedAuctionRun): Promise<SealedAuctionRecord> {
  const { story, scenario, instance, seed } = run;
  const drawSalt = run.drawSalt ?? randomFieldElement;

  story.heading("The market opens");
  const material = await prepareMaterial(story, instance, run.buildDirectory);
  const stage = await setStage(story, run.chain, run.workFolder, material.keys.manifest, [
    "taskAuction",
    "testSetSeal",
  ]);
  const store = new ArtifactStore(run.workFolder);
  const data = await prepareSealedData(scenario, instance, seed, store, run.drawBlinding);
  const setting: Setting = { stage, scenario, data, material, store };
  const backend = await openBackend();
  const start = await readWealth(stage);

  story.heading("First auction: the cheapest bidder knows the public sample by heart");
  const first = await bid(setting, await postSealed(setting, "buyer", 0), [RIVAL, PROVER]);
  const learnt = await train(
    setting,
    "rival",
    {
      samples: data.sample.rows,
      what: `nothing but the ${data.sample.rows.sampleCount} public samples`,
      seed: `${seed} rival`,
      epochs: scenario.rivalEpochs,
    },
    backend,
  );
  const failed = await playMemoriser(setting, first.offer, learnt, drawSalt());
  const afterFirst = await readWealth(stage);

  story.heading("Second auction: a prover with samples of its own");
  const posted = await postSealed(setting, "buyer", 1);
  const refused = await refuseRival(setting, posted);
  const second = await bid(setting, posted, [PROVER]);
  const trained = await train(
    setting,
    "prover",
    { samples: data.train, what: `${data.train.sampleCount} samples of its own`, seed },
    backend,
  );
  const won = await playWinner(setting, second.offer, trained, drawSalt(), seed);
  const afterSecond = await readWealth(stage);

  story.heading("Third auction: a buyer that reveals something else");
  const third = await bid(setting, await postSealed(setting, "forger", 2), [PROVER]);
  const forged = await playForgery(setting, third.offer, trained, drawSalt());
  const afterThird = await readWealth(stage);

  story.heading("Everybody gets what is theirs");
  await withdrawAll(stage);

  return await describeSealedAuction({
    run,
    stage,
    setting,
    acts: [
      { ...failed, auction: first.auction },
      { ...won, auction: second.auction },
      { ...forged, auction: third.auction },
    ],
    models: [learnt, trained],
    dispute: forged.dispute,
    attempts: [...failed.attempts, refused, forged.attempt],
    money: [
      moneyMoved("first auction", start, afterFirst),
      moneyMoved("second auction", afterFirst, afterSecond),
      moneyMoved("third auction", afterSecond, afterThird),
    ],
  });
}

/** Everybody withdraws what market and vault have credited; stake stays in the vault. */
async function withdrawAll(stage: Stage): Promise<void> {
  const { contracts } = stage;
  for (const party of PAID_PARTIES) {
    const rewardWei = await contracts.market.creditOf(stage.address(party), ZeroAddress);
    if (rewardWei > 0n) {
      await stage.transact(
        party,
        "withdraw from the market",
        (sender) => withdrawReward(sender, contracts, ZeroAddress),
        `withdraws ${shortEther(rewardWei)} that the market credited`,
      );
    }
    const creditWei = await readCredit(contracts, stage.address(party), ZeroAddress);
    if (creditWei > 0n) {
      await stage.transact(
        party,
        "withdraw from the vault",
        (sender) => withdrawCredit(sender, contracts, ZeroAddress),
        `withdraws ${shortEther(creditWei)} of others' stake`,
      );
    }
  }
}
