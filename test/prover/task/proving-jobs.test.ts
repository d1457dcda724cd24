import { expect } from "chai";

import { provingJobs } from "../../../prover/src/task/proving-jobs.ts";

describe("provingJobs", () => {
  const machine = (cores: number, freeMemoryBytes: number) => ({ cores, freeMemoryBytes });

  it("takes as many proofs at a time as fit into four fifths of the free memory", () => {
    expect(provingJobs(64, 1e9, machine(64, 4.99e9))).to.equal(3);
    expect(provingJobs(64, 1e9, machine(64, 5e9))).to.equal(4);
  });

  it("gives every proof two cores", () => {
    expect(provingJobs(64, 1, machine(1, 1e9))).to.equal(1);
    expect(provingJobs(64, 1, machine(2, 1e9))).to.equal(1);
    expect(provingJobs(64, 1, machine(8, 1e9))).to.equal(4);
  });

  it("never takes more than there are shards", () => {
    expect(provingJobs(3, 1, machine(64, 1e9))).to.equal(3);
  });

  it("proves one after the other on a machine that seems too small", () => {
    expect(provingJobs(5, 1e9, machine(64, 1e8))).to.equal(1);
  });
});
