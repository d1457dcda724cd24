import type { FederationParty } from "../record.ts";
import type { MemberRole } from "./record.ts";

/** A member of the federation; its samples are the part of the same number. */
export interface CastMember {
  readonly party: FederationParty;
  readonly role: MemberRole;
}

/** All members in the order in which they join. The free rider's second account has no data of its own. */
export const CAST: readonly CastMember[] = [
  { party: "member-1", role: "honest" },
  { party: "member-2", role: "honest" },
  { party: "member-3", role: "honest" },
  { party: "member-4", role: "honest" },
  { party: "member-5", role: "honest" },
  { party: "poisoner", role: "poisoner" },
  { party: "rider", role: "free rider" },
  { party: "rider-2", role: "second account" },
];

/** Members with samples of their own. */
export const DATA_OWNERS = CAST.filter(({ role }) => role !== "second account");

/** What a member came for. */
export function roleOf(party: FederationParty): MemberRole | undefined {
  return CAST.find((member) => member.party === party)?.role;
}
