import { expect } from "chai";

import { ethers, holdings, NATIVE, networkHelpers } from "./support/deployment.ts";
import {
  BASE_CORRECT,
  BOND_WEI,
  CAP_WEI,
  createFederation,
  federationOfSix,
  federationsDeployed,
  federationSpec,
  finishRound,
  joinAs,
  KEYS,
  maskKey,
  MAX_FACTOR,
  MIN_STAKE_WEI,
  pass,
  POOL_WEI,
  ROUND_REWARD_WEI,
  SAMPLES,
  startRound,
  TIMING,
  VECTORS,
} from "./support/rounds.ts";
import { g1 } from "./support/trapdoor-key.ts";

import type { Result } from "ethers";

import type { FederationSpec } from "./support/rounds.ts";

const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const IDLE_SECONDS = 30n * 24n * 3600n;

describe("FederatedRounds.create", () => {
  it("records the federation, its sponsor and the record of the start", async () => {
    const { rounds, sponsor } = await federationsDeployed();
    const spec = federationSpec();
    await expect(rounds.connect(sponsor).create(spec)).to.emit(rounds, "FederationCreated");
    const [created] = await rounds.queryFilter(rounds.filters.FederationCreated());
    expect(created!.args.federationId).to.equal(1n);
    expect(created!.args.sponsor).to.equal(sponsor.address);
    const announced = (created!.args.spec as unknown as Result).toObject(true);
    expect(announced["timing"]).to.deep.equal(TIMING);
    expect(announced["globalUri"]).to.equal(spec.globalUri);
    const stored = await rounds.federation(1n);
    expect(stored.sponsor).to.equal(sponsor.address);
    expect([stored.places, stored.vectors, stored.maxFactor]).to.deep.equal([4n, VECTORS, MAX_FACTOR]);
    expect([stored.toleranceCount, stored.bandCount, stored.keepBetter]).to.deep.equal([20n, 3n, false]);
    expect([stored.sampleCount, stored.maxRounds, stored.round]).to.deep.equal([SAMPLES, 3n, 0n]);
    expect((stored.timing as unknown as Result).toObject()).to.deep.equal(TIMING);
    expect([stored.stakeToken, stored.rewardToken]).to.deep.equal([NATIVE, NATIVE]);
    expect([stored.minStakeWei, stored.capWei, stored.bondWei, stored.rewardWei]).to.deep.equal([
      MIN_STAKE_WEI,
      CAP_WEI,
      BOND_WEI,
      ROUND_REWARD_WEI,
    ]);
    expect([stored.scoreKeyId, stored.maskKeyId, stored.aggregateKeyId]).to.deep.equal(Object.values(KEYS));
    expect([stored.globalCommitment, stored.globalCorrect]).to.deep.equal([11n, BASE_CORRECT]);
    expect([stored.poolWei, stored.isClosed]).to.deep.equal([0n, false]);
    const record = ethers.AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "uint256", "uint256", "bytes32", "address", "uint32"],
      [ethers.ZeroHash, 0n, 11n, ethers.id(spec.globalUri), sponsor.address, BASE_CORRECT],
    );
    expect(stored.recordHash).to.equal(ethers.keccak256(record));
    const [point] = await rounds.dataPointsOf(1n);
    expect({ x: point!.x, y: point!.y }).to.deep.equal(spec.dataPoints[0]);
    expect(await rounds.dataPointsOf(2n)).to.deep.equal([]);
  });

  it("limits factors to 255, and to what a full roster may add up to", async () => {
    const d = await federationsDeployed();
    for (const [maxFactorSum, limit] of [
      [4n, 1n],
      [7n, 1n],
      [1_020n, 255n],
      [5_000n, 255n],
    ] as const) {
      const id = await createFederation(d, { maxFactorSum });
      expect((await d.rounds.federation(id)).maxFactor).to.equal(limit);
    }
  });

  const refusals: [string, Partial<FederationSpec>, string, unknown[]][] = [
    ["an unknown score key", { scoreKeyId: ethers.id("?") }, "FederationUnknownKey", [ethers.id("?")]],
    [
      "an unknown aggregate key",
      { aggregateKeyId: ethers.id("?") },
      "FederationUnknownKey",
      [ethers.id("?")],
    ],
    [
      "a score key of another circuit",
      { scoreKeyId: KEYS.mask },
      "FederationStatementLength",
      [KEYS.mask, 10n, 6n],
    ],
    [
      "a mask key of another circuit",
      { maskKeyId: KEYS.score },
      "FederationStatementLength",
      [KEYS.score, 6n, 10n],
    ],
    ["fewer places than hide a model", { places: 2n }, "FederationInvalidPlaces", [2n, VECTORS]],
    [
      "more places than vectors",
      { places: VECTORS + 1n },
      "FederationInvalidPlaces",
      [VECTORS + 1n, VECTORS],
    ],
    ["less than one factor a place", { maxFactorSum: 3n }, "FederationInvalidFactorSum", [3n, 4n]],
    ["no architecture", { architectureId: 0n }, "FederationNotInField", [0n]],
    ["a digest outside the field", { emptyVectorDigest: R }, "FederationNotInField", [R]],
    ["no global model", { globalCommitment: 0n }, "FederationNotInField", [0n]],
    ["no shard", { dataPoints: [] }, "FederationInvalidShardCount", [0n, 16n]],
    [
      "17 shards",
      { dataPoints: new Array(17).fill(g1(2n)) as [] },
      "FederationInvalidShardCount",
      [17n, 16n],
    ],
    ["no sample", { sampleCount: 0n, globalCorrect: 0n }, "FederationInvalidCounts", [0n, 0n]],
    ["a start better than all", { globalCorrect: 361n }, "FederationInvalidCounts", [361n, 360n]],
    ["no round", { maxRounds: 0n }, "FederationZeroAmount", []],
    ["no bond", { bondWei: 0n }, "FederationInvalidStakeRange", [0n, MIN_STAKE_WEI, CAP_WEI]],
    [
      "a bond above the least stake",
      { bondWei: MIN_STAKE_WEI + 1n },
      "FederationInvalidStakeRange",
      [MIN_STAKE_WEI + 1n, MIN_STAKE_WEI, CAP_WEI],
    ],
    [
      "a least stake above the cap",
      { minStakeWei: CAP_WEI + 1n },
      "FederationInvalidStakeRange",
      [BOND_WEI, CAP_WEI + 1n, CAP_WEI],
    ],
  ];
  for (const [name, changes, error, values] of refusals) {
    it(`refuses ${name}`, async () => {
      const { rounds, sponsor } = await federationsDeployed();
      await expect(rounds.connect(sponsor).create({ ...federationSpec(), ...changes }))
        .to.be.revertedWithCustomError(rounds, error)
        .withArgs(...values);
    });
  }

  it("refuses a key for aggregates of too few vectors", async () => {
    const { rounds, registry } = await federationsDeployed();
    await registry.addKey(ethers.id("two"), 5n);
    await expect(rounds.create({ ...federationSpec(), aggregateKeyId: ethers.id("two") }))
      .to.be.revertedWithCustomError(rounds, "FederationStatementLength")
      .withArgs(ethers.id("two"), 5n, 6n);
  });

  it("never has more than 16 places", async () => {
    const { rounds, registry } = await federationsDeployed();
    await registry.addKey(ethers.id("many"), 3n + 17n);
    const spec = { ...federationSpec(), aggregateKeyId: ethers.id("many"), maxFactorSum: 100n };
    await rounds.create({ ...spec, places: 16n });
    await expect(rounds.create({ ...spec, places: 17n }))
      .to.be.revertedWithCustomError(rounds, "FederationInvalidPlaces")
      .withArgs(17n, 16n);
  });

  it("refuses parts of a round that are empty or last longer than 30 days, each of them", async () => {
    const { rounds } = await federationsDeployed();
    const limit = IDLE_SECONDS;
    for (const name of Object.keys(TIMING)) {
      for (const seconds of [0n, limit + 1n]) {
        const timing = { ...TIMING, [name]: seconds };
        await expect(rounds.create({ ...federationSpec(), timing }))
          .to.be.revertedWithCustomError(rounds, "FederationInvalidSeconds")
          .withArgs(seconds, limit);
      }
      await rounds.create({ ...federationSpec(), timing: { ...TIMING, [name]: limit } });
    }
  });

  it("belongs to a registry and a vault", async () => {
    const { rounds, registry, vault } = await federationsDeployed();
    expect(await rounds.registry()).to.equal(await registry.getAddress());
    expect(await rounds.vault()).to.equal(await vault.getAddress());
    expect([await rounds.IDLE_SECONDS(), await rounds.DRAW_DELAY_BLOCKS()]).to.deep.equal([IDLE_SECONDS, 8n]);
    const libraries = {
      FederationCreation: await registry.getAddress(),
      RoundFlow: await registry.getAddress(),
    };
    for (const addresses of [
      [ethers.ZeroAddress, await vault.getAddress()],
      [await registry.getAddress(), ethers.ZeroAddress],
    ] as [string, string][]) {
      await expect(
        ethers.deployContract("FederatedRounds", addresses, { libraries }),
      ).to.be.revertedWithCustomError(rounds, "FederationZeroAddress");
    }
  });
});

