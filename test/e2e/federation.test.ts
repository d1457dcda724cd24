import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

import { parseArtifactUri } from "../../prover/src/artifacts/artifact-uri.ts";
import { ArtifactStore } from "../../prover/src/artifacts/store.ts";
import { contractInterface } from "../../prover/src/chain/abis.ts";
import { chainTime, type Connection, connect } from "../../prover/src/chain/connect.ts";
import { type Contracts, openContracts } from "../../prover/src/chain/contracts.ts";
import { readFederation } from "../../prover/src/chain/federations.ts";
import { readHistory } from "../../prover/src/chain/round-history.ts";
import { reportsEnd } from "../../prover/src/chain/round-state.ts";
import { readContribution, readRound, readVectors, type RoundRecord } from "../../prover/src/chain/rounds.ts";
import { ANVIL_ADDRESSES } from "../support/anvil.ts";
import {
  createTinyFederation,
  newTinyMember,
  startTinyFederations,
  type TinyFederations,
} from "../support/tiny-federation.ts";
import type { Run, Workspace } from "../support/zkpot.ts";

const ROUNDS = 2;
/** Of every part of a round: nothing ends by time unless the test moves the clock. */
const PART_SECONDS = 3_600;
const DRAW_BLOCKS = 9;
const LOOK_MS = 100;
const REWARD_WEI = 10n ** 18n;
const STAKE_WEI = 10n ** 17n;

/** A member as a process of the real command, which can be killed and started again. */
class MemberProcess {
  readonly address: string;
  readonly workspace: Workspace;
  readonly #command: readonly string[];
  #child: ChildProcess | undefined;
  #finished: Promise<Run> | undefined;

