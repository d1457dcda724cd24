import { expect } from "chai";

import {
  checkOpeningTerms,
  defaultBondWei,
  demandWeiFor,
  disputeSecondsFor,
  leastBondWei,
  MIN_DISPUTE_SECONDS,
} from "../../../prover/src/seal/terms.ts";
import { expectError } from "../support/expect-error.ts";

const HASHES = ["aa", "bb"].map((byte) => `0x${byte.repeat(32)}`) as [string, string];

describe("Terms of a seal", () => {
  it("price a demand so that half of it pays for an answer", () => {
    expect(demandWeiFor(0n)).to.equal(0n);
    expect(demandWeiFor(3n * 10n ** 9n)).to.equal(2n * 275_000n * 3n * 10n ** 9n);
  });

  it("bond a tenth of the reward, ten demands and a unit for each prover, rounded up", () => {
    expect(leastBondWei(1_000n, 1n, 3)).to.equal(100n);
    expect(leastBondWei(1_001n, 1n, 3)).to.equal(101n);
    expect(leastBondWei(1_000n, 11n, 3)).to.equal(110n);
    expect(leastBondWei(0n, 1n, 3)).to.equal(10n);
    expect(leastBondWei(0n, 1n, 1_000)).to.equal(1_000n);
  });

  it("bond the reward where the poster names no bond, or the least where that is more", () => {
    expect(defaultBondWei(100n, 1_000n)).to.equal(1_000n);
    expect(defaultBondWei(1_001n, 1_000n)).to.equal(1_001n);
    expect(defaultBondWei(10n, 0n)).to.equal(10n);
  });

  it("leave a second for each chunk, and half an hour at least", () => {
    expect(disputeSecondsFor(1)).to.equal(MIN_DISPUTE_SECONDS);
    expect(disputeSecondsFor(1_800)).to.equal(1_800);
    expect(disputeSecondsFor(1_801)).to.equal(1_801);
  });
});

describe("checkOpeningTerms", () => {
  it("accepts the words and bases of the task's key, in any letter case", () => {
    const terms = { wordsPerShard: 13, basesRoot: HASHES[0] };
    checkOpeningTerms(terms, terms);
    checkOpeningTerms({ ...terms, basesRoot: `0x${HASHES[0].slice(2).toUpperCase()}` }, terms);
  });

  it("refuses others, naming both", async () => {
    const own = { wordsPerShard: 13, basesRoot: HASHES[0] };
    await expectError(
      () => checkOpeningTerms({ ...own, wordsPerShard: 12 }, own),
      "seal.other-words",
      /states 12 words .* has 13/,
    );
    await expectError(
      () => checkOpeningTerms({ ...own, basesRoot: HASHES[1] }, own),
      "seal.other-bases",
      new RegExp(`${HASHES[1]}.*${HASHES[0]}`),
    );
  });
});
