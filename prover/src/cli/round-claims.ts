import { chainTime } from "../chain/connect.ts";
import type { FederationRecord } from "../chain/federations.ts";
import { readRound, type RoundRecord } from "../chain/rounds.ts";
import type { ReadSession } from "./session.ts";

/** Rounds whose reward is due to a member and not claimed, oldest first. */
export async function claimableRounds(
  { contracts, connection }: ReadSession,
  federation: FederationRecord,
  member: string,
): Promise<bigint[]> {
  const time = await chainTime(connection);
  const claimable: bigint[] = [];
  for (let round = 1n; round <= federation.round; round++) {
    const record = await readRound(contracts, federation, round, member, time);
    const isPaid = record.rewardWei > 0n && improvementOf(record) > 0;
    if (isPaid && !record.own.isClaimed) claimable.push(round);
  }
  return claimable;
}

/** Samples by which a member whose model is in a final round's average improved on the last global model. */
export function improvementOf({ state, own, peers, baseCorrect }: RoundRecord): number {
  const isAveraged = state === "final" && own.place !== null && peers.includes(own.place);
  return isAveraged ? Math.max(0, own.correct - baseCorrect) : 0;
}
