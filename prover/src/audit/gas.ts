/**
 * Gas that a commitment to a model and its trace, and an answer for an initialisation, never exceed: with short paths
 * they take 181,654 and 345,050.
 */
export const COMMIT_TRACE_GAS = 300_000n;
export const ANSWER_INIT_GAS = 500_000n;

/**
 * An answer for n steps takes at most ANSWER_STEPS_GAS + n·ANSWER_STEP_GAS: 689,912 for four steps with short paths, the
 * rest is room for paths of up to 32 hashes each in trace and batches.
 */
export const ANSWER_STEPS_GAS = 300_000n;
export const ANSWER_STEP_GAS = 200_000n;

/** Gas that committing and answering for `stepCount` steps takes at most. */
export function auditGas(stepCount: number): bigint {
  return COMMIT_TRACE_GAS + ANSWER_INIT_GAS + ANSWER_STEPS_GAS + BigInt(stepCount) * ANSWER_STEP_GAS;
}
