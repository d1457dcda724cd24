import { babyjubjub } from "@noble/curves/misc.js";
import { expect } from "chai";
import fc from "fast-check";

import { FederationError } from "../../../prover/src/federation/federation-error.ts";
import { eighthPart, EMPTY_PLACE, pairKey } from "../../../prover/src/federation/pair-keys.ts";

describe("eighthPart", () => {
  it("is the point whose eighth multiple the key is", () => {
    const order = babyjubjub.Point.Fn.ORDER;
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: order - 1n }), (scalar) => {
        const { publicKey } = pairKey(scalar);
        const eighth = babyjubjub.Point.fromAffine(eighthPart(publicKey));
        const { x, y } = eighth.multiply(8n).toAffine();
        expect({ x, y }).to.deep.equal(publicKey);
        expect(eighth.isTorsionFree()).to.equal(true);
      }),
      { numRuns: 20 },
    );
  });

  it("refuses what is no key of prime order", () => {
    const ofOrderTwo = { x: 0n, y: babyjubjub.Point.Fp.ORDER - 1n };
    for (const key of [EMPTY_PLACE, ofOrderTwo, { x: 1n, y: 1n }]) {
      expect(() => eighthPart(key))
        .to.throw(FederationError)
        .that.includes({ code: "federation.key" });
    }
  });
});
