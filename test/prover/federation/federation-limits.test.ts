import { expect } from "chai";
import { readFileSync } from "node:fs";
import path from "node:path";

import * as limits from "../../../prover/src/federation/federation-limits.ts";

const CONTRACT = path.join(
  import.meta.dirname,
  ...["..", "..", "..", "contracts", "libraries", "FederationCreation.sol"],
);

describe("the limits of federations", () => {
  for (const name of ["MIN_PLACES", "MAX_PLACES", "MAX_FACTOR"] as const) {
    it(`${name} is the contract's`, () => {
      const value = new RegExp(`uint256 \\w+ constant ${name} = (\\d+);`).exec(
        readFileSync(CONTRACT, "utf8"),
      );
      expect(Number(value?.[1])).to.equal(limits[name]);
    });
  }
});
