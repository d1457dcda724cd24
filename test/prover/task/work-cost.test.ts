import { expect } from "chai";

import { taskGas, workCost } from "../../../prover/src/task/work-cost.ts";

const FREE = {
  provingSeconds: 36,
  hourlyCostWei: 0n,
  gas: 0n,
  gasPriceWei: 0n,
  trainingCostWei: 0n,
};

describe("workCost", () => {
  it("adds proving time at its price, gas and training", () => {
    const cost = workCost({
      ...FREE,
      hourlyCostWei: 1_000n,
      gas: 30n,
      gasPriceWei: 2n,
      trainingCostWei: 400n,
    });
    // 36 s are a hundredth of an hour.
    expect(cost).to.deep.equal({ provingSeconds: 36, gas: 30n, gasPriceWei: 2n, costWei: 10n + 60n + 400n });
  });

  it("rounds the price of proving up", () => {
    expect(workCost({ ...FREE, hourlyCostWei: 1n }).costWei).to.equal(1n);
    expect(workCost(FREE).costWei).to.equal(0n);
    expect(workCost({ ...FREE, provingSeconds: 0, hourlyCostWei: 10n ** 18n }).costWei).to.equal(0n);
  });
});

describe("taskGas", () => {
  it("adds what an auction takes", () => {
    expect(taskGas(1_000n, true) - taskGas(1_000n, false)).to.equal(270_000n);
    expect(taskGas(1_000n, false) - taskGas(0n, false)).to.equal(1_000n);
  });
});
