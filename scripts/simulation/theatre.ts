/** The real contracts on a simulated chain, with the accounts that play, and many games played at once. */
import { network } from "hardhat";

import { SeededRandom } from "../../prover/src/data/random.ts";
import { BYTE_GAS, FEE_BPS, REWARD_WEI, TRANSACTION_GAS, ZERO_BYTE_GAS } from "./economics.ts";
import { costOf, Game } from "./game.ts";

import type { BaseContract } from "ethers";

import type { Call, Coalition, ContractName, Outcome, Play, Scene } from "./game.ts";

const NATIVE = "0x0000000000000000000000000000000000000000";
/** What every player has in its pocket and, for each contract that locks stake, at stake. */
const FUNDS_WEI = 1_000n * REWARD_WEI;
/** Blocks before a scene, unless it asks for more: more than the delay of a draw. */
const BLOCKS_PER_SCENE = 12;
const SECONDS_BETWEEN_BATCHES = 30n * 24n * 3_600n;
const GAS_LIMIT = "0x2540be400";
/** Calls of one transaction. */
const CALLS_PER_TRANSACTION = 60;
const PUPPETS_PER_TRANSACTION = 200;

/** Slashing can be switched off, to see what it is good for. */
export interface TheatreOptions {
  readonly hasSlashing: boolean;
}

interface Running {
  readonly course: Generator<Scene, Coalition, readonly Outcome[]>;
  scene: IteratorResult<Scene, Coalition>;
}

function wordAt(data: string, index: number): bigint {
  return BigInt(`0x${data.slice(2 + 64 * index, 66 + 64 * index)}`);
}

/** Gas that a transaction costs before its first instruction. */
function calldataGas(data: string): bigint {
  let gas = TRANSACTION_GAS;
  for (let i = 2; i < data.length; i += 2) {
    gas += data.startsWith("00", i) ? ZERO_BYTE_GAS : BYTE_GAS;
  }
  return gas;
}

/** Contracts and accounts that games are played with, one batch after another. */
export class Theatre {
  readonly #chain: Awaited<ReturnType<typeof network.create>>;
  readonly #contracts: Readonly<Record<ContractName, BaseContract>>;
  readonly #addresses: Readonly<Record<ContractName, string>>;
  readonly #stage: { readonly address: string; readonly contract: BaseContract };
  readonly #director: string;
  readonly #puppets: string[] = [];
  readonly #chainId: bigint;

  private constructor(
    chain: Awaited<ReturnType<typeof network.create>>,
    contracts: Readonly<Record<ContractName, BaseContract>>,
    addresses: Readonly<Record<ContractName, string>>,
    stage: { readonly address: string; readonly contract: BaseContract },
    director: string,
    chainId: bigint,
  ) {
    this.#chain = chain;
    this.#contracts = contracts;
    this.#addresses = addresses;
    this.#stage = stage;
    this.#director = director;
    this.#chainId = chainId;
  }

  /** Deploys everything. */
  static async open({ hasSlashing }: TheatreOptions): Promise<Theatre> {
    const chain = await network.create({
      override: {
        hardfork: "prague",
        blockGasLimit: 100_000_000_000n,
        initialBaseFeePerGas: 0,
        // Block hashes decide draws: the same in every run.
        initialDate: "2030-01-01T00:00:00Z",
      },
    });
    const { ethers } = chain;
    const [owner] = await ethers.getSigners();
    const registry = await ethers.deployContract("HashRegistry");
    const vault = hasSlashing
      ? await ethers.deployContract("StakeVault", [0n])
      : await ethers.deployContract("NoSlashVault");
    const posting = await ethers.deployContract("TaskPosting");
    const market = await ethers.deployContract("TaskMarket", [registry, vault, owner!], {
      libraries: { TaskPosting: await posting.getAddress() },
    });
    const contracts = {
      market,
      vault,
      audit: await ethers.deployContract("TrainingAudit", [market]),
      auction: await ethers.deployContract("TaskAuction", [market]),
      draw: await ethers.deployContract("TaskDraw", [market]),
      seal: await ethers.deployContract("TestSetSeal", [market]),
    };
    await market.setFee(FEE_BPS, "0x00000000000000000000000000000000000000fe");
    const entries = Object.entries(contracts).map(async ([name, contract]) => [
      name,
      await contract.getAddress(),
    ]);
    const addresses = Object.fromEntries(await Promise.all(entries)) as Record<ContractName, string>;
    const stage = await ethers.deployContract("PuppetStage");
    const { chainId } = await ethers.provider.getNetwork();
    const place = { address: await stage.getAddress(), contract: stage };
    await chain.provider.request({
      method: "hardhat_setBalance",
      params: [owner!.address, `0x${(10n ** 30n).toString(16)}`],
    });
    return new Theatre(chain, contracts, addresses, place, owner!.address, chainId);
  }

