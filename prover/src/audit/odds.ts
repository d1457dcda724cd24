/** A symmetric interval around a measured share, in 0..1. */
export interface ScoreInterval {
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

/**
 * Probability that at least one of `draws` independent checks meets a bad step when the share `badShare` (0..1) is bad:
 * 1 − (1 − badShare)^draws. Drawing without replacement, as the contract does, only catches more.
 */
export function detectionProbability(badShare: number, draws: number): number {
  checkShare(badShare);
  // log1p and expm1 keep shares of a millionth exact.
  return badShare === 1 ? (draws > 0 ? 1 : 0) : -Math.expm1(draws * Math.log1p(-badShare));
}

/**
 * Probability that `draws` steps drawn without replacement out of `stepCount` meet at least one of `badSteps`:
 * 1 − C(stepCount − badSteps, draws) / C(stepCount, draws). Throws RangeError for counts above stepCount.
 */
export function exactDetectionProbability(stepCount: number, badSteps: number, draws: number): number {
  for (const count of [badSteps, draws]) {
    if (!Number.isInteger(count) || count < 0 || count > stepCount) {
      throw new RangeError(`${count} is not a number of steps out of ${stepCount}`);
    }
  }
  if (badSteps + draws > stepCount) return 1;
  let logEscape = 0;
  for (let draw = 0; draw < draws; draw++) logEscape += Math.log1p(-badSteps / (stepCount - draw));
  return -Math.expm1(logEscape);
}

/**
 * The stake from which on faking the share `badShare` of the steps does not pay: p·(reward + stake) = badShare·cost.
 * Zero when the reward alone deters. All amounts in wei; the result is rounded up.
 */
export function breakEvenStakeWei(
  badShare: number,
  detection: number,
  trainingCostWei: bigint,
  rewardWei: bigint,
): bigint {
  checkShare(badShare);
  if (badShare === 0) return 0n;
  if (detection <= 0) throw new RangeError("faking that nobody detects pays with any stake");
  // In parts of 10^12, rounded up: shares and probabilities are doubles, amounts are not.
  const needed = scaleUp(trainingCostWei, badShare / detection);
  return needed > rewardWei ? needed - rewardWei : 0n;
}

/**
 * Hoeffding's interval (1963) for the accuracy on the distribution that `sampleCount` independent samples came from:
 * correct/n ± sqrt(ln(2/(1 − confidence)) / (2n)), cut to 0..1.
 */
export function hoeffdingInterval(correct: number, sampleCount: number, confidence: number): ScoreInterval {
  if (!(confidence > 0 && confidence < 1)) throw new RangeError(`confidence ${confidence} is outside 0..1`);
  if (!Number.isInteger(sampleCount) || sampleCount < 1 || correct < 0 || correct > sampleCount) {
    throw new RangeError(`${correct} of ${sampleCount} is no score`);
  }
  const score = correct / sampleCount;
  const radius = Math.sqrt(Math.log(2 / (1 - confidence)) / (2 * sampleCount));
  return { score, low: Math.max(0, score - radius), high: Math.min(1, score + radius), confidence };
}

const SCALE = 10n ** 12n;

function scaleUp(amountWei: bigint, factor: number): bigint {
  const scaled = BigInt(Math.ceil(factor * Number(SCALE)));
  return (amountWei * scaled + SCALE - 1n) / SCALE;
}

function checkShare(share: number): void {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`a share of ${share} is outside 0..1`);
}
