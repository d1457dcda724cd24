import { expect } from "chai";

import { ANVIL_ADDRESSES } from "../support/anvil.ts";
import {
  newTinyProver,
  postTinyTask,
  startTinyMarket,
  TINY_MIN_CORRECT,
  type TinyMarket,
} from "../support/tiny-task.ts";
import type { Workspace } from "../support/zkpot.ts";

const REWARD_WEI = 10n ** 18n;
const STAKE_WEI = 10n ** 18n;
/** Milliseconds after their start at which commit, prove, submit and claim are killed: 20 points over five tasks. */
const KILL_AFTER_MS = [
  [150, 300, 250, 150],
  [400, 600, 500, 350],
  [650, 900, 750, 450],
  [800, 1_200, 950, 550],
  [950, 1_500, 1_150, 650],
] as const;

describe("a prover that is killed again and again", () => {
  let market: TinyMarket;
  let prover: Workspace;
  const tasks: string[] = [];

  before(async () => {
    market = await startTinyMarket();
    for (const _point of KILL_AFTER_MS) {
      tasks.push(await postTinyTask(market));
    }
    prover = await newTinyProver(market, tasks[0]!, 1, 120);
  });

  after(async () => {
    await market.anvil.stop();
    market.poster.remove();
    prover.remove();
  });

  async function killAfter(milliseconds: number, parameters: readonly string[]): Promise<void> {
    const { child, finished } = prover.start(...parameters, "--json");
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    await finished;
    clearTimeout(timer);
  }

  KILL_AFTER_MS.forEach((delays, index) => {
    it(`resumes when its commands are killed after ${delays.join(", ")} ms`, async () => {
      const taskId = tasks[index]!;
      const commands = [
        ["commit", taskId, "--model", "model.json"],
        ["prove", taskId, "--model", "model.json"],
        ["submit", taskId],
        ["claim", taskId],
      ];
      for (const [position, command] of commands.entries()) {
        await killAfter(delays[position]!, command);
        const { code, stdout, stderr } = await prover.run(...command, "--json");
        // A claim whose last transaction had gone through when it was killed finds nothing left to do.
        const isDone = command[0] === "claim" && stdout.includes("chain.nothing-to-claim");
        expect(code === 0 || isDone, `${command.join(" ")}\n${stdout}${stderr}`).to.equal(true);
      }
      const { task } = await prover.json<{
        task: { state: string; leader: string; submissions: { prover: string; correct: number }[] };
      }>("task", "show", taskId);
      expect(task).to.include({ state: "settled", leader: ANVIL_ADDRESSES[1] });
      expect(task.submissions).to.have.length(1);
      expect(task.submissions[0]).to.include({ correct: TINY_MIN_CORRECT });
    });
  });

  it("has sent one commitment, one proof, one release and one withdrawal per task, and lost no stake", async () => {
    const count = BigInt(
      (await market.anvil.request("eth_getTransactionCount", [ANVIL_ADDRESSES[1], "latest"])) as string,
    );
    // One deposit came first.
    expect(count).to.equal(1n + 4n * BigInt(KILL_AFTER_MS.length));
    const stake = await prover.json<{ freeWei: string; lockedWei: string }>(
      "stake",
      "show",
      ANVIL_ADDRESSES[1],
    );
    expect(stake).to.include({ freeWei: String(STAKE_WEI), lockedWei: "0" });
    const balance = BigInt(
      (await market.anvil.request("eth_getBalance", [ANVIL_ADDRESSES[1], "latest"])) as string,
    );
    const before = 10_000n * 10n ** 18n - STAKE_WEI;
    const rewards = REWARD_WEI * BigInt(KILL_AFTER_MS.length);
    expect(balance > before + rewards - 10n ** 17n && balance <= before + rewards).to.equal(true);
  });
});