  address(name: ContractName): string {
    return this.#addresses[name];
  }

  /** Releases the chain. */
  async close(): Promise<void> {
    await this.#chain.close();
  }

  /**
   * Plays as many games of a strategy, all at the same time, and returns what its coalition earned in each, in wei.
   *
   * @param seed Chance is the same for the same seed and game number.
   * @param seats Most players of a game.
   */
  async play(play: Play, games: number, seed: string, seats: number): Promise<bigint[]> {
    await this.#hire(games * seats);
    const latest = await this.#chain.ethers.provider.getBlock("latest");
    const start = BigInt(latest!.timestamp) + SECONDS_BETWEEN_BATCHES;
    const before = await this.#wealth(games * seats);
    const running: Running[] = Array.from({ length: games }, (_, index) =>
      this.#begin(play, index, start, seed, seats),
    );
    for (;;) {
      const at = nextTime(running);
      if (at === undefined) break;
      await this.#playScenes(running, at, start + BigInt(at));
    }
    const after = await this.#wealth(games * seats);
    return running.map(({ scene }, index) => {
      const { members, valueWei } = scene.value as Coalition;
      const earned = members.map(({ address, spentWei }) => {
        const place = this.#puppets.indexOf(address, index * seats);
        return after[place]! - before[place]! - spentWei;
      });
      return earned.reduce((sum, value) => sum + value, valueWei ?? 0n);
    });
  }

