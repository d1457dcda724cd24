import { type ErrorDescription, isError } from "ethers";

import { ProverError } from "../errors.ts";
import { contractInterface, type InterfaceName } from "./abis.ts";
import { ChainError } from "./chain-error.ts";
import { ROUND_STATES } from "./round-state.ts";

const INTERFACES: readonly InterfaceName[] = [
  "ITaskMarket",
  "IStakeVault",
  "ICircuitRegistry",
  "ITrainingAudit",
  "ITaskAuction",
  "ITaskDraw",
  "ICommittees",
  "ITestSetSeal",
  "IFederatedRounds",
];

/** What to do about a refusal; those that are not listed name the fault in their values. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  BlockDrawTooEarly: "Wait until the block has passed; `zkpot task show` or `zkpot round status` says which.",
  CircuitRegistryDevelopmentKey:
    "Register a key from a ceremony; this registry refuses development keys, as it must on a public chain.",
  CircuitRegistryKeyExists: "Nothing to do: the key is registered.",
  CircuitRegistryTooFewContributions: "Add contributions to the key (`zkpot keys contribute`) and try again.",
  CircuitRegistryUnknownKey: "Register the key with `zkpot keys register`.",
  DrawPoolAlreadyEnrolled: "Nothing to do: the account enrolled before.",
  DrawPoolEnrolmentClosed: "Choose another task with `zkpot task list`.",
  DrawPoolNotEnrolled: "Nothing to do: the account has no stake in this draw.",
  DrawPoolStakeTooSmall: "Enrol with more stake.",
  FederationAlreadyMember: "Nothing to do: the account is a member; see `zkpot round status`.",
  FederationInvalidKey: "Use the mask key that the toolkit derives from the account.",
  FederationInvalidPlaces: "Ask for as many places as the keys' circuits have, and at least three.",
  FederationIsClosed: "Choose another federation: this one has no more rounds.",
  FederationKeyTaken:
    "Run `zkpot round join` again: it takes the first of the account's keys that nobody else has registered.",
  FederationMemberBusy: "Leave when the round has ended; `zkpot round status` says where it stands.",
  FederationNotMember: "Join first with `zkpot round join`.",
  FederationNotSponsor: "Use the account that created the federation.",
  FederationNothingToWithdraw: "Nothing to do: there is no credit.",
  FederationStakeTooSmall: "Join with more stake.",
  FederationStillOpen:
    "Wait until its rounds are used up, or until it has had none for 30 days; a running round ends first.",
  FederationUnknown: "Name a federation that exists.",
  FederationUnknownKey: "Register the key with `zkpot keys register`.",
  RoundAlreadyAggregated: "Nothing to do: the average was accepted.",
  RoundAlreadyCommitted: "Go on with the model that was committed.",
  RoundAlreadyMasked: "Nothing to do: the vector was accepted for this masking.",
  RoundAlreadyProven: "Nothing to do: the count was accepted.",
  RoundBelowFloor: "Train a better model: this one falls too far short of the last global model.",
  RoundCannotKeep:
    "Prove a count of the average first; not every federation lets a leader keep its own model.",
  RoundDeadlinePassed: "Wait for the next round; `zkpot round status` says where this one stands.",
  RoundInvalidProof:
    "Prove again for this federation, round, network and account; a proof counts for one member and masking only.",
  RoundInvalidReport: "Report places of the peer set that the account has not reported before.",
  RoundLimitReached: "Nothing to do: all rounds are used up; the sponsor can close the federation.",
  RoundNotAggregated: "Wait until the leader has delivered the average.",
  RoundNotBetter: "Nothing to do: as large a count is proven.",
  RoundNotCommitted: "Wait for the next round: the account has not committed in this one.",
  RoundNotEligible:
    "Join with `zkpot round join`, and take part from the next round on; stake that was slashed is topped up by leaving and joining again.",
  RoundNotInPeerSet: "Wait for the next round: the account's model is no part of this average.",
  RoundNotLeader: "Wait: another member leads.",
  RoundNothingToClaim: "Nothing to do: the reward is paid, or the account has none in this round.",
  RoundNullifierUsed: "Train a model of your own: the same weights were proven in this round before.",
  RoundTooEarly: "Wait for the deadline; `zkpot round status` says when.",
  RoundWrongState: "See where the round stands with `zkpot round status`.",
  StakeVaultInsufficientStake: "Deposit stake with `zkpot stake deposit`.",
  StakeVaultLimitExceeded: "Allow the market to lock more with `zkpot stake approve`.",
  StakeVaultNothingToWithdraw: "Nothing to do: there is no credit.",
  StakeVaultNothingUnbonding: "Request it first with `zkpot stake unbond`.",
  StakeVaultStillUnbonding: "Wait until the delay has passed; `zkpot stake show` says when.",
  TaskAuctionCollateralInUse: "Wait until the task has ended; `zkpot task show` says when.",
  TaskAuctionDeadlinePassed: "Choose another task with `zkpot task list`.",
  TaskAuctionNoCollateral: "Nothing to do: no collateral is locked for the task.",
  TaskAuctionNotStarted: "Wait until the auction starts.",
  TaskAuctionPaused: "Wait until the owner ends the market's pause; tasks that are locked go on.",
  TaskAuctionTaken: "Choose another task with `zkpot task list`.",
  TaskAuctionUnknownTask: "Choose a task that is auctioned.",
  TaskDrawIsOpen: "Nothing to do: everybody enrolled may commit.",
  TaskDrawNoVacancy: "Nothing to do: every seat is used.",
  TaskDrawNobodyEnrolled: "Nothing to do: nobody enrolled for the task.",
  TaskDrawPaused: "Wait until the owner ends the market's pause; draws that are open go on.",
  TaskDrawStakeInUse: "Commit, or wait until the draw has passed to others or the task has ended.",
  TaskDrawTaskOver: "Nothing to do: nobody can commit to the task any more.",
  TaskMarketAlreadyCommitted:
    "Go on with `zkpot prove` and `zkpot submit`, with the model that was committed.",
  TaskMarketAlreadyProven: "Nothing to do: the proof was accepted; see `zkpot claim`.",
  TaskMarketAuditNotFailed: "Nothing to do: the prover answered, or its deadline has not passed.",
  TaskMarketAuditNotPassed: "Answer the challenge first with `zkpot audit answer`.",
  TaskMarketBelowThreshold: "Train a better model, or choose a task with a lower threshold.",
  TaskMarketDeadlineNotPassed: "Wait for the deadline; `zkpot task show` says when.",
  TaskMarketDeadlinePassed: "Choose another task with `zkpot task list`.",
  TaskMarketFull: "Choose another task with `zkpot task list`.",
  TaskMarketInvalidProof:
    "Prove again for this task, this network and this account; a proof counts for one prover only.",
  TaskMarketNotAssigned:
    "Take the task first: `zkpot bid` in an auction, `zkpot enrol` for a draw; `zkpot task show` says which.",
  TaskMarketNotCommitted: "Commit to the model first with `zkpot commit`.",
  TaskMarketNotPoster: "Use the account that posted the task.",
  TaskMarketNothingToClaim: "Nothing to do: there is no unclaimed share.",
  TaskMarketNothingToWithdraw: "Nothing to do: there is no credit.",
  TaskMarketNotRevealed:
    "Wait until the poster reveals the test set; `zkpot task show` says until when it must.",
  TaskMarketTaken: "Wait for its end: somebody works on the task, or is about to be drawn for it.",
  TaskMarketTraceRequired: "This task asks for training proof: train with `zkpot train --verifiable`.",
  TaskMarketUnknownKey: "Register the key with `zkpot keys register`.",
  TaskMarketWrongState: "See where the task stands with `zkpot task show`.",
  TrainingAuditAlreadyRegistered:
    "Go on with the run whose batches are registered; one run per task and account.",
  TrainingAuditChallengeNotDrawn: "Draw it with `zkpot audit answer` once its block has passed.",
  TrainingAuditDeadlinePassed: "Nothing to do: answers are no longer accepted; see `zkpot audit status`.",
  TrainingAuditInitAnswered: "Nothing to do: the initialisation was answered.",
  TrainingAuditInvalidProof: "Prove again for this task, this network and this account.",
  TrainingAuditNotInTrace: "Answer from the folder of the run whose trace was committed.",
  TrainingAuditNotTheBatch: "Answer from the folder of the run whose batches were registered.",
  TrainingAuditSeedNotDrawn: "Wait for the block that the seed comes from; `zkpot audit status` says which.",
  TrainingAuditStepAnswered: "Nothing to do: the step was answered.",
  TrainingAuditStepNotChallenged: "Answer for the steps that `zkpot audit status` lists.",
  TrainingAuditUnknownTask: "Choose a task that asks for training proof.",
  TestSetSealAlreadyDemanded: "Nothing to do: the chunk was asked for; wait for its answer.",
  TestSetSealAlreadyRevealed: "Nothing to do: the test set is revealed.",
  TestSetSealBondInUse: "Wait for the prove deadline; `zkpot task show` says when.",
  TestSetSealDeadlineNotPassed: "Wait for the deadline; `zkpot task show` says when.",
  TestSetSealDeadlinePassed: "Nothing to do: it is too late; `zkpot task show` says what was due when.",
  TestSetSealForfeited: "Nothing to do: the bond is lost; provers take their parts with `zkpot claim`.",
  TestSetSealNobodyCommitted: "Keep the test set: nobody committed, so there is nobody to reveal it to.",
  TestSetSealNothingToForfeit: "Nothing to do: the poster owes nothing.",
  TestSetSealNotPoster: "Use the account that posted the task.",
  TestSetSealNotRevealed:
    "Wait until the poster reveals the test set; `zkpot task show` says until when it must.",
};

/** States of a task as the contract numbers them. */
const TASK_STATES = ["none", "posted", "committed", "proven", "settled", "cancelled", "expired"];

