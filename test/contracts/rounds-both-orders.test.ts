/** Conflicting calls about a round in one block, in both orders: either the clock decides, or the first of them. */
import { expect } from "chai";

import { type Call, eitherFirst, inBothOrders, onlyFirst, onlySecond } from "./support/both-orders.ts";
import { NATIVE, networkHelpers } from "./support/deployment.ts";
import {
  aggregateRound,
  BOND_WEI,
  commitmentOf,
  electLeader,
  federationOfSix,
  finishRound,
  globalScore,
  leaderOf,
  maskAs,
  masked,
  MIN_STAKE_WEI,
  pass,
  POOL_WEI,
  reportsEnd,
  ROUND,
  ROUND_REWARD_WEI,
  score,
  startMasking,
  startRound,
  TIMING,
} from "./support/rounds.ts";

const COUNTS = [150n, 140n, 130n];

describe("In one block, the last second of a round's part", () => {
  const provingScene = async (seconds: bigint) => {
    const d = await federationOfSix();
    const { rounds, members, stranger, id } = d;
    await startRound(d);
    for (const member of members.slice(0, 4)) {
      await rounds.connect(member).commit(id, commitmentOf(member), 1n);
    }
    await pass(TIMING.commitSeconds);
    for (const [i, correct] of COUNTS.entries()) {
      await rounds.connect(members[i]).prove(id, await score(d, members[i]!, correct));
    }
    const late = await score(d, members[3]!, 120n);
    const { startedAt } = await rounds.roundOf(id, 1n);
    const { trainSeconds, commitSeconds, proveSeconds } = TIMING;
    const calls: [Call, Call] = [
      (overrides) => rounds.connect(members[3]).prove(id, late, overrides),
      (overrides) => rounds.connect(stranger).advance(id, overrides),
    ];
    return { d, at: startedAt + trainSeconds + commitSeconds + proveSeconds + seconds, calls };
  };

  it("takes a proof and no advance, in both orders", async () => {
    await inBothOrders(async () => {
      const { d, at, calls } = await provingScene(0n);
      return {
        at,
        calls,
        check: async () => {
          expect(await d.rounds.rosterOf(d.id, 1n)).to.have.length(4);
        },
      };
    }, onlyFirst);
  });

  it("is followed by one that takes the advance and no proof, in both orders", async () => {
    await inBothOrders(async () => {
      const { d, at, calls } = await provingScene(1n);
      return {
        at,
        calls,
        check: async () => {
          expect(await d.rounds.rosterOf(d.id, 1n)).to.have.length(3);
          expect(await d.rounds.stateOf(d.id, 1n)).to.equal(ROUND.masking);
        },
      };
    }, onlySecond);
  });

  const maskingScene = async (seconds: bigint) => {
    const d = await federationOfSix();
    const { rounds, members, stranger, id } = d;
    const peers = await startMasking(d, [...COUNTS, 120n]);
    await maskAs(d, [0, 1, 2], peers);
    const last = await masked(d, members[3]!, peers, { factor: 4n });
    const { deadline } = await rounds.roundOf(id, 1n);
    const calls: [Call, Call] = [
      (overrides) => rounds.connect(members[3]).mask(...last, overrides),
      (overrides) => rounds.connect(stranger).advance(id, overrides),
    ];
    return { d, at: deadline + seconds, calls };
  };

  it("takes the last vector and goes on with all, in both orders", async () => {
    await inBothOrders(async () => {
      const { d, at, calls } = await maskingScene(0n);
      return {
        at,
        calls,
        check: async () => {
          const { state, peerSet } = await d.rounds.roundOf(d.id, 1n);
          expect([state, peerSet]).to.deep.equal([ROUND.electing, 0b1111n]);
        },
      };
    }, onlyFirst);
  });

  it("is followed by one that goes on without the last vector, in both orders", async () => {
    await inBothOrders(async () => {
      const { d, at, calls } = await maskingScene(1n);
      return {
        at,
        calls,
        check: async () => {
          const { state, peerSet, masking } = await d.rounds.roundOf(d.id, 1n);
          expect([state, peerSet, masking]).to.deep.equal([ROUND.masking, 0b0111n, 2n]);
        },
      };
    }, onlySecond);
  });
});

