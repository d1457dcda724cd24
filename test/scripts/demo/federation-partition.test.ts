import { expect } from "chai";

import { CAST, DATA_OWNERS, roleOf } from "../../../scripts/demo/federation/cast.ts";
import { loadFederationInstances } from "../../../scripts/demo/federation/flow.ts";
import { prepareFederationData } from "../../../scripts/demo/federation/partition.ts";
import { findFederationScenario } from "../../../scripts/demo/federation/scenarios.ts";

describe("the data of the demo's federation", () => {
  const scenario = findFederationScenario("digits");

  it("has a part for every member that owns data, and a plan for every round", () => {
    expect(scenario.shares).to.have.length(DATA_OWNERS.length);
    expect(CAST.filter(({ role }) => role === "honest")).to.have.length.of.at.least(5);
    expect(scenario.poisoner.length).to.be.at.least(5);
    expect(roleOf("rider-2")).to.equal("second account");
    expect(roleOf("sponsor")).to.equal(undefined);
  });

  it("names circuits of one architecture, with a place for every member", async () => {
    const { score, mask, aggregate } = await loadFederationInstances(scenario);
    expect(mask.architecture).to.deep.equal(score.architecture);
    expect(aggregate.architecture).to.deep.equal(score.architecture);
    expect(aggregate.maxFactorSum).to.equal(mask.maxFactorSum);
    expect(mask.members).to.be.at.least(DATA_OWNERS.length);
  });

  it("deals every training sample to one member, in uneven parts and mixtures", async () => {
    const data = await prepareFederationData(scenario, 4, "1");
    const sizes = data.parts.map(({ samples }) => samples.sampleCount);
    expect(data.testSet.samples.sampleCount).to.equal(360);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.equal(data.trainSamples);
    expect(data.trainSamples + 360).to.equal(data.dataset.sampleCount);
    expect(Math.max(...sizes)).to.be.above(2 * Math.min(...sizes));
    for (const { samples, integer, classCounts } of data.parts) {
      expect(integer.sampleCount).to.equal(samples.sampleCount);
      expect(classCounts.reduce((sum, count) => sum + count, 0)).to.equal(samples.sampleCount);
    }
    const shares = data.parts.map(({ classCounts, samples }) => classCounts[0]! / samples.sampleCount);
    expect(Math.max(...shares) - Math.min(...shares), "mixtures differ").to.be.above(0.05);
  });

  it("depends on the seed alone", async () => {
    const labels = async (seed: string): Promise<string> => {
      const { parts } = await prepareFederationData(scenario, 4, seed);
      return parts.map(({ samples }) => samples.labels.join("")).join();
    };
    const first = await labels("1");
    expect(await labels("1")).to.equal(first);
    expect(await labels("2")).not.to.equal(first);
  });
});