  constructor(index: number, workspace: Workspace, command: readonly string[]) {
    this.address = ANVIL_ADDRESSES[index]!;
    this.workspace = workspace;
    this.#command = command;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    const { child, finished } = this.workspace.start(...this.#command, "--json");
    [this.#child, this.#finished] = [child, finished];
  }

  async kill(): Promise<void> {
    this.#child!.kill("SIGKILL");
    await this.#finished;
    this.#child = undefined;
  }

  async restart(): Promise<void> {
    await this.kill();
    this.start();
  }

  /** What the process printed, once it has ended by itself. */
  async result(): Promise<Run> {
    const run = await this.#finished!;
    this.#child = undefined;
    return run;
  }

  /** Whether the member has saved something of a round. */
  hasSaved({ chainId, address, federationId, round }: RoundRecord, name: string): boolean {
    const federation = `${chainId}-${address.toLowerCase()}-${federationId}`;
    const folder = path.join(".zkpot", "federations", federation, this.address.toLowerCase());
    return existsSync(this.workspace.file(path.join(folder, `round-${round}`, `${name}.sealed`)));
  }
}

describe("a federation of unattended members", function () {
  this.timeout(300_000);
  let stage: TinyFederations;
  let connection: Connection;
  let contracts: Contracts;
  let federationId: bigint;
  const members: MemberProcess[] = [];
  let vanished: MemberProcess;
  let lostLeader: MemberProcess;

  before(async () => {
    stage = await startTinyFederations();
    const part = String(PART_SECONDS);
    const times = ["--train", "--commit", "--prove", "--mask", "--take", "--lead"];
    const id = await createTinyFederation(stage, {
      ...Object.fromEntries(times.map((name) => [name, part])),
      "--rounds": String(ROUNDS),
      "--tolerance": "10",
      "--samples-per-factor": "4",
    });
    federationId = BigInt(id);
    const profile = { name: "localhost", rpcUrl: stage.anvil.rpcUrl, chainId: 31337, isLocal: true };
    connection = await connect({ ...profile, confirmations: 1 });
    contracts = await openContracts(connection, stage.sponsor.folder);
    for (const index of ANVIL_ADDRESSES.keys()) {
      const workspace = await newTinyMember(stage, index);
      workspace.shareArtifacts(stage.sponsor);
      await workspace.json("round", "join", id);
      const samples = [
        "--split",
        stage.sponsor.file("split.json"),
        "--rows",
        `${10 * index}-${10 * index + 9}`,
      ];
      const command = ["round", "run", id, ...samples, "--poll", "1s", "--backend", "wasm"];
      members.push(new MemberProcess(index, workspace, command));
    }
  });

  after(async () => {
    for (const member of members) if (member.isRunning) await member.kill();
    connection.provider.destroy();
    await stage.anvil.stop();
    stage.sponsor.remove();
    for (const { workspace } of members) workspace.remove();
  });

  async function lastRound(): Promise<RoundRecord> {
    const federation = await readFederation(contracts, federationId);
    const time = await chainTime(connection);
    return await readRound(contracts, federation, federation.round, ANVIL_ADDRESSES[0], time);
  }

  async function all(
    round: RoundRecord,
    among: readonly MemberProcess[],
    isDone: (contribution: Awaited<ReturnType<typeof readContribution>>) => boolean,
  ): Promise<boolean> {
    const found = await Promise.all(among.map(({ address }) => readContribution(contracts, round, address)));
    return found.every(isDone);
  }

  /** What the members that are there wait for, now that all have done their part: blocks, a time, or neither. */
  async function awaited(round: RoundRecord): Promise<"blocks" | bigint | undefined> {
    const present = members.filter(({ isRunning }) => isRunning);
    const peers = present.filter(({ address }) => peersOf(round).includes(address));
    const leader = round.places[round.leaderPlace ?? -1]?.member;
    const isLed = present.some(({ address }) => address === leader);
    // Time is up already: one of the members is about to move the round on.
    const time = await chainTime(connection);
    if (round.endsAt !== null && time > round.endsAt) return undefined;
    const clockIf = (isDone: boolean): bigint | undefined => (isDone ? round.endsAt! : undefined);
    switch (round.state) {
      case "training":
        return round.endsAt!;
      case "committing":
        return clockIf(await all(round, present, ({ modelCommitment }) => modelCommitment !== 0n));
      case "proving":
        return clockIf(await all(round, present, ({ isProven }) => isProven));
      case "masking":
        return clockIf(await all(round, peers, ({ masking }) => masking === round.masking));
      case "electing":
        return "blocks";
      case "elected": {
        const end = reportsEnd(round, { takeSeconds: PART_SECONDS });
        if (!(await arePublished(round, peersOf(round)))) return undefined;
        return isLed && time <= end ? end : clockIf(!isLed);
      }
      case "leading":
        return clockIf(!isLed || round.isScored);
      default:
        return undefined;
    }
  }

  /** Makes the blocks of a draw, or moves the clock past a time. */
  async function pass(what: "blocks" | bigint): Promise<void> {
    if (what === "blocks") {
      await stage.anvil.request("anvil_mine", [`0x${DRAW_BLOCKS.toString(16)}`]);
      return;
    }
    const seconds = Number(what - (await chainTime(connection))) + 1;
    await stage.anvil.request("evm_increaseTime", [Math.max(seconds, 1)]);
    await stage.anvil.request("evm_mine");
  }

  /** Accounts whose models are averaged. */
  function peersOf({ peers, places }: RoundRecord): string[] {
    return peers.map((place) => places[place]!.member);
  }

  /** Drives the chain until something is the case. */
  async function driveUntil(
    isReached: (round: RoundRecord) => boolean | Promise<boolean>,
  ): Promise<RoundRecord> {
    for (;;) {
      const round = await lastRound();
      if (await isReached(round)) return round;
      const what = await awaited(round);
      if (what !== undefined) await pass(what);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Whether all vectors of the present masking can be read by everybody. */
  async function arePublished(round: RoundRecord, among: readonly string[]): Promise<boolean> {
    const store = new ArtifactStore(stage.sponsor.folder);
    const vectors = await readVectors(contracts, round);
    const found = await Promise.all(
      vectors
        .filter(({ member }) => among.includes(member))
        .map(({ uri }) =>
          store.check(parseArtifactUri(uri)).then(
            () => true,
            () => false,
          ),
        ),
    );
    return found.length === among.length && found.every(Boolean);
  }

  it("finishes a round in which a member is killed after every stage", async () => {
    for (const member of members) member.start();
    const killed = members[1]!;
    const isSaved = (round: RoundRecord, stageName: string): boolean => killed.hasSaved(round, stageName);
    const points: readonly (readonly [string, (round: RoundRecord) => boolean | Promise<boolean>])[] = [
      ["trained", (round) => isSaved(round, "local-model")],
      ["committed", (round) => all(round, [killed], ({ modelCommitment }) => modelCommitment !== 0n)],
      ["proof made", (round) => isSaved(round, "local-score")],
      ["proven", (round) => all(round, [killed], ({ isProven }) => isProven)],
      ["vector made", (round) => isSaved(round, "mask-1")],
      ["vector published", (round) => arePublished(round, [killed.address])],
    ];
    const kills: string[] = [];
    await driveUntil(async (round) => {
      // Somebody may have started the next round already.
      if (round.round !== 1n) return round.round > 1n;
      const [name, isReached] = points[kills.length] ?? [];
      if (name !== undefined && (await isReached!(round))) {
        await killed.restart();
        kills.push(name);
      }
      return round.state === "final" || round.state === "abandoned";
    });
    expect(kills).to.deep.equal(points.map(([name]) => name));
    const { rounds } = await readHistory(contracts, { federationId });
    expect(rounds[0]!.record).to.deep.include({ round: 1n, rewardWei: REWARD_WEI });
    expect(rounds[0]!.maskings).to.have.length(1);
    expect(rounds[0]!.maskings[0]!.vectors).to.have.length(members.length);
  });

  it("goes on without a member that vanishes after proving, and without a leader that vanishes", async () => {
    vanished = members[3]!;
    // Its proof is on the chain: it has a place, and the others mask towards it first.
    await driveUntil(async (round) => {
      if (round.round !== 2n || !(await all(round, [vanished], ({ isProven }) => isProven))) return false;
      await vanished.kill();
      return true;
    });
    // The leader waits for reports: it has not taken the lead when it vanishes.
    const elected = await driveUntil(
      async (round) => round.state === "elected" && (await arePublished(round, peersOf(round))),
    );
    expect(elected.masking).to.equal(2);
    const leader = elected.places[elected.leaderPlace!]!.member;
    lostLeader = members.find(({ address }) => address === leader)!;
    await lostLeader.kill();
    await driveUntil(({ state }) => state === "final" || state === "abandoned");
    const [, second] = (await readHistory(contracts, { federationId })).rounds;
    expect(second!.maskings.map(({ dropped }) => dropped)).to.deep.equal([[vanished.address], []]);
    expect(
      second!.leaders.map(({ member, isReplaced }) => [member === lostLeader.address, isReplaced]),
    ).to.deep.equal([
      [true, true],
      [false, false],
    ]);
    expect(second!.record).to.not.equal(null);
    expect(second!.record!.leader).to.not.equal(lostLeader.address);
  });

  it("ends all members with what their rounds came to, their rewards claimed", async () => {
    for (const member of members) if (!member.isRunning) member.start();
    const { rounds } = await readHistory(contracts, { federationId });
    const progress: string[] = [];
    for (const member of members) {
      const { code, stdout, stderr } = await member.result();
      progress.push(stderr);
      expect(code, `${stdout}${stderr}`).to.equal(0);
      const report = JSON.parse(stdout) as { account: string; why: string; rounds: { round: string }[] };
      expect(report).to.include({ account: member.address });
      expect(report.why).to.include("all 2 rounds");
    }
    const averaging = `federation ${federationId}, round 2: averaging the models`;
    const steps = [
      "committing to the private values",
      "solving the circuit",
      "proving",
      "verifying the proof",
    ];
    const led = [averaging, ...steps.map((step) => `${averaging}: ${step}`)].join("\n");
    expect(progress.filter((stderr) => stderr.includes(led))).to.have.length(1);
    const after = await readHistory(contracts, { federationId });
    expect(after.rounds).to.have.length(ROUNDS);
    for (const [index, { claims, record, scores, maskings, baseCorrect }] of after.rounds.entries()) {
      const paid = claims.reduce((sum, { amountWei }) => sum + amountWei, 0n);
      const peers = maskings.at(-1)!.peers;
      const improved = scores.filter(
        ({ member, correct }) => peers.includes(member) && correct > baseCorrect,
      );
      expect(claims.map(({ member }) => member)).to.have.members(improved.map(({ member }) => member));
      expect(paid).to.equal(record!.rewardWei);
      expect(rounds[index]!.record!.recordHash).to.equal(record!.recordHash);
    }
  });

  it("has had every member commit once in each round, whatever was killed", async () => {
    const { rounds } = await readHistory(contracts, { federationId });
    for (const { commitments, scores } of rounds) {
      const addresses = members.map(({ address }) => address);
      expect(commitments.map(({ member }) => member)).to.have.members(addresses);
      expect(scores.map(({ member }) => member)).to.have.members(addresses);
    }
    for (const { address } of members) expect(await sentCommits(address)).to.equal(ROUNDS);
  });

  it("leaves all stake where it was: who vanished before it took the lead loses nothing", async () => {
    for (const { address, workspace } of members) {
      const stake = await workspace.json<{ lockedWei: string }>("stake", "show", address);
      expect(BigInt(stake.lockedWei)).to.equal(STAKE_WEI);
    }
  });

  /** How many commitments an account has sent, whether the chain took them or not. */
  async function sentCommits(account: string): Promise<number> {
    const { selector } = contractInterface("IFederatedRounds").getFunction("commit")!;
    const last = await connection.provider.getBlockNumber();
    let count = 0;
    for (let number = 0; number <= last; number++) {
      const block = await connection.provider.getBlock(number, true);
      count += block!.prefetchedTransactions.filter(
        ({ from, data }) => from === account && data.startsWith(selector),
      ).length;
    }
    return count;
  }
});
