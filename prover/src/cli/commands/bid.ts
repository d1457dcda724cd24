import type { Command } from "commander";

import type { AuctionRecord } from "../../chain/auction.ts";
import type { SentTransaction } from "../../chain/send.ts";
import type { TaskRecord } from "../../chain/tasks.ts";
import type { WorkCost } from "../../task/work-cost.ts";
import { handle, type Invocation } from "../command.ts";
import { type CostFlags, costText, estimateCost, parseCosts, withCostOptions } from "../cost-options.ts";
import { note, type Report } from "../output.ts";
import { openReadSession, openSignSession, type ReadSession, type SignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { type TaskKeyFlags, withTaskKeyOptions } from "../task-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseAmount, parseDuration, parseTaskId } from "../units.ts";
import { UsageError } from "../usage-error.ts";

interface BidOptions extends NetworkOptions, AccountOptions, TaskKeyFlags, CostFlags {
  readonly floor?: string;
  readonly maxWait?: string;
  readonly dryRun?: boolean;
}

/** How often the chain is asked for its time while waiting. */
const POLL_MS = 1_000;

/** `zkpot bid`: takes an auctioned task once its price covers the prover's cost. */
export function registerBid(program: Command): void {
  const command = withCostOptions(
    withTaskKeyOptions(
      withAccountOptions(
        program
          .command("bid")
          .argument("<task id>", "an auctioned task")
          .description(
            "check an auctioned task, wait until its price covers what it costs you, and take it with collateral",
          ),
      ),
    ),
  )
    .option("--floor <amount>", "least price, whatever the estimate says, e.g. 0.2ether")
    .option("--max-wait <duration>", "give up when the price is that far away (default: wait for it)")
    .option("--dry-run", "print cost, price and waiting time, and send nothing");
  handle<BidOptions, [string]>(command, bid);
}

/** What a prover asks for a task, and when the auction pays it. */
interface Ask {
  readonly cost: WorkCost;
  readonly askWei: bigint;
  /** Seconds since 1970. */
  readonly time: bigint;
}

async function bid({ options }: Invocation<BidOptions>, id: string): Promise<Report> {
  const taskId = parseTaskId(id);
  const inputs = parseCosts(options);
  const floorWei = options.floor === undefined ? undefined : parseAmount(options.floor, "--floor");
  const maxWait = options.maxWait === undefined ? undefined : parseDuration(options.maxWait, "--max-wait");
  const signer = options.dryRun === true ? undefined : await openSignSession(options);
  const session = signer ?? (await openReadSession(options));
  const { readAuction } = await import("../../chain/auction.ts");
  const { readTask } = await import("../../chain/tasks.ts");
  const { accuracyCost } = await import("../../circuits/cost.ts");
  const { openCheckedTask } = await import("../task-session.ts");

  // What is no auction, or somebody else's, is refused before anything is fetched or computed.
  const record = await readTask(session.contracts, taskId);
  const auction = await readAuction(session.contracts, record);
  if (signer !== undefined && isAssignee(auction, signer.address)) {
    note(`${signer.address} has taken task ${taskId} before`);
    return await report(record, auction, undefined, []);
  }
  requireOpen(record, auction);
  requireFloor(record, floorWei);
  const { task, circuit } = await openCheckedTask(session, taskId, options);
  const cost = await estimateCost(session, task, inputs, accuracyCost(circuit.instance).provingSeconds);
  const ask = await findAsk(task, auction, cost, floorWei);
  await checkWait(session, ask, maxWait);
  if (signer === undefined) return await report(task, auction, ask, []);
  await allowCollateral(signer, task, auction);
  await waitForPrice(signer, task, ask);
  const { lockTask } = await import("../../chain/auction.ts");
  const transaction = await lockTask(signer.sender, auction);
  const taken = await readTask(session.contracts, taskId);
  return await report(taken, await readAuction(session.contracts, taken), ask, [transaction]);
}

function isAssignee({ assignee }: AuctionRecord, account: string): boolean {
  return BigInt(assignee) === BigInt(account);
}

function requireOpen({ state, taskId }: TaskRecord, { assignee }: AuctionRecord): void {
  const isTaken = BigInt(assignee) !== 0n;
  if (state === "posted" && !isTaken) return;
  throw new UsageError(
    "cli.task-taken",
    isTaken ? `task ${taskId} was taken by ${assignee}` : `task ${taskId} is ${state}`,
    "Choose another task with `zkpot task list --open`.",
    { taskId, state, assignee },
  );
}

/** Costs are in the native coin: what they are in another token, only the prover can say. */
function requireFloor({ rewardToken, taskId }: TaskRecord, floorWei: bigint | undefined): void {
  if (BigInt(rewardToken) === 0n || floorWei !== undefined) return;
  throw new UsageError(
    "cli.missing-floor",
    `task ${taskId} pays in token ${rewardToken}, which the estimate cannot be compared with`,
    "Name the least price in the smallest unit of the token with --floor.",
    { taskId, rewardToken },
  );
}

async function findAsk(
  { rewardToken, taskId }: TaskRecord,
  auction: AuctionRecord,
  cost: WorkCost,
  floorWei = 0n,
): Promise<Ask> {
  const { timeOfPrice } = await import("../../chain/auction.ts");
  const { TaskError } = await import("../../task/task-document.ts");
  const isNative = BigInt(rewardToken) === 0n;
  const askWei = isNative && cost.costWei > floorWei ? cost.costWei : floorWei;
  const time = timeOfPrice(auction, askWei);
  if (time !== undefined) return { cost, askWei, time };
  const { maxPriceWei, lockDeadline } = auction;
  throw new TaskError(
    "task.price-too-low",
    `the price of task ${taskId} never reaches ${askWei} while it can be taken: it rises to ${maxPriceWei}`,
    "Choose another task with `zkpot task list --open`, or lower --floor or the costs you state.",
    { taskId, askWei, costWei: cost.costWei, maxPriceWei, lockDeadline },
  );
}

async function checkWait(
  { connection }: ReadSession,
  { time }: Ask,
  maxWait: number | undefined,
): Promise<void> {
  const { pendingTime } = await import("../../chain/connect.ts");
  const { TaskError } = await import("../../task/task-document.ts");
  const waitSeconds = time - (await pendingTime(connection));
  if (maxWait === undefined || waitSeconds <= BigInt(maxWait)) return;
  throw new TaskError(
    "task.price-too-far",
    `the price is reached in ${waitSeconds} s, --max-wait is ${maxWait} s`,
    "Bid again later, or wait longer.",
    { time, waitSeconds, maxWaitSeconds: maxWait },
  );
}

/** Consents to the lock of the collateral; whoever cannot commit afterwards would lose it. */
async function allowCollateral(
  { sender, contracts }: SignSession,
  { stakeWei, stakeToken }: TaskRecord,
  { address, collateralWei }: AuctionRecord,
): Promise<void> {
  const { allowLock } = await import("../../chain/stake.ts");
  await allowLock(sender, contracts, address, stakeToken, collateralWei, collateralWei + stakeWei);
}

/** Waits until the next block meets the price; throws when somebody else takes the task first. */
async function waitForPrice(
  { connection, contracts }: SignSession,
  task: TaskRecord,
  { time, askWei }: Ask,
): Promise<void> {
  const { pendingTime } = await import("../../chain/connect.ts");
  const { readAuction } = await import("../../chain/auction.ts");
  const { readTask } = await import("../../chain/tasks.ts");
  for (let isTold = false; ; isTold = true) {
    const left = time - (await pendingTime(connection));
    if (left <= 0n) return;
    if (!isTold) note(`task ${task.taskId}: the price is ${askWei} in ${left} s, waiting`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    requireOpen(await readTask(contracts, task.taskId), await readAuction(contracts, task));
  }
}

async function report(
  task: TaskRecord,
  auction: AuctionRecord,
  ask: Ask | undefined,
  transactions: readonly SentTransaction[],
): Promise<Report> {
  const { facts, utc } = await import("../text.ts");
  const { formatAmount } = await import("../addresses.ts");
  const { taskId, rewardToken, stakeToken, rewardWei } = task;
  const { exclusiveDeadline, collateralWei, lockDeadline, minPriceWei, maxPriceWei } = auction;
  const isTaken = BigInt(auction.assignee) !== 0n;
  return {
    data: {
      ...{ taskId, isTaken, askWei: ask?.askWei, askTime: ask?.time, cost: ask?.cost },
      ...{ priceWei: isTaken ? rewardWei : undefined, minPriceWei, maxPriceWei },
      ...{ collateralWei, lockDeadline, exclusiveDeadline, commitDeadline: task.commitDeadline },
      transactions: transactions.map(transactionFacts),
    },
    text: facts([
      ["task", String(taskId)],
      ...(ask === undefined ? [] : askFacts(ask, formatAmount, utc, rewardToken)),
      [
        "price",
        isTaken
          ? formatAmount(rewardWei, rewardToken)
          : `${formatAmount(minPriceWei, rewardToken)} to ${formatAmount(maxPriceWei, rewardToken)}`,
      ],
      ["collateral", formatAmount(collateralWei, stakeToken)],
      ["commit until", utc(task.commitDeadline)],
      ["prove until", `${utc(exclusiveDeadline)}, or the collateral is lost`],
      ...transactions.map(({ hash, gasUsed }) => ["transaction", `${hash}, ${gasUsed} gas`] as const),
      ["next", isTaken ? `zkpot train --task ${taskId}, then commit` : `zkpot bid ${taskId}`],
    ]),
  };
}

function askFacts(
  { cost, askWei, time }: Ask,
  formatAmount: (wei: bigint, token: string) => string,
  utc: (time: bigint) => string,
  rewardToken: string,
): [string, string][] {
  return [
    ["cost", costText(cost)],
    ["asked", `${formatAmount(askWei, rewardToken)}, paid from ${utc(time)}`],
  ];
}
