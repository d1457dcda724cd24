/** Plays conflicting calls in one block, in both orders. */
import { expect } from "chai";

import { inOneBlock } from "./assignment.ts";
import { nextBlockAt } from "./deployment.ts";

import type { ContractTransactionResponse, Overrides } from "ethers";

/** A transaction, to be sent with these overrides. */
export type Call = (overrides: Overrides) => Promise<ContractTransactionResponse>;

/** Plays a scene twice and has its two calls mined in one block, the second time in the other order. */
export async function inBothOrders(
  scene: () => Promise<{
    readonly at?: bigint;
    readonly calls: readonly [Call, Call];
    readonly check: (succeeded: { readonly first: boolean; readonly second: boolean }) => Promise<void>;
  }>,
  expected: {
    readonly asWritten: readonly [boolean, boolean];
    readonly reversed: readonly [boolean, boolean];
  },
): Promise<void> {
  for (const isReversed of [false, true]) {
    const { at, calls, check } = await scene();
    if (at !== undefined) await nextBlockAt(at);
    const ordered = isReversed ? [calls[1], calls[0]] : calls;
    const results = await inOneBlock(...ordered);
    const [first, second] = isReversed ? [results[1], results[0]] : results;
    const [isFirst, isSecond] = isReversed ? expected.reversed : expected.asWritten;
    expect({ first, second }, isReversed ? "reversed" : "as written").to.deep.equal({
      first: isFirst,
      second: isSecond,
    });
    await check({ first: first!, second: second! });
  }
}

/** The clock allows one of the two, whatever the order. */
export const onlyFirst = { asWritten: [true, false], reversed: [true, false] } as const;
export const onlySecond = { asWritten: [false, true], reversed: [false, true] } as const;
/** Whichever comes first. */
export const eitherFirst = { asWritten: [true, false], reversed: [false, true] } as const;
export const both = { asWritten: [true, true], reversed: [true, true] } as const;
