import { expect } from "chai";

import {
  parseAmount,
  parseDuration,
  parseFederationId,
  parseInteger,
  parseLabel,
  parseNumber,
  parsePositive,
  parseRows,
  parseSizes,
  parseTaskId,
} from "../../../prover/src/cli/units.ts";
import { UsageError } from "../../../prover/src/cli/usage-error.ts";

describe("parseAmount", () => {
  const amounts: readonly (readonly [string, bigint])[] = [
    ["0", 0n],
    ["1", 1n],
    ["12wei", 12n],
    ["5gwei", 5_000_000_000n],
    ["1ether", 10n ** 18n],
    ["0.1ether", 10n ** 17n],
    ["1.000000000000000001ether", 10n ** 18n + 1n],
    ["0.000000001gwei", 1n],
    ["79228162514264337593543950336", 2n ** 96n],
  ];
  for (const [text, wei] of amounts) {
    it(`reads ${text}`, () => {
      expect(parseAmount(text, "--reward")).to.equal(wei);
    });
  }

  for (const text of [
    "",
    "-1",
    "1.5",
    "0.1wei",
    "1e18",
    "ether",
    "1 ether",
    "0x10",
    "0.0000000000000000001ether",
    "1finney",
  ]) {
    it(`refuses "${text}"`, () => {
      expect(() => parseAmount(text, "--reward")).to.throw(UsageError, `--reward: "${text}"`);
    });
  }
});

describe("parseDuration", () => {
  const durations: readonly (readonly [string, number])[] = [
    ["0", 0],
    ["90", 90],
    ["90s", 90],
    ["15m", 900],
    ["2h", 7_200],
    ["7d", 604_800],
  ];
  for (const [text, seconds] of durations) {
    it(`reads ${text}`, () => {
      expect(parseDuration(text, "--unbonding")).to.equal(seconds);
    });
  }

  for (const text of ["", "-1s", "1.5h", "1w", "h", "1 d"]) {
    it(`refuses "${text}"`, () => {
      expect(() => parseDuration(text, "--unbonding")).to.throw(UsageError, "--unbonding");
    });
  }
});

describe("parseInteger", () => {
  it("takes both ends of the range", () => {
    expect(parseInteger("1", "--bits", 1, 16)).to.equal(1);
    expect(parseInteger("16", "--bits", 1, 16)).to.equal(16);
  });

  for (const text of ["0", "17", "1.5", "", "abc", "1e1"]) {
    it(`refuses "${text}" outside 1 to 16`, () => {
      expect(() => parseInteger(text, "--bits", 1, 16)).to.throw(UsageError, "--bits");
    });
  }
});

describe("parseNumber", () => {
  it("takes both ends of the range", () => {
    expect(parseNumber("0", "--share", 0, 1)).to.equal(0);
    expect(parseNumber("1", "--share", 0, 1)).to.equal(1);
    expect(parseNumber("0.25", "--share", 0, 1)).to.equal(0.25);
  });

  it("takes powers of ten", () => {
    expect(parseNumber("1e-3", "--share", 0, 1)).to.equal(0.001);
    expect(parseNumber("2.5E1", "--rate", 0, 100)).to.equal(25);
    expect(parseNumber("-0.5", "--shift", -1, 1)).to.equal(-0.5);
  });

  for (const text of ["-0.1", "1.1", "", " ", "NaN", "Infinity", "a"]) {
    it(`refuses "${text}" outside 0 to 1`, () => {
      expect(() => parseNumber(text, "--share", 0, 1)).to.throw(UsageError, "--share");
    });
  }
});

describe("parseNumber and parsePositive", () => {
  for (const text of ["0x1", "0b1", "0o1", " 1", "1 ", "1\n", "+1", ".5", "1.", "1e", "1_0"]) {
    it(`refuse ${JSON.stringify(text)}, which is no decimal number`, () => {
      expect(() => parseNumber(text, "--share", 0, 10)).to.throw(UsageError, "is not a decimal number");
      expect(() => parsePositive(text, "--rate", 10)).to.throw(UsageError, "is not a decimal number");
    });
  }
});

describe("parsePositive", () => {
  it("takes what is above nothing, up to the limit", () => {
    expect(parsePositive("0.0001", "--rate", 10)).to.equal(0.0001);
    expect(parsePositive("10", "--rate", 10)).to.equal(10);
  });

  for (const text of ["0", "0.0", "-1", "10.1", "1e-400"]) {
    it(`refuses "${text}"`, () => {
      expect(() => parsePositive(text, "--rate", 10)).to.throw(UsageError, "--rate");
    });
  }
});

describe("parseLabel", () => {
  it("takes 1 to 200 characters", () => {
    expect(parseLabel("x", "--title")).to.equal("x");
    expect(parseLabel("x".repeat(200), "--title")).to.have.length(200);
  });

  for (const text of ["", "x".repeat(201)]) {
    it(`refuses ${text.length}`, () => {
      expect(() => parseLabel(text, "--title"))
        .to.throw(UsageError, `--title has ${text.length} characters`)
        .that.includes({ code: "cli.invalid-value" });
    });
  }
});

describe("parseTaskId", () => {
  it("reads whole numbers from 1", () => {
    expect(parseTaskId("1")).to.equal(1n);
    expect(parseTaskId("12345678901234567890")).to.equal(12345678901234567890n);
  });

  for (const text of ["0", "-1", "01", "0x1", "1.0", ""]) {
    it(`refuses "${text}"`, () => {
      expect(() => parseTaskId(text)).to.throw(UsageError, "task id");
    });
  }
});

describe("parseFederationId", () => {
  it("reads whole numbers from 1 that a contract can count", () => {
    expect(parseFederationId("1")).to.equal(1n);
    expect(parseFederationId("9".repeat(77))).to.equal(10n ** 77n - 1n);
  });

  for (const text of ["0", "-1", "1.0", "", "9".repeat(78)]) {
    it(`refuses "${text}"`, () => {
      expect(() => parseFederationId(text)).to.throw(UsageError, "federation id");
    });
  }
});

describe("parseRows", () => {
  it("reads a range with both ends, or one row", () => {
    expect(parseRows("0-99", "--rows")).to.deep.equal({ first: 0, last: 99 });
    expect(parseRows("5-5", "--rows")).to.deep.equal({ first: 5, last: 5 });
    expect(parseRows("7", "--rows")).to.deep.equal({ first: 7, last: 7 });
  });

  for (const text of ["", "-1", "5-4", "1-", "1..2", "a-b", "0 - 9"]) {
    it(`refuses "${text}"`, () => {
      expect(() => parseRows(text, "--rows")).to.throw(UsageError, "--rows");
    });
  }
});

describe("parseSizes", () => {
  it("reads a list", () => {
    expect(parseSizes("64,16,10", "--layers")).to.deep.equal([64, 16, 10]);
  });

  for (const text of ["", "64,", ",64", "64-16", "64, 16"]) {
    it(`refuses "${text}"`, () => {
      expect(() => parseSizes(text, "--layers")).to.throw(UsageError, "--layers");
    });
  }
});
