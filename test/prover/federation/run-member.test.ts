import { expect } from "chai";

import { ChainError } from "../../../prover/src/chain/chain-error.ts";
import { FederationError } from "../../../prover/src/federation/federation-error.ts";
import type { RoundAction } from "../../../prover/src/federation/next-action.ts";
import { runMember } from "../../../prover/src/federation/run-member.ts";
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
    "contract.RoundWrongState",
    "contract.RoundDeadlinePassed",
    "chain.reverted-in-block",
    "chain.unreachable",
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
    const setback = refusal("chain.unreachable");
    const twenty = new Array<Error>(20).fill(setback);
    await runMember({ step: steps(...twenty, WAIT, ...twenty, FINISHED), pollMs: 1 });
    expect(await errorOf(runMember({ step: steps(...twenty, setback, FINISHED), pollMs: 1 }))).to.equal(
      setback,
    );
  });

  it("ends with any other error at once", async () => {
    const lost = new FederationError("federation.model-lost", "no model", "Look elsewhere.");
    expect(await errorOf(runMember({ step: steps(lost, FINISHED), pollMs: 1 }))).to.equal(lost);
    expect(
      await errorOf(runMember({ step: steps(refusal("contract.RoundInvalidProof")), pollMs: 1 })),
    ).to.have.property("code", "contract.RoundInvalidProof");
  });

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
