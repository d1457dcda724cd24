/** Rebuilds auctions, draws and committees from their events alone and compares them with what the views return. */
import { expect } from "chai";

import {
  assignmentsDeployed,
  CAP_WEI,
  COLLATERAL_WEI,
  consent,
  DRAW_DELAY_BLOCKS,
  enrolAs,
  lockAs,
  MIN_WEI,
  nextBlockIs,
  postAuction,
  postDraw,
} from "./support/assignment.ts";
import {
  ethers,
  modelCommitmentOf,
  NATIVE,
  networkHelpers,
  proveAs,
  stakeFor,
} from "./support/deployment.ts";

import type { BaseContract, EventLog, Result } from "ethers";

import type { Assignments } from "./support/assignment.ts";

interface RebuiltAuction {
  readonly terms: Record<string, bigint>;
  readonly token: string;
  readonly maxPriceWei: bigint;
  assignee: string;
  lockId: bigint;
}

interface RebuiltDraw {
  readonly terms: Record<string, bigint>;
  readonly token: string;
  readonly lastEnrolBlock: bigint;
  readonly controller: string;
  drawBlock: bigint;
  endsAt: bigint;
  round: bigint;
  isOpen: boolean;
  readonly entries: { readonly account: string; readonly cumulativeWei: bigint }[];
  readonly enrolments: Record<string, { lockId: bigint; readonly weightWei: bigint; round: bigint }>;
  readonly drawn: string[];
}

/** All events of a contract, in order. */
async function eventsOf(contract: BaseContract): Promise<EventLog[]> {
  return (await contract.queryFilter("*" as never)) as EventLog[];
}

async function rebuildAuctions({ auction }: Assignments): Promise<Record<string, RebuiltAuction>> {
  const auctions: Record<string, RebuiltAuction> = {};
  for (const { eventName, args } of await eventsOf(auction)) {
    const id = String(args["taskId"]);
    if (eventName === "AuctionOpened") {
      auctions[id] = {
        terms: (args["terms"] as Result).toObject() as Record<string, bigint>,
        token: args["collateralToken"] as string,
        maxPriceWei: args["maxPriceWei"] as bigint,
        assignee: ethers.ZeroAddress,
        lockId: 0n,
      };
    } else if (eventName === "TaskLocked") {
      auctions[id]!.assignee = args["assignee"] as string;
      auctions[id]!.lockId = args["lockId"] as bigint;
    } else auctions[id]!.lockId = 0n;
  }
  return auctions;
}

/** Draws of tasks or committees: their events differ by name only. */
async function rebuildDraws(contract: BaseContract, idName: string): Promise<Record<string, RebuiltDraw>> {
  const draws: Record<string, RebuiltDraw> = {};
  for (const { eventName, args } of await eventsOf(contract)) {
    const id = String(args[idName]);
    const account = args["account"] as string;
    const draw = draws[id]!;
    switch (eventName) {
      case "DrawOpened":
      case "CommitteeOpened": {
        const terms = (args["terms"] as Result).toObject() as Record<string, bigint | string>;
        draws[id] = {
          terms: terms as Record<string, bigint>,
          token: (terms["token"] ?? args["token"]) as string,
          lastEnrolBlock: args["lastEnrolBlock"] as bigint,
          controller: args["controller"] as string,
          drawBlock: args["drawBlock"] as bigint,
          endsAt: terms["endsAt"] as bigint,
          round: 0n,
          isOpen: false,
          entries: [],
          enrolments: {},
          drawn: [],
        };
        break;
      }
      case "ProverEnrolled":
      case "AuditorEnrolled": {
        const weightWei = args["weightWei"] as bigint;
        const cumulativeWei = (draw.entries.at(-1)?.cumulativeWei ?? 0n) + weightWei;
        draw.entries.push({ account, cumulativeWei });
        draw.enrolments[account] = { lockId: args["lockId"] as bigint, weightWei, round: 0n };
        break;
      }
      case "SeatsDrawn":
        draw.round = args["round"] as bigint;
        draw.drawBlock = args["drawBlock"] as bigint;
        for (const drawn of args["accounts"] as string[]) {
          draw.drawn.push(drawn);
          draw.enrolments[drawn]!.round = draw.round;
        }
        break;
      case "CommitteeDrawn":
        for (const drawn of args["members"] as string[]) {
          draw.drawn.push(drawn);
          draw.enrolments[drawn]!.round = 1n;
        }
        break;
      case "SeatsOpened":
        draw.isOpen = true;
        break;
      case "CommitteeDissolved":
        draw.endsAt = 0n;
        break;
      case "ProverLeft":
      case "AuditorLeft":
        draw.enrolments[account]!.lockId = 0n;
        break;
      case "MemberSlashed":
        // The stake that is left is the vault's to tell.
        break;
      default:
        throw new Error(`event ${eventName} is not part of the rebuilding`);
    }
  }
  return draws;
}

