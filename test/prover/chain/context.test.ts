import { expect } from "chai";
import fc from "fast-check";

import { ACCURACY_PURPOSE, type ProofPlace, proofContext } from "../../../prover/src/chain/context.ts";
import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { ANVIL_ADDRESSES } from "../../support/anvil.ts";
import { Market } from "../../support/market.ts";

const PLACE: ProofPlace = {
  chainId: 1n,
  market: ANVIL_ADDRESSES[0],
  taskId: 1n,
  round: 0n,
  prover: ANVIL_ADDRESSES[1],
  purpose: ACCURACY_PURPOSE,
};

describe("proofContext", () => {
  it("is a field element that differs whenever any part of the place differs", () => {
    const others: Partial<ProofPlace>[] = [
      { chainId: 2n },
      { market: ANVIL_ADDRESSES[2] },
      { taskId: 2n },
      { round: 1n },
      { prover: ANVIL_ADDRESSES[2] },
      { purpose: `0x${"1".repeat(64)}` },
    ];
    const contexts = [PLACE, ...others.map((change) => ({ ...PLACE, ...change }))].map(proofContext);
    expect(new Set(contexts).size).to.equal(contexts.length);
    for (const context of contexts) expect(context < FIELD_ORDER && context >= 0n).to.equal(true);
  });

  it("does not depend on the case of addresses", () => {
    const lower = { ...PLACE, market: PLACE.market.toLowerCase(), prover: PLACE.prover.toLowerCase() };
    expect(proofContext(lower)).to.equal(proofContext(PLACE));
  });

  it("is what the market computes", async () => {
    const market = await Market.start();
    try {
      const { contracts } = market;
      await fc.assert(
        fc.asyncProperty(
          fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
          fc.constantFrom(...ANVIL_ADDRESSES),
          async (taskId, prover) => {
            const place = {
              ...PLACE,
              chainId: 31337n,
              market: contracts.addresses.taskMarket,
              taskId,
              prover,
            };
            expect(proofContext(place)).to.equal(await contracts.market.proofContext(taskId, prover));
          },
        ),
        { numRuns: 25 },
      );
    } finally {
      await market.stop();
    }
  });
});
