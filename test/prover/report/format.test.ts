import { expect } from "chai";

import { bytes, count, duration, ether, percent, roundEther } from "../../../scripts/demo/report/format.ts";

describe("format", () => {
  it("groups digits", () => {
    expect(count(0)).to.equal("0");
    expect(count(1_234_567)).to.equal("1,234,567");
  });

  it("shows shares with one digit", () => {
    expect(percent(0)).to.equal("0.0 %");
    expect(percent(348 / 360)).to.equal("96.7 %");
    expect(percent(1)).to.equal("100.0 %");
  });

  it("shows three digits of a duration, and never a false zero", () => {
    expect(duration(0)).to.equal("< 0.01 s");
    expect(duration(0.01)).to.equal("0.01 s");
    expect(duration(9.994)).to.equal("9.99 s");
    expect(duration(52.08)).to.equal("52.1 s");
    expect(duration(104.4)).to.equal("104 s");
  });

  it("picks the unit of a size", () => {
    expect(bytes(384)).to.equal("384 B");
    expect(bytes(9_999)).to.equal("9,999 B");
    expect(bytes(160_712)).to.equal("161 kB");
    expect(bytes(40_600_000)).to.equal("40.6 MB");
    expect(bytes(1_023_000_000)).to.equal("1.02 GB");
  });

  it("shows wei as ether, with a plus where wanted", () => {
    expect(ether("1999000000000000000")).to.equal("1.999000 ETH");
    expect(ether(-1_000_000_000_000_000n, true)).to.equal("-0.001000 ETH");
    expect(ether(10n ** 18n, true)).to.equal("+1.000000 ETH");
    expect(roundEther("2000000000000000000")).to.equal("2 ETH");
    expect(roundEther("500000000000000000")).to.equal("0.5 ETH");
  });
});