/** A history with every event of auctions, draws and committees; returns the committees that were opened. */
async function play(d: Assignments): Promise<bigint> {
  const { auction, draw, committees, market, alice, bob, carol } = d;
  const endsAt = BigInt(await networkHelpers.time.latest()) + 100_000n;
  const terms = { token: NATIVE, minWei: MIN_WEI, capWei: CAP_WEI, enrolBlocks: 60n, seats: 2n, endsAt };
  for (const controller of [alice, bob]) await committees.connect(controller).open(terms);
  for (const auditor of [alice, bob, carol]) {
    await consent(d, auditor, committees);
    await committees.connect(auditor).enrol(1n, 2n * MIN_WEI);
  }

  const [proven, late] = [await postAuction(d), await postAuction(d)];
  await postAuction(d);
  const drawn = await postDraw(d, { terms: { maxRedraws: 1n } });
  for (const [i, prover] of [alice, bob, carol].entries()) {
    await enrolAs(d, drawn.taskId, prover, BigInt(i + 1) * MIN_WEI);
  }
  await lockAs(d, proven, alice, late.terms.startsAt);
  await lockAs(d, late, bob, late.terms.startsAt + 10n);
  await stakeFor(d, alice);
  await market.connect(alice).commit(proven.taskId, modelCommitmentOf(alice));
  await proveAs(d, proven.taskId, alice, 350n);
  await auction.settleCollateral(proven.taskId);

  await nextBlockIs(drawn.lastEnrolBlock + DRAW_DELAY_BLOCKS + 1n);
  for (let i = 0; i < 3; i++) {
    await draw.draw(drawn.taskId);
    if (i < 2) await nextBlockIs((await draw.taskSeats(drawn.taskId)).drawBlock + 1n);
  }
  await draw.connect(bob).leave(drawn.taskId);

  await committees.draw(1n);
  const members = await committees.members(1n);
  await committees.connect(alice).slash(1n, members[0]!, 7n, bob);
  const other = [alice, bob, carol].find(({ address }) => !members.includes(address))!;
  await committees.connect(other).leave(1n);
  await committees.connect(bob).dissolve(2n);

  await networkHelpers.time.increaseTo(late.spec.commitDeadline);
  await market.expire(late.taskId);
  await auction.settleCollateral(late.taskId);
  return await committees.committeeCount();
}

describe("Events of assignments", () => {
  it("are enough to rebuild auctions", async () => {
    const d = await assignmentsDeployed();
    await play(d);
    const auctions = await rebuildAuctions(d);
    expect(Object.keys(auctions)).to.have.length(3);
    for (const [id, { terms, token, maxPriceWei, assignee, lockId }] of Object.entries(auctions)) {
      const auction = (await d.auction.auction(id)) as unknown as Result;
      expect(auction.toObject(), `auction ${id}`).to.deep.equal({
        startsAt: terms["startsAt"],
        rampSeconds: terms["rampSeconds"],
        lockDeadline: terms["lockDeadline"],
        minPriceWei: terms["minPriceWei"],
        assignee,
        lockId,
        exclusiveSeconds: terms["exclusiveDeadline"]! - terms["lockDeadline"]!,
        collateralToken: token,
        collateralWei: COLLATERAL_WEI,
        maxPriceWei,
      });
    }
  });

  it("are enough to rebuild draws and committees", async () => {
    const d = await assignmentsDeployed();
    const { draw, committees, alice, bob, carol } = d;
    const committeeCount = await play(d);
    const tasks = await rebuildDraws(draw, "taskId");
    const opened = await rebuildDraws(committees, "committeeId");
    expect(Object.keys(tasks)).to.have.length(1);
    expect(Object.keys(opened)).to.have.length(Number(committeeCount));
    for (const [contract, draws] of [
      [draw, tasks],
      [committees, opened],
    ] as const) {
      for (const [id, rebuilt] of Object.entries(draws)) {
        const { terms, token, lastEnrolBlock, entries, enrolments } = rebuilt;
        const pool = (await contract.poolOf(id)) as unknown as Result;
        expect(pool.toObject()).to.deep.equal({
          token,
          lastEnrolBlock,
          enrolledCount: BigInt(entries.length),
          minWei: terms["minWei"],
          capWei: terms["capWei"],
        });
        for (const [index, { account, cumulativeWei }] of entries.entries()) {
          expect(await contract.entryAt(id, index)).to.deep.equal([account, cumulativeWei]);
        }
        for (const { address } of [alice, bob, carol]) {
          const expected = enrolments[address] ?? { lockId: 0n, weightWei: 0n, round: 0n };
          const enrolment = (await contract.enrolmentOf(id, address)) as unknown as Result;
          expect(enrolment.toObject()).to.deep.equal(expected);
        }
      }
    }
    for (const [id, { drawBlock, round, isOpen, drawn }] of Object.entries(tasks)) {
      const seats = await draw.taskSeats(id);
      expect([seats.drawBlock, seats.round, seats.isOpen]).to.deep.equal([drawBlock, round, isOpen]);
      expect(await draw.drawnAccounts(id)).to.deep.equal(drawn);
    }
    for (const [id, { controller, drawBlock, endsAt, terms, drawn }] of Object.entries(opened)) {
      const committee = await committees.committee(id);
      expect([...committee]).to.deep.equal([controller, drawBlock, endsAt, terms["seats"]]);
      expect(await committees.members(id)).to.deep.equal(drawn);
    }
  });

  it("all occur in that history", async () => {
    const d = await assignmentsDeployed();
    await play(d);
    for (const contract of [d.auction, d.draw, d.committees] as unknown as BaseContract[]) {
      const seen = (await eventsOf(contract)).map(({ eventName }) => eventName);
      contract.interface.forEachEvent(({ name }) => {
        expect(seen).to.include(name);
      });
    }
  });
});