describe("In one block, a leader", () => {
  const turnScene = async (seconds: bigint) => {
    const d = await federationOfSix();
    const leader = await electLeader(d, COUNTS);
    const { deadline } = await d.rounds.roundOf(d.id, 1n);
    const calls: [Call, Call] = [
      (overrides) => d.rounds.connect(leader).takeLead(d.id, 1n, overrides),
      (overrides) => d.rounds.connect(d.stranger).advance(d.id, overrides),
    ];
    return { d, leader, at: deadline + seconds, calls };
  };

  it("takes the lead in the last second of its turn, in both orders", async () => {
    await inBothOrders(async () => {
      const { d, leader, at, calls } = await turnScene(0n);
      return {
        at,
        calls,
        check: async () => {
          expect(await d.rounds.stateOf(d.id, 1n)).to.equal(ROUND.leading);
          expect(await leaderOf(d)).to.equal(leader);
        },
      };
    }, onlyFirst);
  });

  it("is passed over a second later, in both orders", async () => {
    await inBothOrders(async () => {
      const { d, leader, at, calls } = await turnScene(1n);
      return {
        at,
        calls,
        check: async () => {
          expect(await d.rounds.stateOf(d.id, 1n)).to.equal(ROUND.elected);
          expect(await leaderOf(d)).not.to.equal(leader);
        },
      };
    }, onlySecond);
  });

  const deliveryScene = async (seconds: bigint) => {
    const d = await federationOfSix();
    const leader = await aggregateRound(d, COUNTS);
    const proof = await globalScore(d, leader, 150n);
    const { deadline } = await d.rounds.roundOf(d.id, 1n);
    const calls: [Call, Call] = [
      (overrides) => d.rounds.connect(leader).scoreGlobal(d.id, proof, overrides),
      (overrides) => d.rounds.connect(d.stranger).advance(d.id, overrides),
    ];
    return { d, leader, at: deadline + seconds, calls };
  };

  it("delivers in the last second of its time and keeps its bond, in both orders", async () => {
    await inBothOrders(async () => {
      const { d, leader, at, calls } = await deliveryScene(0n);
      return {
        at,
        calls,
        check: async () => {
          expect(await d.rounds.stateOf(d.id, 1n)).to.equal(ROUND.final);
          expect((await d.vault.balanceOf(leader, NATIVE)).lockedWei).to.equal(MIN_STAKE_WEI);
        },
      };
    }, onlyFirst);
  });

  it("loses its bond a second later, once, in both orders", async () => {
    await inBothOrders(async () => {
      const { d, leader, at, calls } = await deliveryScene(1n);
      return {
        at,
        calls,
        check: async () => {
          expect(await d.rounds.stateOf(d.id, 1n)).to.equal(ROUND.elected);
          expect((await d.vault.balanceOf(leader, NATIVE)).lockedWei).to.equal(MIN_STAKE_WEI - BOND_WEI);
        },
      };
    }, onlySecond);
  });

  const reportScene = async (seconds: bigint) => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    const leader = await electLeader(d, [...COUNTS, 120n]);
    for (const i of [1, 2]) await rounds.connect(members[i]).reportMissing(id, 1n, 0b1000n);
    const calls: [Call, Call] = [
      (overrides) => rounds.connect(leader).takeLead(id, 1n, overrides),
      (overrides) => rounds.connect(members[0]).reportMissing(id, 1n, 0b1000n, overrides),
    ];
    return { d, at: (await reportsEnd(d)) + seconds, calls };
  };

  it("does not come before the last report of a vector that it keeps to itself, in both orders", async () => {
    await inBothOrders(async () => {
      const { d, at, calls } = await reportScene(0n);
      return {
        at,
        calls,
        check: async () => {
          expect(await d.rounds.stateOf(d.id, 1n)).to.equal(ROUND.abandoned);
        },
      };
    }, onlySecond);
  });

  it("is free of reports a second later, in both orders", async () => {
    await inBothOrders(async () => {
      const { d, at, calls } = await reportScene(1n);
      return {
        at,
        calls,
        check: async () => {
          expect(await d.rounds.stateOf(d.id, 1n)).to.equal(ROUND.leading);
        },
      };
    }, onlyFirst);
  });
});

describe("In one block, two accounts", () => {
  it("prove the same low count of the average: the first of them counts", async () => {
    await inBothOrders(async () => {
      const d = await federationOfSix();
      const { rounds, members, id } = d;
      await aggregateRound(d, COUNTS);
      const proofs = await Promise.all(
        members.slice(0, 2).map(async (member) => await globalScore(d, member, 149n)),
      );
      return {
        calls: [
          (overrides) => rounds.connect(members[0]).scoreGlobal(id, proofs[0]!, overrides),
          (overrides) => rounds.connect(members[1]).scoreGlobal(id, proofs[1]!, overrides),
        ],
        check: async () => {
          const { state, globalCorrect } = await rounds.roundOf(id, 1n);
          expect([state, globalCorrect]).to.deep.equal([ROUND.leading, 149n]);
        },
      };
    }, eitherFirst);
  });

  it("claim the same part of a reward: it is credited once", async () => {
    await inBothOrders(async () => {
      const d = await federationOfSix();
      const { rounds, members, stranger, id } = d;
      await finishRound(d, COUNTS, 200n);
      return {
        calls: [
          (overrides) => rounds.connect(stranger).claim(id, 1n, members[0]!, overrides),
          (overrides) => rounds.connect(members[0]).claim(id, 1n, members[0]!, overrides),
        ],
        check: async () => {
          const share = (ROUND_REWARD_WEI * 50n) / 120n;
          expect(await rounds.creditOf(members[0]!, NATIVE)).to.equal(share);
        },
      };
    }, eitherFirst);
  });

  it("start a round and close the federation: the first of them counts", async () => {
    await inBothOrders(async () => {
      const d = await federationOfSix();
      const { rounds, members, sponsor, id } = d;
      await networkHelpers.time.increase(await rounds.IDLE_SECONDS());
      return {
        calls: [
          (overrides) => rounds.connect(members[0]).start(id, overrides),
          (overrides) => rounds.connect(sponsor).close(id, overrides),
        ],
        check: async ({ first }) => {
          expect((await rounds.federation(id)).isClosed).to.equal(!first);
          expect(await rounds.creditOf(sponsor, NATIVE)).to.equal(first ? 0n : POOL_WEI);
        },
      };
    }, eitherFirst);
  });

  it("fund a federation and close it: the money is the sponsor's, or stays with who offered it", async () => {
    await inBothOrders(
      async () => {
        const d = await federationOfSix();
        const { rounds, stranger, sponsor, id } = d;
        await networkHelpers.time.increase(await rounds.IDLE_SECONDS());
        return {
          calls: [
            (overrides) => rounds.connect(stranger).fund(id, 5n, { ...overrides, value: 5n }),
            (overrides) => rounds.connect(sponsor).close(id, overrides),
          ],
          check: async ({ first }) => {
            const credit = await rounds.creditOf(sponsor, NATIVE);
            expect(credit).to.equal(first ? POOL_WEI + 5n : POOL_WEI);
          },
        };
      },
      { asWritten: [true, true], reversed: [false, true] },
    );
  });
});