/** A refusal by one of the contracts: its custom error with its values, or undefined for other data. */
export function decodeRevert(data: string): ErrorDescription | undefined {
  for (const name of INTERFACES) {
    const found = contractInterface(name).parseError(data);
    if (found !== null && found.name !== "Error" && found.name !== "Panic") return found;
  }
  return undefined;
}

/**
 * The error a user meets for whatever ethers threw while doing `what` (e.g. "committing to task 3"):
 * contract refusals by name with their values, missing funds, an unreachable node.
 */
export function toChainError(cause: unknown, what: string): ProverError {
  if (cause instanceof ProverError) return cause;
  const data = revertData(cause);
  const revert = data === undefined ? undefined : decodeRevert(data);
  if (revert !== undefined) return refusal(revert, what, cause);
  if (isError(cause, "INSUFFICIENT_FUNDS")) {
    return new ChainError(
      "chain.insufficient-funds",
      `${what}: the account cannot pay the value and the gas`,
      "Send coins to the account, or use another one.",
      {},
      { cause },
    );
  }
  if (isError(cause, "NONCE_EXPIRED") || isError(cause, "REPLACEMENT_UNDERPRICED")) {
    return new ChainError(
      "chain.nonce-used",
      `${what}: another transaction of this account used the same number first`,
      "Run the command again; use one account from one program at a time.",
      {},
      { cause },
    );
  }
  if (isError(cause, "CALL_EXCEPTION")) {
    return new ChainError(
      "chain.reverted",
      `${what}: the contract refused without a reason (${cause.shortMessage})`,
      "Check with `zkpot doctor` that the network's addresses belong to this version of zkpot.",
      {},
      { cause },
    );
  }
  return new ChainError(
    "chain.request-failed",
    `${what}: the node did not do it (${shortReason(cause)})`,
    "Check the node with `zkpot doctor` and run the command again: finished steps are not repeated.",
    {},
    { cause },
  );
}

