import { expect } from "chai";
import fc from "fast-check";

import {
  breakEvenStakeWei,
  detectionProbability,
  exactDetectionProbability,
  hoeffdingInterval,
} from "../../../prover/src/audit/odds.ts";

/** Binomial coefficient on bigints. */
function choose(n: number, k: number): bigint {
  let result = 1n;
  for (let i = 0; i < k; i++) result = (result * BigInt(n - i)) / BigInt(i + 1);
  return k > n ? 0n : result;
}

describe("the odds of an audit", () => {
  it("detect a share of bad steps with 1 − (1 − share)^draws", () => {
    expect(detectionProbability(0.5, 3)).to.be.closeTo(0.875, 1e-12);
    expect(detectionProbability(0, 10)).to.equal(0);
    expect(detectionProbability(1, 1)).to.equal(1);
    expect(detectionProbability(1, 0)).to.equal(0);
    // One bad step in a thousand escapes twenty checks 98 % of the time.
    expect(1 - detectionProbability(0.001, 20)).to.be.closeTo(0.98, 0.001);
  });

  it("keep their precision for tiny shares", () => {
    expect(detectionProbability(1e-12, 3) / 3e-12).to.be.closeTo(1, 1e-9);
  });

  it("equal the ratio of binomials when steps are drawn without replacement", () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 60 })
          .chain((total) =>
            fc.tuple(
              fc.constant(total),
              fc.integer({ min: 0, max: total }),
              fc.integer({ min: 0, max: total }),
            ),
          ),
        ([total, bad, draws]) => {
          const escape = Number(choose(total - bad, draws)) / Number(choose(total, draws));
          expect(exactDetectionProbability(total, bad, draws)).to.be.closeTo(1 - escape, 1e-9);
        },
      ),
      { seed: 1 },
    );
  });

  it("are never worse without replacement than with", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (total, badPart, drawPart) => {
          const bad = Math.floor(badPart * total);
          const draws = Math.floor(drawPart * total);
          const exact = exactDetectionProbability(total, bad, draws);
          expect(exact).to.be.at.least(detectionProbability(bad / total, draws) - 1e-9);
        },
      ),
      { seed: 1 },
    );
  });

  it("refuse shares and counts that do not exist", () => {
    expect(() => detectionProbability(-0.1, 1)).to.throw(RangeError);
    expect(() => detectionProbability(1.1, 1)).to.throw(RangeError);
    expect(() => detectionProbability(Number.NaN, 1)).to.throw(RangeError);
    expect(() => exactDetectionProbability(10, 11, 1)).to.throw(RangeError);
    expect(() => exactDetectionProbability(10, 1, 11)).to.throw(RangeError);
    expect(() => exactDetectionProbability(10, 0.5, 1)).to.throw(RangeError);
  });
});

describe("the break-even stake", () => {
  it("is what makes p·(reward + stake) equal to the saved cost", () => {
    // Faking half of a run of 1000 wei, detected with 1/4: 0.5·1000/0.25 = 2000.
    expect(breakEvenStakeWei(0.5, 0.25, 1_000n, 300n)).to.equal(1_700n);
  });

  it("is never too small by rounding, and zero when the reward deters alone", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 64 }),
        fc.bigInt({ min: 0n, max: 10n ** 20n }),
        fc.bigInt({ min: 0n, max: 10n ** 20n }),
        (share, draws, cost, reward) => {
          const p = detectionProbability(share, draws);
          const stake = breakEvenStakeWei(share, p, cost, reward);
          expect(p * Number(reward + stake)).to.be.at.least(share * Number(cost) * (1 - 1e-9));
          if (stake > 0n)
            expect(p * Number(reward + stake)).to.be.at.most(share * Number(cost) * (1 + 1e-9) + 1);
        },
      ),
      { seed: 1 },
    );
  });

  it("is zero when nothing is faked, and does not exist when nothing is detected", () => {
    expect(breakEvenStakeWei(0, 0, 1_000n, 0n)).to.equal(0n);
    expect(() => breakEvenStakeWei(0.5, 0, 1_000n, 0n)).to.throw(RangeError);
  });
});

describe("hoeffdingInterval", () => {
  it("is the score plus and minus sqrt(ln(2/δ)/2n), cut to 0..1", () => {
    const { score, low, high } = hoeffdingInterval(342, 360, 0.95);
    expect(score).to.be.closeTo(0.95, 1e-12);
    expect(score - low).to.be.closeTo(Math.sqrt(Math.log(40) / 720), 1e-12);
    expect(high).to.equal(1);
    expect(hoeffdingInterval(0, 10, 0.5).low).to.equal(0);
  });

  it("refuses what is no score or confidence", () => {
    expect(() => hoeffdingInterval(11, 10, 0.95)).to.throw(RangeError);
    expect(() => hoeffdingInterval(1, 0, 0.95)).to.throw(RangeError);
    expect(() => hoeffdingInterval(1, 10, 1)).to.throw(RangeError);
  });
});
