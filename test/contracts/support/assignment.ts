/** Tasks that an auction or a draw assigns. */
import { expect } from "chai";

import { encodeTerms as encodeInterfaceTerms } from "../../../prover/src/chain/abis.ts";
import {
  deploy,
  ethers,
  NATIVE,
  networkHelpers,
  NO_RULES,
  REWARD_WEI,
  STAKE_WEI,
  taskSpec,
} from "./deployment.ts";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { Addressable, ContractTransactionResponse, Interface, Overrides } from "ethers";

import type { TaskSpec } from "./deployment.ts";

export const COLLATERAL_WEI = 10n ** 16n + 1n;
export const MIN_PRICE_WEI = REWARD_WEI / 4n;
export const RAMP_SECONDS = 1_000n;
export const DRAW_DELAY_BLOCKS = 8n;
/** Blocks whose hash is known, and after which the next draw counts. */
export const WINDOW_BLOCKS = 256n;
export const ENROL_BLOCKS = 40n;
export const TURN_BLOCKS = 20n;
export const MIN_WEI = 10n ** 15n;
export const CAP_WEI = 10n * MIN_WEI;

/** Market and vault with all that assigns tasks, and a seal that does as it is told. */
async function deployAssignments() {
  const d = await deploy();
  const auction = await ethers.deployContract("TaskAuction", [d.market]);
  const draw = await ethers.deployContract("TaskDraw", [d.market]);
  const committees = await ethers.deployContract("CommitteeDraw", [d.market]);
  const seal = await ethers.deployContract("StubTestSetSeal");
  return { ...d, auction, draw, committees, seal };
}

export type Assignments = Awaited<ReturnType<typeof deployAssignments>>;

/** `deployAssignments`, from a snapshot of the chain. */
export async function assignmentsDeployed(): Promise<Assignments> {
  return await networkHelpers.loadFixture(deployAssignments);
}

/** Terms in the encoding that an assignment contract takes: the type stands in the event that announces them. */
export function encodeTerms(contract: { interface: Interface }, event: string, terms: object): string {
  return encodeInterfaceTerms(contract.interface, event, terms);
}

/** A task that anybody may enter for some time after its exclusive time. */
export async function auctionedSpec(): Promise<TaskSpec> {
  const spec = await taskSpec();
  return { ...spec, commitDeadline: spec.commitDeadline + 2_400n };
}

/** Terms of an auction that opens in 100 seconds, rises for 1,000, and is exclusive until 1,000 before `commitDeadline`. */
export async function auctionTerms(spec: TaskSpec) {
  const now = BigInt(await networkHelpers.time.latest());
  return {
    minPriceWei: MIN_PRICE_WEI,
    startsAt: now + 100n,
    rampSeconds: RAMP_SECONDS,
    lockDeadline: now + 2_000n,
    exclusiveDeadline: spec.commitDeadline - 1_000n,
    collateralWei: COLLATERAL_WEI,
  };
}

export type AuctionTerms = Awaited<ReturnType<typeof auctionTerms>>;

interface Changes<Terms> {
  readonly spec?: Partial<TaskSpec>;
  readonly terms?: Partial<Terms>;
  readonly isSealed?: boolean;
}

/** Posts a task with an assignment; rejects as the contracts do. */
async function postWith(
  d: Assignments,
  spec: TaskSpec,
  assignment: Addressable,
  assignmentTerms: string,
  isSealed: boolean,
): Promise<bigint> {
  const rules = {
    ...NO_RULES,
    assignment: await assignment.getAddress(),
    assignmentTerms,
    ...(isSealed ? { seal: await d.seal.getAddress() } : {}),
  };
  const value = spec.rewardToken === NATIVE ? spec.rewardWei : 0n;
  await d.market.connect(d.poster).postWithRules(spec, rules, { value });
  return await d.market.taskCount();
}

export interface Auctioned {
  readonly taskId: bigint;
  readonly spec: TaskSpec;
  readonly terms: AuctionTerms;
}

/** Posts a task for auction; a sealed one is exclusive to the end. */
export async function postAuction(d: Assignments, changes: Changes<AuctionTerms> = {}): Promise<Auctioned> {
  const spec = { ...(await auctionedSpec()), ...changes.spec };
  const isSealed = changes.isSealed ?? false;
  const exclusive = isSealed ? { exclusiveDeadline: spec.proveDeadline } : {};
  const terms = { ...(await auctionTerms(spec)), ...exclusive, ...changes.terms };
  const encoded = encodeTerms(d.auction, "AuctionOpened", terms);
  return { taskId: await postWith(d, spec, d.auction, encoded, isSealed), spec, terms };
}

