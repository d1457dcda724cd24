import { type AuctionRecord, lockTask, priceWeiAt, timeOfPrice } from "../../../prover/src/chain/auction.ts";
import { provingGas } from "../../../prover/src/chain/tasks.ts";
import { accuracyCost } from "../../../prover/src/circuits/cost.ts";
import { openingTermsOf } from "../../../prover/src/seal/reveal.ts";
import { checkOpeningTerms } from "../../../prover/src/seal/terms.ts";
import { taskGas, workCost } from "../../../prover/src/task/work-cost.ts";
import { passUntil } from "../clock.ts";
import { checkOffer } from "../provers.ts";
import type { AccountParty, Stage } from "../stage.ts";
import { ether, shortEther } from "../task.ts";
import { layDown } from "./money.ts";
import { COLLATERAL_WEI, type Setting, readOffer, type SealedOffer } from "./offers.ts";
import type { DemoAuction, DemoBid } from "./record.ts";

/** What an hour of proving costs: about the price of two rented cores. */
const HOURLY_COST_WEI = 10n ** 14n;

/** A prover that may bid, and what its data and training cost it. */
export interface Bidder {
  readonly party: AccountParty;
  readonly trainingWei: bigint;
}

/** What a bidder asks for, and when the price gets there. */
interface Ask {
  readonly party: AccountParty;
  readonly bid: DemoBid;
  /** Seconds since 1970. */
  readonly time: bigint;
}

/**
 * Every bidder checks the offer and estimates its cost; the clock moves on to the first second at which somebody's ask is
 * paid, and that bidder takes the task. Returns the offer as it is then, and the auction for the record.
 */
export async function bid(
  setting: Setting,
  offer: SealedOffer,
  bidders: readonly Bidder[],
): Promise<{ readonly offer: SealedOffer; readonly auction: DemoAuction }> {
  const { stage } = setting;
  const { auction } = offer;
  const asks: Ask[] = [];
  for (const bidder of bidders) asks.push(await estimate(stage, offer, bidder));
  const first = asks.reduce((one, other) => (other.time < one.time ? other : one));
  const { party } = first;
  await layDown(stage, party, auction.address, COLLATERAL_WEI, "its collateral");
  await passUntil(stage.connection, first.time);
  const { receipt } = await stage.transact(
    party,
    "take the task",
    (sender) => lockTask(sender, auction),
    `takes the task when the price has reached its ask, with ${ether(COLLATERAL_WEI)} of collateral: nobody else can commit`,
  );
  const { timestamp } = (await stage.connection.provider.getBlock(receipt.blockNumber))!;
  const taken = await readOffer(setting, offer);
  return {
    offer: taken,
    auction: describeAuction(taken.auction, asks, party, taken.task.rewardWei, BigInt(timestamp)),
  };
}

async function estimate(stage: Stage, offer: SealedOffer, bidder: Bidder): Promise<Ask> {
  const { connection, story } = stage;
  const { party, trainingWei } = bidder;
  const { auction, material, seal } = offer;
  const task = await checkOffer(stage, party, offer);
  const { result: ask } = await story.act(
    party,
    "checking the seal and estimating its cost",
    async () => {
      checkOpeningTerms(seal, await openingTermsOf(material.keys));
      const shardCount = task.dataPoints.length;
      const { gasLimit } = (await connection.provider.getBlock("latest"))!;
      const cost = workCost({
        provingSeconds: shardCount * accuracyCost(material.circuit.instance).provingSeconds,
        hourlyCostWei: HOURLY_COST_WEI,
        gas: taskGas(provingGas(shardCount, gasLimit), true),
        gasPriceWei: (await connection.provider.getFeeData()).gasPrice!,
        trainingCostWei: trainingWei,
      });
      const time = timeOfPrice(auction, cost.costWei);
      if (time === undefined) throw new Error(`the price never pays ${party}, which asks ${cost.costWei}`);
      return { cost, time };
    },
    ({ cost: { costWei, gas }, time }) => ({
      text: `estimates ${shortEther(costWei)}: ${ether(trainingWei)} for data and training, ${gas.toLocaleString("en")} gas, proving; the price gets there ${minutes(time - auction.startsAt)} after the start`,
    }),
  );
  const { cost, time } = ask;
  return {
    party,
    time,
    bid: {
      party,
      askWei: String(cost.costWei),
      trainingWei: String(trainingWei),
      gas: Number(cost.gas),
      provingSeconds: cost.provingSeconds,
      paidFromSecond: Number(time - auction.startsAt),
    },
  };
}

function describeAuction(
  auction: AuctionRecord,
  asks: readonly Ask[],
  takenBy: AccountParty,
  priceWei: bigint,
  takenAt: bigint,
): DemoAuction {
  if (priceWei !== priceWeiAt(auction, takenAt))
    throw new Error("the task's reward is not the price of its block");
  return {
    minPriceWei: String(auction.minPriceWei),
    maxPriceWei: String(auction.maxPriceWei),
    rampSeconds: Number(auction.rampSeconds),
    lockSeconds: Number(auction.lockDeadline - auction.startsAt),
    collateralWei: String(auction.collateralWei),
    bids: asks.map(({ bid: made }) => made),
    takenBy,
    takenSecond: Number(takenAt - auction.startsAt),
    priceWei: String(priceWei),
  };
}

function minutes(seconds: bigint): string {
  return `${(Number(seconds) / 60).toFixed(0)} min`;
}
