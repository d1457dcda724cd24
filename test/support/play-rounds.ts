import { type Member, stepMember } from "../../prover/src/federation/member.ts";
import type { RoundAction } from "../../prover/src/federation/next-action.ts";
import type { FederationStage } from "./federation.ts";
import type { RoundMembers } from "./round-members.ts";

const VANISHED = "vanished";

/** Stands for a member that does nothing from here on. */
export async function vanish(): Promise<never> {
  return await Promise.reject(new Error(VANISHED));
}

/** What members did, in order. */
export type Done = { readonly index: number; readonly kind: RoundAction["kind"] }[];

/** Lets members act in turn, and moves clock and blocks when all of them wait, until all have finished. */
export async function playRounds(
  { market }: FederationStage,
  members: ReadonlyMap<number, () => Promise<Member>>,
  step = stepMember,
): Promise<Done> {
  const done: Done = [];
  for (let turn = 0; turn < 400; turn++) {
    const actions: RoundAction[] = [];
    for (const [index, open] of members) {
      const action = await step(await open()).catch((error: unknown): RoundAction => {
        if ((error as Error).message !== VANISHED) throw error;
        return { kind: "wait", until: null, untilBlock: null, why: VANISHED };
      });
      actions.push(action);
      if (action.kind !== "wait" && action.kind !== "finished") done.push({ index, kind: action.kind });
    }
    const isOver = (action: RoundAction): boolean =>
      action.kind === "finished" || (action.kind === "wait" && action.why === VANISHED);
    if (actions.every(isOver)) return done;
    if (actions.some(({ kind }) => kind !== "wait" && kind !== "finished")) continue;
    const times = actions.flatMap((action) =>
      action.kind === "wait" && action.until !== null ? [action.until] : [],
    );
    const blocks = actions.flatMap((action) =>
      action.kind === "wait" && action.untilBlock !== null ? [action.untilBlock] : [],
    );
    if (blocks.length > 0) {
      const { block } = await (await [...members.values()][0]!()).chain.read();
      await market.mine(Math.max(Math.min(...blocks) - block, 1));
    } else if (times.length > 0) {
      const { time } = await (await [...members.values()][0]!()).chain.read();
      const next = times.reduce((least, at) => (at < least ? at : least));
      await market.pass(Math.max(Number(next - time), 1));
    }
  }
  throw new Error(`the round does not end: ${JSON.stringify(done.slice(-20))}`);
}

/** All members, each opened anew for every step. */
export function castOf(
  of: RoundMembers,
  indices: readonly number[],
  change: (index: number, member: Member) => Member = (_, member) => member,
): Map<number, () => Promise<Member>> {
  return new Map(indices.map((index) => [index, async () => change(index, await of.open(index))]));
}
