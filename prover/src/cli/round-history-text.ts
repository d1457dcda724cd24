import type { FederationRecord } from "../chain/federations.ts";
import type { FederationHistory, LeaderHistory, RoundHistory } from "../chain/round-history.ts";
import { formatAmount } from "./addresses.ts";
import { table } from "./text.ts";

type Shown = Pick<FederationRecord, "federationId" | "sampleCount" | "rewardToken" | "stakeToken">;

/** The rounds of a federation for people: a line each, and what went wrong or was paid below. */
export function historyText({ start, rounds }: FederationHistory, shown: Shown): string {
  const { sampleCount, federationId } = shown;
  const rows = rounds.map((round) => [
    String(round.round),
    stateOf(round),
    round.record?.leader ?? "",
    round.record === null ? "" : `${round.record.globalCorrect} of ${sampleCount}`,
    `${averagedCount(round)} of ${round.commitments.length}`,
    round.record === null ? "" : formatAmount(round.record.rewardWei, shown.rewardToken),
    round.record?.recordHash ?? "",
  ]);
  const begin = [
    "0",
    "start",
    start.leader,
    `${start.globalCorrect} of ${sampleCount}`,
    "",
    "",
    start.recordHash,
  ];
  const final = rounds.filter(({ record }) => record !== null).length;
  return [
    table(["round", "state", "leader", "correct", "averaged", "reward", "record"], [begin, ...rows]),
    ...rounds.flatMap((round) => eventsOf(round, shown)).map((line) => `  ${line}`),
    `checked: the records of federation ${federationId}, the start and ${final} rounds, chain up to the contract's hash`,
  ].join("\n");
}

function stateOf({ record, isAbandoned }: RoundHistory): string {
  if (record !== null) return record.isLeadersOwn ? "final, leader's own model" : "final";
  return isAbandoned ? "abandoned" : "running";
}

/** Models in the average: those of the last masking. */
function averagedCount({ record, maskings }: RoundHistory): number {
  return record === null ? 0 : (maskings.at(-1)?.peers.length ?? 0);
}

/** Members that vanished, leaders that did not deliver, rewards that were claimed. */
function eventsOf(round: RoundHistory, { rewardToken, stakeToken }: Shown): string[] {
  const unproven = round.commitments.length - round.scores.length;
  const isOver = round.record !== null || round.isAbandoned;
  return [
    ...(isOver && unproven > 0
      ? [`${unproven} of ${round.commitments.length} commitments were not proven`]
      : []),
    ...round.maskings.flatMap(({ masking, dropped }) =>
      dropped.map((member) => `masking ${masking} dropped ${member}`),
    ),
    ...round.missed.map((member) => `given up, as the vector of ${member} was missing; it sits out`),
    ...round.leaders.filter(({ isReplaced }) => isReplaced).map((leader) => replacedText(leader, stakeToken)),
    ...round.claims.map(
      ({ member, amountWei }) => `${member} was paid ${formatAmount(amountWei, rewardToken)}`,
    ),
  ].map((line) => `round ${round.round}: ${line}`);
}

function replacedText({ member, hasTakenLead, slashedWei }: LeaderHistory, stakeToken: string): string {
  if (!hasTakenLead) return `leader ${member} passed`;
  return `leader ${member} did not deliver and lost ${formatAmount(slashedWei, stakeToken)} of its stake`;
}