describe("FederatedRounds.join", () => {
  it("locks the stake, up to the cap, and records the key", async () => {
    const d = await federationsDeployed();
    const { rounds, vault, members } = d;
    const id = await createFederation(d);
    const [alice, bob] = members as [(typeof members)[0], (typeof members)[0]];
    const { key, eighth } = maskKey(2n);
    await expect(rounds.connect(alice).join(id, MIN_STAKE_WEI, key, eighth))
      .to.emit(rounds, "MemberJoined")
      .withArgs(id, alice.address, [key.x, key.y], MIN_STAKE_WEI, 1n, 1n);
    await joinAs(d, id, bob, CAP_WEI + 1n);
    expect((await vault.balanceOf(alice, NATIVE)).lockedWei).to.equal(MIN_STAKE_WEI);
    expect((await vault.balanceOf(bob, NATIVE)).lockedWei).to.equal(CAP_WEI);
    const stored = await rounds.memberOf(id, alice);
    expect([...stored]).to.deep.equal([1n, MIN_STAKE_WEI, 1n, 0n, 0n, [key.x, key.y]]);
    expect(await rounds.keyOwnerOf(id, key)).to.equal(alice.address);
  });

  it("refuses members, small stakes, and federations that do not exist", async () => {
    const d = await federationsDeployed();
    const { rounds, members } = d;
    const id = await createFederation(d);
    const alice = members[0]!;
    const { key, eighth } = maskKey(2n);
    await expect(rounds.connect(alice).join(id + 1n, MIN_STAKE_WEI, key, eighth))
      .to.be.revertedWithCustomError(rounds, "FederationUnknown")
      .withArgs(id + 1n);
    await expect(rounds.connect(alice).join(id, MIN_STAKE_WEI - 1n, key, eighth))
      .to.be.revertedWithCustomError(rounds, "FederationStakeTooSmall")
      .withArgs(MIN_STAKE_WEI - 1n, MIN_STAKE_WEI);
    await joinAs(d, id, alice);
    await expect(rounds.connect(alice).join(id, MIN_STAKE_WEI, key, eighth))
      .to.be.revertedWithCustomError(rounds, "FederationAlreadyMember")
      .withArgs(id, alice.address);
  });

  it("takes each key from one account, also after that has left", async () => {
    const d = await federationsDeployed();
    const { rounds, members } = d;
    const [id, other] = [await createFederation(d), await createFederation(d)];
    const [alice, bob] = members as [(typeof members)[0], (typeof members)[0]];
    const { key, eighth } = maskKey(2n);
    await joinAs(d, id, alice);
    const refused = async () =>
      await expect(rounds.connect(bob).join(id, MIN_STAKE_WEI, key, eighth))
        .to.be.revertedWithCustomError(rounds, "FederationKeyTaken")
        .withArgs(id, key.x, key.y);
    await refused();
    await rounds.connect(alice).leave(id);
    await refused();
    await rounds.connect(bob).join(other, MIN_STAKE_WEI, key, eighth);
    await joinAs(d, id, alice);
  });

  it("refuses keys that are no points of prime order", async () => {
    const d = await federationsDeployed();
    const { rounds, members } = d;
    const id = await createFederation(d);
    const { key, eighth } = maskKey(2n);
    const neutral = { x: 0n, y: 1n };
    const other = maskKey(3n).key;
    // The opposite of a point of order two more: on the curve, outside the subgroup.
    const outside = { x: R - key.x, y: R - key.y };
    for (const [bad, part] of [
      [key, other],
      [key, { x: eighth.x + R, y: eighth.y }],
      [key, { x: eighth.x, y: eighth.y + R }],
      [key, { x: eighth.x, y: eighth.x }],
      [{ x: key.x + R, y: key.y }, eighth],
      [{ x: key.x, y: key.y + R }, eighth],
      [neutral, neutral],
      [
        { x: 0n, y: R - 1n },
        { x: 0n, y: R - 1n },
      ],
      [outside, eighth],
      [outside, { x: R - eighth.x, y: R - eighth.y }],
    ] as const) {
      await expect(rounds.connect(members[0]).join(id, MIN_STAKE_WEI, bad, part))
        .to.be.revertedWithCustomError(rounds, "FederationInvalidKey")
        .withArgs(bad.x, bad.y);
    }
    // A point outside the subgroup may be the eighth part: its eighth multiple is inside.
    await rounds.connect(members[0]).join(id, MIN_STAKE_WEI, key, { x: R - eighth.x, y: R - eighth.y });
  });

  it("counts from the next round on", async () => {
    const d = await federationOfSix();
    const { rounds, members, id } = d;
    await rounds.connect(members[5]).leave(id);
    await startRound(d);
    await joinAs(d, id, members[5]!);
    expect((await rounds.memberOf(id, members[5]!)).firstRound).to.equal(2n);
    await expect(rounds.connect(members[5]).commit(id, 5n, 1n))
      .to.be.revertedWithCustomError(rounds, "RoundNotEligible")
      .withArgs(id, 1n, members[5]!.address);
  });
});