/** The price at a second, written from its description. */
export function priceWeiAt({ spec, terms }: Auctioned, timestamp: bigint): bigint {
  const elapsed = timestamp - terms.startsAt;
  if (elapsed >= terms.rampSeconds) return spec.rewardWei;
  return terms.minPriceWei + ((spec.rewardWei - terms.minPriceWei) * elapsed) / terms.rampSeconds;
}

/** Deposits stake and lets a module lock it, and what was deposited before. */
export async function consent(
  { vault }: Pick<Assignments, "vault">,
  account: HardhatEthersSigner,
  locker: Addressable,
  amountWei = STAKE_WEI,
  token: string = NATIVE,
): Promise<void> {
  const value = token === NATIVE ? amountWei : 0n;
  await vault.connect(account).depositAndApprove(token, amountWei, locker, 1_000n * STAKE_WEI, { value });
}

/** Locks a task that is posted; the auction is open from its start. */
export async function lockAs(
  d: Assignments,
  { taskId, terms }: Auctioned,
  prover: HardhatEthersSigner,
  timestamp = terms.startsAt,
): Promise<ContractTransactionResponse> {
  await consent(d, prover, d.auction, COLLATERAL_WEI);
  await networkHelpers.time.setNextBlockTimestamp(timestamp);
  return await d.auction.connect(prover).lock(taskId);
}

/** Terms of a draw of one seat that can be drawn three times. */
export const DRAW_TERMS = {
  minWei: MIN_WEI,
  capWei: CAP_WEI,
  enrolBlocks: ENROL_BLOCKS,
  turnBlocks: TURN_BLOCKS,
  seats: 1n,
  maxRedraws: 2n,
};

export type DrawTerms = typeof DRAW_TERMS;

export interface Drawn {
  readonly taskId: bigint;
  readonly spec: TaskSpec;
  readonly terms: DrawTerms;
  /** Last block in which enrolments are accepted. */
  readonly lastEnrolBlock: bigint;
}

/** Posts a task whose seats are drawn. */
export async function postDraw(d: Assignments, changes: Changes<DrawTerms> = {}): Promise<Drawn> {
  const spec = { ...(await taskSpec()), ...changes.spec };
  const terms = { ...DRAW_TERMS, ...changes.terms };
  const taskId = await postWith(d, spec, d.draw, encodeTerms(d.draw, "DrawOpened", terms), false);
  const posted = BigInt(await ethers.provider.getBlockNumber());
  return { taskId, spec, terms, lastEnrolBlock: posted + terms.enrolBlocks };
}

/** Deposits stake and enrols with it. */
export async function enrolAs(
  d: Assignments,
  taskId: bigint,
  prover: HardhatEthersSigner,
  stakeWei = MIN_WEI,
): Promise<void> {
  await consent(d, prover, d.draw, stakeWei);
  await d.draw.connect(prover).enrol(taskId, stakeWei);
}

/** Mines blocks until the next one has this number. */
export async function nextBlockIs(number: bigint): Promise<void> {
  const latest = BigInt(await ethers.provider.getBlockNumber());
  if (number <= latest) throw new Error(`block ${number} is in the past: the latest is ${latest}`);
  await networkHelpers.mine(number - 1n - latest);
}

/** Has `calls` mined in one block, in their order; whether each succeeded. */
export async function inOneBlock(
  ...calls: readonly ((overrides: Overrides) => Promise<ContractTransactionResponse>)[]
): Promise<boolean[]> {
  await ethers.provider.send("evm_setAutomine", [false]);
  try {
    const hashes: string[] = [];
    for (const [i, call] of calls.entries()) {
      // The tip decides the order; without an estimate, calls that will fail are sent, too.
      const maxPriorityFeePerGas = ethers.parseUnits(String(calls.length - i), "gwei");
      const maxFeePerGas = ethers.parseUnits("100", "gwei");
      const sent = await call({ gasLimit: 1_000_000n, maxPriorityFeePerGas, maxFeePerGas });
      hashes.push(sent.hash);
    }
    await networkHelpers.mine();
    const block = await ethers.provider.getBlock("latest");
    expect(block!.transactions).to.deep.equal(hashes);
    const receipts = await Promise.all(hashes.map((hash) => ethers.provider.getTransactionReceipt(hash)));
    return receipts.map((receipt) => receipt!.status === 1);
  } finally {
    await ethers.provider.send("evm_setAutomine", [true]);
  }
}