function refusal(revert: ErrorDescription, what: string, cause: unknown): ChainError {
  const values: Record<string, unknown> = {};
  const states = revert.name.startsWith("Round") ? ROUND_STATES : TASK_STATES;
  revert.fragment.inputs.forEach((input, index) => {
    const value: unknown = revert.args[index];
    values[input.name] = input.name === "state" ? (states[Number(value)] ?? value) : value;
  });
  const listed = Object.entries(values)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
  return new ChainError(
    `contract.${revert.name}`,
    `${what}: the contract refused with ${revert.name}${listed === "" ? "" : ` (${listed})`}`,
    NEXT_STEPS[revert.name] ?? "Correct the value that the refusal names.",
    values,
    { cause },
  );
}

/** Revert data in an ethers error, wherever the node put it. */
function revertData(cause: unknown): string | undefined {
  if (isError(cause, "CALL_EXCEPTION") && cause.data !== null && cause.data !== "0x") return cause.data;
  const match = /"data":\s*"(0x[0-9a-fA-F]{8,})"/.exec(safeJson(cause));
  return match?.[1];
}

function safeJson(cause: unknown): string {
  const { info, error } = cause as { info?: unknown; error?: unknown };
  try {
    return JSON.stringify([info, error]);
  } catch {
    return "";
  }
}

/** The node's own words without the request that ethers appends: it may hold an access key. */
export function shortReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { shortMessage } = cause as { shortMessage?: string };
  return nodeAnswer(cause)?.message ?? shortMessage ?? cause.message.split(" (")[0]!;
}

/** The JSON-RPC error a node answered with, wherever ethers put it; undefined when it did not answer. */
export function nodeAnswer(cause: unknown): { readonly message?: string } | undefined {
  const { info, error } = cause as { info?: { error?: unknown }; error?: unknown };
  const answer = info?.error ?? error;
  const isAnswer = typeof answer === "object" && answer !== null && "code" in answer && "message" in answer;
  return isAnswer ? (answer as { message?: string }) : undefined;
}