describe("FederatedRounds.leave", () => {
  it("releases the stake of who did not commit in a running round", async () => {
    const d = await federationOfSix();
    const { rounds, vault, members, id } = d;
    const [alice, bob] = members as [(typeof members)[0], (typeof members)[0]];
    await startRound(d);
    await rounds.connect(alice).commit(id, 5n, 1n);
    await expect(rounds.connect(alice).leave(id))
      .to.be.revertedWithCustomError(rounds, "FederationMemberBusy")
      .withArgs(id, alice.address, 1n);
    const { lockId } = await rounds.memberOf(id, bob);
    await expect(rounds.connect(bob).leave(id))
      .to.emit(rounds, "MemberLeft")
      .withArgs(id, bob.address, lockId);
    expect((await vault.balanceOf(bob, NATIVE)).lockedWei).to.equal(0n);
    await expect(rounds.connect(bob).leave(id))
      .to.be.revertedWithCustomError(rounds, "FederationNotMember")
      .withArgs(id, bob.address);
    await pass(1_000n);
    await rounds.advance(id);
    await rounds.connect(alice).leave(id);
  });
});

describe("Money of federations", () => {
  it("comes from anybody, in the amount declared", async () => {
    const d = await federationsDeployed();
    const { rounds, stranger } = d;
    const id = await createFederation(d);
    await expect(rounds.connect(stranger).fund(id, 7n, { value: 7n }))
      .to.emit(rounds, "FederationFunded")
      .withArgs(id, stranger.address, 7n);
    expect((await rounds.federation(id)).poolWei).to.equal(POOL_WEI + 7n);
    await expect(rounds.fund(id, 7n, { value: 6n }))
      .to.be.revertedWithCustomError(rounds, "FederationValueMismatch")
      .withArgs(6n, 7n);
    await expect(rounds.fund(id, 0n)).to.be.revertedWithCustomError(rounds, "FederationZeroAmount");
    await expect(rounds.fund(9n, 7n, { value: 7n })).to.be.revertedWithCustomError(
      rounds,
      "FederationUnknown",
    );
  });

  it("may be tokens, but not such as take a fee", async () => {
    const d = await federationsDeployed();
    const { rounds, token, sponsor } = d;
    const id = await createFederation(d, { rewardToken: await token.getAddress() });
    await token.mint(sponsor, 100n);
    await token.connect(sponsor).approve(rounds, 100n);
    await rounds.connect(sponsor).fund(id, 60n);
    expect(await token.balanceOf(rounds)).to.equal(60n);
    await expect(rounds.connect(sponsor).fund(id, 1n, { value: 1n }))
      .to.be.revertedWithCustomError(rounds, "FederationValueMismatch")
      .withArgs(1n, 0n);
    const taxed = await ethers.deployContract("FeeOnTransferToken");
    const other = await createFederation(d, { rewardToken: await taxed.getAddress() });
    await taxed.mint(sponsor, 1_000n);
    await taxed.connect(sponsor).approve(rounds, 1_000n);
    await expect(rounds.connect(sponsor).fund(other, 1_000n)).to.be.revertedWithCustomError(
      rounds,
      "FederationTransferMismatch",
    );
  });

  it("goes back to the sponsor when rounds are used up or long past", async () => {
    const d = await federationOfSix({ maxRounds: 1n });
    const { rounds, sponsor, stranger, members, id } = d;
    await expect(rounds.connect(sponsor).close(id))
      .to.be.revertedWithCustomError(rounds, "FederationStillOpen")
      .withArgs(id);
    await expect(rounds.connect(stranger).close(id))
      .to.be.revertedWithCustomError(rounds, "FederationNotSponsor")
      .withArgs(id, stranger.address);
    await startRound(d);
    await expect(rounds.connect(sponsor).close(id))
      .to.be.revertedWithCustomError(rounds, "FederationStillOpen")
      .withArgs(id);
    await pass(1_000n);
    await rounds.advance(id);
    await expect(rounds.connect(sponsor).close(id))
      .to.emit(rounds, "FederationClosed")
      .withArgs(id, POOL_WEI)
      .and.to.emit(rounds, "FederationCredited")
      .withArgs(id, sponsor.address, NATIVE, POOL_WEI);
    const closed = async (call: Promise<unknown>) =>
      await expect(call).to.be.revertedWithCustomError(rounds, "FederationIsClosed").withArgs(id);
    await closed(rounds.connect(sponsor).close(id));
    await closed(rounds.fund(id, 1n, { value: 1n }));
    await closed(rounds.connect(members[0]).start(id));
    await rounds.connect(members[0]).leave(id);

    const idle = await createFederation(d);
    const { lastEndedAt } = await rounds.federation(idle);
    await networkHelpers.time.setNextBlockTimestamp(lastEndedAt + IDLE_SECONDS);
    await expect(rounds.connect(sponsor).close(idle)).to.be.revertedWithCustomError(
      rounds,
      "FederationStillOpen",
    );
    await networkHelpers.time.setNextBlockTimestamp(lastEndedAt + IDLE_SECONDS + 1n);
    await rounds.connect(sponsor).close(idle);
  });

  it("is withdrawn by its account, once", async () => {
    const d = await federationOfSix({ maxRounds: 1n });
    const { rounds, sponsor, members, id } = d;
    await finishRound(d, [150n, 140n, 130n], 160n);
    for (const member of members.slice(0, 3)) await rounds.claim(id, 1n, member);
    await rounds.connect(sponsor).close(id);
    const owed = await rounds.creditOf(sponsor, NATIVE);
    expect(owed).to.equal(POOL_WEI - ROUND_REWARD_WEI);
    await expect(rounds.connect(sponsor).withdraw(NATIVE))
      .to.emit(rounds, "FederationCreditWithdrawn")
      .withArgs(sponsor.address, NATIVE, owed);
    await expect(rounds.connect(sponsor).withdraw(NATIVE))
      .to.be.revertedWithCustomError(rounds, "FederationNothingToWithdraw")
      .withArgs(sponsor.address, NATIVE);
    for (const member of members.slice(0, 3)) await rounds.connect(member).withdraw(NATIVE);
    expect(await holdings(NATIVE, rounds)).to.equal(0n);
  });
});
