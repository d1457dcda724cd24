import { expect } from "chai";

import { ChainError } from "../../../prover/src/chain/chain-error.ts";
import { FederationError } from "../../../prover/src/federation/federation-error.ts";
import type { RoundAction } from "../../../prover/src/federation/next-action.ts";
import { longestPollMs, runMember } from "../../../prover/src/federation/run-member.ts";
import { errorOf } from "../../support/error-of.ts";

const WAIT: RoundAction = { kind: "wait", until: null, untilBlock: null, why: "others train" };
const FINISHED: RoundAction = { kind: "finished", why: "all rounds are over" };

/** Steps that come to these results, one after another; errors are thrown. */
function steps(...results: readonly (RoundAction | Error)[]): () => Promise<RoundAction> {
  const left = [...results];
  return async () => {
    const next = left.shift();
    if (next === undefined) throw new TypeError("one step too many");
    if (next instanceof Error) throw next;
    return await Promise.resolve(next);
  };
}

function refusal(code: string): ChainError {
  return new ChainError(code, `refused with ${code}`, "Try again.");
}

describe("runMember", () => {
  it("takes steps until there is nothing to do any more, and tells of each", async () => {
    const actions: string[] = [];
    await runMember({
      step: steps({ kind: "start" }, { kind: "train" }, WAIT, { kind: "commit" }, FINISHED),
      onAction: ({ kind }) => actions.push(kind),
      pollMs: 1,
    });
    expect(actions).to.deep.equal(["start", "train", "wait", "commit", "finished"]);
  });

  it("pauses while others are awaited, not between steps of its own", async () => {
    const started = performance.now();
    await runMember({ step: steps({ kind: "start" }, { kind: "train" }, WAIT, FINISHED), pollMs: 300 });
    expect(performance.now() - started).to.be.within(280, 580);
  });

  for (const code of [
    "chain.nonce-gap",
    "chain.nonce-used",
    "chain.record-mismatch",
    "chain.request-failed",
    "chain.reverted-in-block",
    "chain.transaction-dropped",
    "chain.unreachable",
    "contract.BlockDrawTooEarly",
    "contract.RoundAlreadyAggregated",
    "contract.RoundAlreadyCommitted",
    "contract.RoundAlreadyProven",
    "contract.RoundDeadlinePassed",
    "contract.RoundNotBetter",
    "contract.RoundNotLeader",
    "contract.RoundNothingToClaim",
    "contract.RoundWrongState",
    "federation.vector-missing",
  ]) {
    it(`looks again after ${code}`, async () => {
      const setbacks: string[] = [];
      await runMember({
        step: steps(refusal(code), FINISHED),
        onSetback: (error) => setbacks.push(error.code),
        pollMs: 1,
      });
      expect(setbacks).to.deep.equal([code]);
    });
  }

  it("gives up after the same setback twenty times in a row, and not for more with steps in between", async () => {
    const setback = refusal("contract.RoundWrongState");
    const twenty = new Array<Error>(20).fill(setback);
    await runMember({ step: steps(...twenty, WAIT, ...twenty, FINISHED), pollMs: 1 });
    expect(await errorOf(runMember({ step: steps(...twenty, setback, FINISHED), pollMs: 1 }))).to.equal(
      setback,
    );
  });

  /** The pauses of a run through these results, in seconds. */
  async function pausesOf(
    pollSeconds: number,
    ...results: readonly (RoundAction | Error)[]
  ): Promise<number[]> {
    const pauses: number[] = [];
    await runMember({
      step: steps(...results, FINISHED),
      pollMs: pollSeconds * 1_000,
      pause: async (milliseconds) => await Promise.resolve(pauses.push(milliseconds / 1_000)),
    });
    return pauses;
  }

  it("waits out a node that is away for as long as it takes, looking less and less often", async () => {
    const away = new Array<Error>(1_000).fill(refusal("chain.unreachable"));
    const pauses = await pausesOf(5, ...away);
    expect(pauses.slice(0, 5)).to.deep.equal([5, 10, 20, 30, 30]);
    expect(pauses).to.have.length(1_000);
    expect(pauses.at(-1)).to.equal(30);
  });

  it("looks as often as before once the node is back, and soon after a setback", async () => {
    const away = refusal("chain.request-failed");
    expect(await pausesOf(5, away, away, WAIT, away)).to.deep.equal([5, 10, 5, 5]);
    expect(await pausesOf(900, away, refusal("contract.RoundWrongState"), WAIT)).to.deep.equal([30, 30, 900]);
  });

  it("does not sleep over the time or the block that it waits for", async () => {
    const inSeconds = (seconds: number): RoundAction => ({
      ...WAIT,
      until: BigInt(Math.floor(Date.now() / 1_000) + seconds),
    });
    const [soon, later, past] = await pausesOf(900, inSeconds(60), inSeconds(3_000), inSeconds(-600));
    expect(soon).to.be.within(50, 60);
    expect(later).to.equal(900);
    // The chain's clock may be behind the one here.
    expect(past).to.equal(1);
    expect(await pausesOf(900, { ...WAIT, untilBlock: 7 })).to.deep.equal([12]);
    expect(await pausesOf(5, inSeconds(60), { ...WAIT, untilBlock: 7 })).to.deep.equal([5, 5]);
  });

  it("ends with any other error at once", async () => {
    const lost = new FederationError("federation.model-lost", "no model", "Look elsewhere.");
    expect(await errorOf(runMember({ step: steps(lost, FINISHED), pollMs: 1 }))).to.equal(lost);
  });

  for (const code of [
    "contract.RoundInvalidProof",
    "contract.FederationNotMember",
    "chain.insufficient-funds",
  ]) {
    it(`ends with ${code} at once`, async () => {
      const error = refusal(code);
      expect(await errorOf(runMember({ step: steps(error, FINISHED), pollMs: 1 }))).to.equal(error);
    });
  }

  it("stops between two steps, and in the middle of a pause, when it is told to", async () => {
    const before = AbortSignal.abort();
    await runMember({ step: steps(), signal: before });
    const controller = new AbortController();
    const started = performance.now();
    setTimeout(() => controller.abort(), 20);
    await runMember({ step: steps(WAIT), signal: controller.signal, pollMs: 60_000 });
    expect(performance.now() - started).to.be.below(10_000);
  });

  it("does not count as failure what an interrupt cut off", async () => {
    const controller = new AbortController();
    const interrupted = new FederationError("federation.interrupted", "stopped", "Run it again.");
    await runMember({
      step: async () => {
        controller.abort();
        return await Promise.reject(interrupted);
      },
      signal: controller.signal,
    });
  });
});

describe("longestPollMs", () => {
  const timing = {
    trainSeconds: 1,
    commitSeconds: 3_600,
    proveSeconds: 3_600,
    maskSeconds: 3_600,
    takeSeconds: 600,
    leadSeconds: 3_600,
  };

  it("lets a member look four times in the shortest part in which it has a turn", () => {
    expect(longestPollMs(timing)).to.equal(75_000);
    expect(longestPollMs({ ...timing, maskSeconds: 60 })).to.equal(15_000);
  });

  it("asks nobody to look more often than once a second", () => {
    expect(longestPollMs({ ...timing, leadSeconds: 2 })).to.equal(1_000);
  });
});
