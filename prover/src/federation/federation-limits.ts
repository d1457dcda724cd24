/** What `FederationCreation.sol` allows of every federation, whatever its circuits take. */

/** Least places of a roster: of two models' sum, less one's own, the other is left. */
export const MIN_PLACES = 3;

/** Most places of a roster. */
export const MAX_PLACES = 16;

/** Most that a member's factor may be: the contract's `maxFactor` is maxFactorSum over places, and never more than this. */
export const MAX_FACTOR = 255;
