/**
 * What `FederatedRounds` makes of a round's proven counts, as pure functions: a test compares them with the contract. Proofs are
 * not part of it: a count is what the model has, and what is averaged is what was counted.
 */

/** The numbers of a federation that decide over models. */
export interface RoundRules {
  /** Places of a roster. */
  readonly places: number;
  /** By how many samples a model may fall short of the last global model. */
  readonly toleranceCount: number;
  /** Candidates within so many samples of the best are drawn from. */
  readonly bandCount: number;
  /** Whether a leader may put its own model in place of an average that counts less. */
  readonly keepBetter: boolean;
  readonly maxFactor: number;
  readonly rewardWei: bigint;
}

/** A member's proven count, in the order of proofs. */
export interface ProvenCount {
  readonly member: number;
  readonly correct: number;
  /** Stake, as far as it counts. */
  readonly weightWei: bigint;
}

/** With fewer models a round is abandoned. */
export const MIN_PLACES = 3;

/** Samples that a model has to classify correctly. */
export function floorOf(baseCorrect: number, { toleranceCount }: RoundRules): number {
  return Math.max(baseCorrect - toleranceCount, 0);
}

/**
 * The places of a roster after all proofs: below the floor there is none; else the free places first, then that of the smallest
 * count, the latest of equals, if the new one is larger.
 */
export function rosterOf(
  counts: readonly ProvenCount[],
  baseCorrect: number,
  rules: RoundRules,
): ProvenCount[] {
  const floor = floorOf(baseCorrect, rules);
  const places: { readonly count: ProvenCount; readonly order: number }[] = [];
  counts
    .filter(({ correct }) => correct >= floor)
    .forEach((count, order) => {
      if (places.length < rules.places) {
        places.push({ count, order });
        return;
      }
      const worst = places.reduce((least, place) =>
        place.count.correct < least.count.correct ||
        (place.count.correct === least.count.correct && place.order > least.order)
          ? place
          : least,
      );
      if (worst.count.correct < count.correct) places[places.indexOf(worst)] = { count, order };
    });
  return places.map(({ count }) => count);
}

/**
 * The place that leads: of those within the band of the best, the one that a point of their stakes falls on.
 *
 * @param seedWord Uniform, from the block that draws.
 */
export function leaderOf(
  roster: readonly ProvenCount[],
  { bandCount }: RoundRules,
  seedWord: bigint,
): ProvenCount {
  const best = Math.max(...roster.map(({ correct }) => correct));
  const candidates = roster.filter(({ correct }) => correct + bandCount >= best);
  let point = seedWord % candidates.reduce((total, { weightWei }) => total + weightWei, 0n);
  for (const candidate of candidates) {
    if (point < candidate.weightWei) return candidate;
    point -= candidate.weightWei;
  }
  throw new Error("a point lies beyond all stakes");
}

/** Whether a leader may publish its own model instead of the average. */
export function mayKeepOwn(ownCorrect: number, averageCorrect: number, { keepBetter }: RoundRules): boolean {
  return keepBetter && ownCorrect > averageCorrect;
}

/** What each place is paid, claimed in the roster's order: differences of rounded sums. */
export function rewardsOf(
  roster: readonly ProvenCount[],
  baseCorrect: number,
  { rewardWei }: RoundRules,
): bigint[] {
  const improvements = roster.map(({ correct }) => BigInt(Math.max(correct - baseCorrect, 0)));
  const total = improvements.reduce((sum, improvement) => sum + improvement, 0n);
  if (total === 0n) return improvements;
  let claimed = 0n;
  return improvements.map((improvement) => {
    const before = (rewardWei * claimed) / total;
    claimed += improvement;
    return (rewardWei * claimed) / total - before;
  });
}
