import { Wallet, ZeroAddress } from "ethers";

import type { AuctionTerms } from "../../prover/src/chain/auction.ts";
import { type Connection, connect } from "../../prover/src/chain/connect.ts";
import { type Contracts, openContracts } from "../../prover/src/chain/contracts.ts";
import { deployContracts } from "../../prover/src/chain/deploy.ts";
import type { DrawTerms } from "../../prover/src/chain/draw.ts";
import { TransactionJournal } from "../../prover/src/chain/journal.ts";
import { registerKey } from "../../prover/src/chain/registry.ts";
import type { Sender } from "../../prover/src/chain/send.ts";
import { depositStake } from "../../prover/src/chain/stake.ts";
import {
  commitModel,
  postTask,
  type ShardProof,
  type TaskRuleTerms,
  type TaskTerms,
} from "../../prover/src/chain/tasks.ts";
import { g1, TrapdoorKey } from "../contracts/support/trapdoor-key.ts";
import { ANVIL_KEYS, type Anvil, startAnvil } from "./anvil.ts";
import { Workspace } from "./zkpot.ts";

export const STAKE_WEI = 10n ** 17n;
export const REWARD_WEI = 10n ** 18n;
export const COLLATERAL_WEI = 2n * 10n ** 17n;
export const SAMPLE_COUNT = 360;
export const MIN_CORRECT = 342;
const DATA_SCALAR = 123456789n;
const UNBONDING_SECONDS = 3_600;
const TIMELOCK_SECONDS = 60;

/**
 * The contracts on an anvil of their own, with a working folder for the command and a key whose secrets are
 * known, so that proofs of anything can be made at once.
 */
export class Market {
  readonly anvil: Anvil;
  readonly workspace: Workspace;
  readonly connection: Connection;
  readonly contracts: Contracts;
  readonly key = new TrapdoorKey();

  private constructor(anvil: Anvil, workspace: Workspace, connection: Connection, contracts: Contracts) {
    this.anvil = anvil;
    this.workspace = workspace;
    this.connection = connection;
    this.contracts = contracts;
  }

  /** Starts anvil, deploys from account 0 and registers the key. */
  static async start(): Promise<Market> {
    const anvil = await startAnvil();
    const workspace = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[0] });
    workspace.configure(anvil.rpcUrl);
    const connection = await connect({
      name: "localhost",
      rpcUrl: anvil.rpcUrl,
      chainId: 31337,
      isLocal: true,
      confirmations: 1,
    });
    const wallet = new Wallet(ANVIL_KEYS[0], connection.provider);
    await deployContracts(connection, wallet, workspace.folder, {
      allowDevelopmentKeys: true,
      minContributions: 3,
      unbondingSeconds: UNBONDING_SECONDS,
      timelockSeconds: TIMELOCK_SECONDS,
      admin: wallet.address,
    });
    const market = new Market(
      anvil,
      workspace,
      connection,
      await openContracts(connection, workspace.folder),
    );
    const { keyId, bytes } = market.key;
    await registerKey(market.sender(0), market.contracts, { keyId, contributions: 0, verifyingKey: bytes });
    return market;
  }

  async stop(): Promise<void> {
    this.connection.provider.destroy();
    await this.anvil.stop();
    this.workspace.remove();
  }

  /** Anvil's account `index` as a sender with a journal in the working folder. */
  sender(index: number): Sender {
    const wallet = new Wallet(ANVIL_KEYS[index]!, this.connection.provider);
    const journal = TransactionJournal.of(this.workspace.folder, 31337n, wallet.address);
    return { wallet, connection: this.connection, journal };
  }

  /** Terms of a task that anybody may commit to for an hour and prove for two. */
  async terms(changes: Partial<TaskTerms> = {}): Promise<TaskTerms> {
    const block = await this.connection.provider.getBlock("latest");
    const now = BigInt(block!.timestamp);
    return {
      rewardToken: ZeroAddress,
      rewardWei: REWARD_WEI,
      keyId: this.key.keyId,
      dataPoints: [g1(DATA_SCALAR)],
      sampleCount: SAMPLE_COUNT,
      minCorrect: MIN_CORRECT,
      commitDeadline: now + 3_600n,
      proveDeadline: now + 7_200n,
      stakeToken: ZeroAddress,
      stakeWei: STAKE_WEI,
      split: "first-valid",
      winners: 1,
      maxProvers: 4,
      architectureId: 7n,
      documentHash: `0x${"d".repeat(64)}`,
      documentUri: "task.json",
      ...changes,
    };
  }

  /** Posts a task from account 0. */
  async post(changes: Partial<TaskTerms> = {}, rules?: TaskRuleTerms): Promise<bigint> {
    return (await postTask(this.sender(0), this.contracts, await this.terms(changes), rules)).taskId;
  }

  /** Posts an auctioned task: from a tenth to all of the reward in 1,000 seconds, half an hour to take it. */
  async postAuction(
    changes: Partial<AuctionTerms> = {},
    taskChanges: Partial<TaskTerms> = {},
  ): Promise<bigint> {
    const { commitDeadline, proveDeadline } = await this.terms();
    const startsAt = commitDeadline - 3_600n;
    const terms = {
      minPriceWei: REWARD_WEI / 10n,
      startsAt,
      rampSeconds: 1_000n,
      lockDeadline: startsAt + 1_800n,
      exclusiveDeadline: proveDeadline,
      collateralWei: COLLATERAL_WEI,
      ...changes,
    };
    const address = this.contracts.addresses.taskAuction!;
    return await this.post(taskChanges, { assignment: { kind: "auction", address, terms } });
  }

  /** Posts a task whose provers are drawn: one seat, ten blocks to enrol and to commit, one redraw. */
  async postDraw(changes: Partial<DrawTerms> = {}): Promise<bigint> {
    const terms = {
      minWei: STAKE_WEI,
      capWei: 10n * STAKE_WEI,
      enrolBlocks: 10,
      turnBlocks: 10,
      seats: 1,
      maxRedraws: 1,
      ...changes,
    };
    const address = this.contracts.addresses.taskDraw!;
    return await this.post({}, { assignment: { kind: "draw", address, terms } });
  }

  /** Stakes and commits as account `index`. */
  async commit(taskId: bigint, index: number): Promise<void> {
    const sender = this.sender(index);
    await depositStake(sender, this.contracts, ZeroAddress, STAKE_WEI, 10n ** 20n);
    await commitModel(sender, this.contracts, taskId, BigInt(1000 + index));
  }

  /** A proof of a count for a committed account, made with the key's secrets; all shards have the same data point. */
  async proof(taskId: bigint, index: number, correct: number, shard = 0): Promise<ShardProof> {
    const { address } = this.sender(index).wallet;
    const context = await this.contracts.market.proofContext(taskId, address);
    const statement = [context, BigInt(1000 + index), BigInt(correct)];
    return { shard, correct, proof: this.key.prove({ statement, data: DATA_SCALAR }) };
  }

  /** Adds empty blocks to the chain. */
  async mine(blocks: number): Promise<void> {
    await this.anvil.request("anvil_mine", [`0x${blocks.toString(16)}`]);
  }

  /** Moves the chain's clock. */
  async pass(seconds: number): Promise<void> {
    await this.anvil.request("evm_increaseTime", [seconds]);
    await this.anvil.request("evm_mine");
  }
}
