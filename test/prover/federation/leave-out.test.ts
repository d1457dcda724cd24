import { expect } from "chai";

import { ChainError } from "../../../prover/src/chain/chain-error.ts";
import { readFederation } from "../../../prover/src/chain/federations.ts";
import { readHistory } from "../../../prover/src/chain/round-history.ts";
import { ProverError } from "../../../prover/src/errors.ts";
import { leaveOutRounds } from "../../../prover/src/federation/leave-out.ts";
import { type Member, stepMember } from "../../../prover/src/federation/member.ts";
import type { RoundAction } from "../../../prover/src/federation/next-action.ts";
import type { ChainView } from "../../../prover/src/federation/round-chain.ts";
import { TrainingError } from "../../../prover/src/training/training-error.ts";
import { errorOf } from "../../support/error-of.ts";
import { FederationStage } from "../../support/federation.ts";
import { castOf, playRounds } from "../../support/play-rounds.ts";
import { RoundMembers } from "../../support/round-members.ts";

const DEADLINE = 1_000n;

/** A member that sees a round as `seen` says, and whose steps come to these results; errors are thrown. */
function scripted(
  seen: { round: bigint; state: string; time: bigint },
  ...results: readonly (RoundAction | Error)[]
): { step: () => Promise<RoundAction>; left: (RoundAction | Error)[] } {
  const left = [...results];
  const read = async (): Promise<ChainView> =>
    await Promise.resolve({
      federation: { round: seen.round },
      round: { round: seen.round, state: seen.state, endsAt: DEADLINE },
      time: seen.time,
    } as unknown as ChainView);
  const step = leaveOutRounds({ chain: { read } } as unknown as Member, async (member) => {
    await member.chain.read();
    const next = left.shift();
    if (next === undefined) throw new TypeError("one step too many");
    if (next instanceof Error) throw next;
    return next;
  });
  return { step, left };
}

function failure(code: string): ProverError {
  return new ProverError(code, `failed with ${code}`, "Do better.");
}

describe("leaveOutRounds", () => {
  const running = { round: 3n, state: "masking", time: 900n };

  for (const code of [
    "contract.RoundNotEligible",
    "contract.RoundNullifierUsed",
    "federation.model-lost",
    "federation.not-provable",
    "federation.roster",
    "model.overflow",
    "training.diverged",
  ]) {
    it(`waits for the next round after ${code}, and says why once`, async () => {
      const seen = { ...running };
      const { step, left } = scripted(seen, failure(code), { kind: "train" });
      const wait = { kind: "wait", until: DEADLINE + 1n, untilBlock: null };
      const why = `failed with ${code}. Do better.`;
      expect(await step()).to.deep.equal({ ...wait, why: `round 3 is left out: ${why}` });
      for (let look = 0; look < 3; look++) {
        expect(await step()).to.deep.equal({ ...wait, why: "round 3 is left out" });
      }
      expect(left).to.have.length(1);
      seen.round = 4n;
      expect(await step()).to.deep.equal({ kind: "train" });
    });
  }

  it("acts again when the round has ended, though no other has started", async () => {
    const seen = { ...running };
    const { step } = scripted(seen, failure("federation.model-lost"), { kind: "start" });
    await step();
    seen.state = "abandoned";
    expect(await step()).to.deep.equal({ kind: "start" });
  });

  it("moves a round on whose time is up, and leaves out what follows of it", async () => {
    const seen = { ...running };
    const { step, left } = scripted(seen, failure("federation.model-lost"), { kind: "advance" });
    await step();
    seen.time = DEADLINE + 1n;
    expect(await step()).to.deep.equal({ kind: "advance" });
    Object.assign(seen, { state: "electing", time: DEADLINE });
    expect((await step()).kind).to.equal("wait");
    expect(left).to.deep.equal([]);
  });

  it("says no second time why, if the same happens again after the round's time", async () => {
    const seen = { ...running };
    const { step } = scripted(seen, failure("federation.model-lost"), failure("federation.model-lost"));
    await step();
    seen.time = DEADLINE + 1n;
    expect(await step()).to.include({ kind: "wait", why: "round 3 is left out" });
  });

  for (const code of [
    "training.backend-unavailable",
    "contract.RoundInvalidProof",
    "federation.not-member",
  ]) {
    it(`throws ${code}, which no other round makes better`, async () => {
      const error = failure(code);
      expect(await errorOf(scripted({ ...running }, error).step())).to.equal(error);
    });
  }

  it("throws what happens before the chain was read", async () => {
    const read = (): Promise<ChainView> =>
      Promise.reject(new ChainError("chain.unreachable", "no node", "Start it."));
    const member = { chain: { read, settle: () => Promise.resolve() } } as unknown as Member;
    expect((await errorOf(leaveOutRounds(member)())).code).to.equal("chain.unreachable");
  });

  it("has a member whose training fails in one round take part in the next", async () => {
    const stage = await FederationStage.start();
    const members = await RoundMembers.create(stage);
    try {
      const honest = await members.open(3);
      const diverged = new TrainingError("training.diverged", "no finite loss", "Train more slowly.", {});
      let attempts = 0;
      const unlucky: Member = {
        ...honest,
        stages: {
          ...honest.stages,
          train: async (site, model) => {
            if (site.place.round > 1n) return await honest.stages.train(site, model);
            attempts++;
            throw diverged;
          },
        },
      };
      const run = leaveOutRounds(unlucky);
      const cast = castOf(members, [0, 1, 2]).set(3, async () => await Promise.resolve(unlucky));
      await playRounds(stage, cast, async (member) =>
        member === unlucky ? await run() : await stepMember(member),
      );
      expect(attempts).to.equal(1);
      const { contracts } = stage.market;
      const { federationId } = members.federation;
      expect((await readFederation(contracts, federationId)).round).to.equal(2n);
      const { rounds } = await readHistory(contracts, { federationId });
      const account = stage.address(3);
      expect(
        rounds.map(({ commitments }) => commitments.some(({ member }) => member === account)),
      ).to.deep.equal([false, true]);
      expect(rounds.every(({ record }) => record !== null)).to.equal(true);
    } finally {
      members.clear();
      await stage.stop();
    }
  });
});