  #begin(play: Play, index: number, start: bigint, seed: string, seats: number): Running {
    const addresses = this.#puppets.slice(index * seats, (index + 1) * seats).values();
    const random = new SeededRandom(seed, `game ${index}`);
    const game = new Game({
      index,
      random,
      start,
      addresses,
      chainId: this.#chainId,
      place: this,
    });
    const course = play(game);
    return { course, scene: course.next([]) };
  }

  /** Plays the scenes of all games that happen at this time, in one block. */
  async #playScenes(running: readonly Running[], at: number, timestamp: bigint): Promise<void> {
    const playing = running.filter(({ scene }) => scene.done !== true && scene.value.at === at);
    const calls = playing.flatMap(({ scene }) => (scene.value as Scene).calls);
    const blocks = playing.map(({ scene }) => (scene.value as Scene).blocks ?? BLOCKS_PER_SCENE);
    await this.#chain.networkHelpers.mine(Math.max(...blocks));
    const outcomes = await this.#perform(calls, timestamp);
    let next = 0;
    for (const run of playing) {
      const { calls: own } = run.scene.value as Scene;
      run.scene = run.course.next(outcomes.slice(next, next + own.length));
      next += own.length;
    }
  }

  async #perform(calls: readonly Call[], timestamp: bigint): Promise<Outcome[]> {
    const data = calls.map(({ to, name, args }) =>
      this.#contracts[to].interface.encodeFunctionData(name, args as unknown[]),
    );
    const scripts: string[] = [];
    for (let first = 0; first < calls.length; first += CALLS_PER_TRANSACTION) {
      const part = calls.slice(first, first + CALLS_PER_TRANSACTION);
      scripts.push(part.map((call, i) => this.#scriptOf(call, data[first + i]!)).join(""));
    }
    const { networkHelpers } = this.#chain;
    const outcomes: Outcome[] = [];
    // One block for each transaction, a second apart: scenes lie further apart than that.
    for (const [i, script] of scripts.entries()) {
      await networkHelpers.time.setNextBlockTimestamp(timestamp + BigInt(i));
      for (const log of await this.#send(this.#encodePlay(script))) {
        if (log.address.toLowerCase() !== this.#stage.address.toLowerCase()) continue;
        const call = calls[outcomes.length]!;
        const success = wordAt(log.data, 0) === 1n;
        const length = Number(wordAt(log.data, 3));
        const result = `0x${log.data.slice(2 + 4 * 64, 2 + 4 * 64 + 2 * length)}`;
        call.by.pay(costOf(call, wordAt(log.data, 1), calldataGas(data[outcomes.length]!)));
        if (!success && call.mayFail !== true) this.#fail(call, result);
        outcomes.push({ success, result });
      }
    }
    if (outcomes.length !== calls.length)
      throw new Error(`${outcomes.length} outcomes of ${calls.length} calls`);
    return outcomes;
  }

  #fail({ to, name }: Call, reason: string): never {
    const error =
      this.#contracts[to].interface.parseError(reason) ?? this.#contracts.vault.interface.parseError(reason);
    throw new Error(
      `${to}.${name} failed: ${error === null ? reason : `${error.name}(${error.args.join(", ")})`}`,
    );
  }

  #scriptOf({ by, to, valueWei }: Call, data: string): string {
    const value = (valueWei ?? 0n).toString(16).padStart(24, "0");
    const length = (data.length / 2 - 1).toString(16).padStart(8, "0");
    return by.address.slice(2) + this.#addresses[to].slice(2) + value + length + data.slice(2);
  }

  /** The call of `play` with a script of hex digits: written out, since the script is long. */
  #encodePlay(script: string): string {
    const { selector } = this.#stage.contract.interface.getFunction("play")!;
    const length = (script.length / 2).toString(16).padStart(64, "0");
    const padding = "0".repeat((64 - (script.length % 64)) % 64);
    return `${selector}${"20".padStart(64, "0")}${length}${script}${padding}`;
  }

  async #send(data: string, valueWei = 0n): Promise<readonly { address: string; data: string }[]> {
    const { provider } = this.#chain;
    const value = `0x${valueWei.toString(16)}`;
    const transaction = {
      from: this.#director,
      to: this.#stage.address,
      gas: GAS_LIMIT,
      gasPrice: "0x0",
      value,
      data,
    };
    const hash: unknown = await provider.request({ method: "eth_sendTransaction", params: [transaction] });
    const receipt = (await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })) as {
      readonly logs: readonly { address: string; data: string }[];
    };
    return receipt.logs;
  }

  /** Makes puppets until there are so many, each with coin, and stake that every contract may lock. */
  async #hire(count: number): Promise<void> {
    const { interface: abi } = this.#stage.contract;
    const lockers = Object.values(this.#addresses).filter((address) => address !== this.#addresses.vault);
    while (this.#puppets.length < count) {
      const missing = Math.min(count - this.#puppets.length, PUPPETS_PER_TRANSACTION);
      const fundsWei = FUNDS_WEI * BigInt(lockers.length + 1);
      const input = abi.encodeFunctionData("hire", [missing, fundsWei]);
      const logs = await this.#send(input, BigInt(missing) * fundsWei);
      const hired = logs.map((log) => `0x${log.data.slice(26)}`);
      this.#puppets.push(...hired);
      for (const locker of lockers) {
        const args = [NATIVE, FUNDS_WEI, locker, 2n ** 96n - 1n];
        const data = this.#contracts.vault.interface.encodeFunctionData("depositAndApprove", args);
        const value = FUNDS_WEI.toString(16).padStart(24, "0");
        const length = (data.length / 2 - 1).toString(16).padStart(8, "0");
        const script = hired
          .map((puppet) => puppet.slice(2) + this.#addresses.vault.slice(2) + value + length + data.slice(2))
          .join("");
        await this.#send(this.#encodePlay(script));
      }
    }
  }

  async #wealth(count: number): Promise<bigint[]> {
    const { interface: abi } = this.#stage.contract;
    const args = [this.#addresses.vault, this.#addresses.market, this.#puppets.slice(0, count)];
    const data = abi.encodeFunctionData("wealthOf", args);
    const request = { to: this.#stage.address, data, gas: GAS_LIMIT };
    const answer: unknown = await this.#chain.provider.request({
      method: "eth_call",
      params: [request, "latest"],
    });
    const result = answer as string;
    // An array of words, after its offset and length.
    return Array.from({ length: count }, (_, place) => wordAt(result, 2 + place));
  }
}

/** When the next scene of any game is played. */
function nextTime(running: readonly Running[]): number | undefined {
  const times = running.flatMap(({ scene }) => (scene.done === true ? [] : [scene.value.at]));
  return times.length === 0 ? undefined : Math.min(...times);
}
