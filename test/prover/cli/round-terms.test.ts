import { expect } from "chai";

import { parseRoundTerms, type RoundTermFlags } from "../../../prover/src/cli/round-terms.ts";
import { UsageError } from "../../../prover/src/cli/usage-error.ts";

const SAMPLES = 360;
const ETHER = 10n ** 18n;
const GOOD: RoundTermFlags = {
  rounds: "5",
  train: "10m",
  commit: "300",
  prove: "1h",
  mask: "90s",
  take: "2m",
  lead: "30d",
  tolerance: "4",
  band: "2",
  stake: "1ether",
  reward: "0.5ether",
};

describe("parseRoundTerms", () => {
  it("reads durations with units, counts and amounts", async () => {
    expect(
      await parseRoundTerms({ ...GOOD, keepBetter: true, cap: "2ether", bond: "1gwei" }, SAMPLES),
    ).to.deep.equal({
      timing: {
        trainSeconds: 600,
        commitSeconds: 300,
        proveSeconds: 3_600,
        maskSeconds: 90,
        takeSeconds: 120,
        leadSeconds: 2_592_000,
      },
      maxRounds: 5,
      toleranceCount: 4,
      bandCount: 2,
      keepBetter: true,
      stakeToken: `0x${"0".repeat(40)}`,
      minStakeWei: ETHER,
      capWei: 2n * ETHER,
      bondWei: 10n ** 9n,
      rewardToken: `0x${"0".repeat(40)}`,
      rewardWei: ETHER / 2n,
    });
  });

  it("caps stake at the least one, and bonds all of it, unless told otherwise", async () => {
    const { capWei, bondWei, keepBetter } = await parseRoundTerms(GOOD, SAMPLES);
    expect({ capWei, bondWei, keepBetter }).to.deep.equal({
      capWei: ETHER,
      bondWei: ETHER,
      keepBetter: false,
    });
  });

  it("takes counts up to the size of the test set, and no more", async () => {
    const all = { ...GOOD, tolerance: String(SAMPLES), band: String(SAMPLES) };
    expect(await parseRoundTerms(all, SAMPLES)).to.include({ toleranceCount: SAMPLES, bandCount: SAMPLES });
    for (const option of ["tolerance", "band"]) {
      const { message, nextStep } = await refusal({ [option]: "361" });
      expect(message).to.include(`--${option}: "361"`);
      expect(nextStep).to.include("from 0 to 360");
    }
  });

  for (const option of ["train", "commit", "prove", "mask", "take", "lead"] as const) {
    it(`refuses --${option} of no time, and of more than 30 days, naming the limit`, async () => {
      for (const [text, seconds] of [
        ["0", 0],
        ["31d", 2_678_400],
        ["2592001", 2_592_001],
      ] as const) {
        const error = await refusal({ [option]: text });
        expect(error.message).to.include(`--${option}: "${text}" is ${seconds} s`).and.include("30 d");
      }
      expect((await refusal({ [option]: "soon" })).message).to.include(`--${option}: "soon"`);
    });
  }

  const stakes: readonly (readonly [string, Partial<RoundTermFlags>])[] = [
    ["a bond of nothing", { bond: "0" }],
    ["a bond above the least stake", { bond: "1000000000000000001" }],
    ["a cap below the least stake", { cap: "0.9ether" }],
    ["no stake at all", { stake: "0" }],
  ];
  for (const [what, changes] of stakes) {
    it(`refuses ${what}`, async () => {
      const error = await refusal(changes);
      expect(error.code).to.equal("cli.stake-range");
      expect(error.nextStep).to.match(/\.$/);
    });
  }

  it("refuses amounts that the contract cannot count", async () => {
    const limit = 2n ** 96n;
    expect(await parseRoundTerms({ ...GOOD, reward: String(limit - 1n) }, SAMPLES)).to.include({
      rewardWei: limit - 1n,
    });
    for (const option of ["stake", "cap", "bond", "reward"] as const) {
      const error = await refusal({ [option]: String(limit) });
      expect(error.message)
        .to.include(`--${option}`)
        .and.include(String(limit - 1n));
    }
  });

  for (const [option, text] of [
    ["rounds", "0"],
    ["rounds", "4294967296"],
    ["rounds", "many"],
    ["stakeToken", "0x1"],
    ["rewardToken", "ether"],
  ] as const) {
    it(`refuses ${option} ${text}`, async () => {
      expect((await refusal({ [option]: text })).code).to.equal("cli.invalid-value");
    });
  }

  async function refusal(changes: Partial<RoundTermFlags>): Promise<UsageError> {
    try {
      await parseRoundTerms({ ...GOOD, ...changes }, SAMPLES);
    } catch (error) {
      expect(error).to.be.instanceOf(UsageError);
      return error as UsageError;
    }
    throw new Error(`accepted ${JSON.stringify(changes)}`);
  }
});
