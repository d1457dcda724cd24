import { mkdtempSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import { runDigest, RunFolder } from "../../../prover/src/audit/run-folder.ts";
import { tinySamples } from "../support/training-rules.ts";

const PLACE = {
  chainId: 31_337n,
  market: "0x00000000000000000000000000000000000000A1",
  taskId: 3n,
  prover: "0x00000000000000000000000000000000000000B2",
};
const DIGEST = `0x${"1".repeat(64)}`;

describe("RunFolder", () => {
  let working: string;
  let folder: RunFolder;

  beforeEach(() => {
    working = mkdtempSync(path.join(os.tmpdir(), "zkpot-run-"));
    folder = new RunFolder(working, PLACE);
  });

  afterEach(() => {
    rmSync(working, { recursive: true });
  });

  it("keeps samples and key of a run, readable by their owner alone", async () => {
    expect(folder.exists).to.equal(false);
    const created = await folder.create(tinySamples());
    expect(folder.exists).to.equal(true);
    expect(await folder.load()).to.deep.equal(created);
    expect(statSync(path.join(folder.folder, "run.json")).mode & 0o777).to.equal(0o600);
    expect(statSync(folder.folder).mode & 0o777).to.equal(0o700);
  });

  it("draws a new key for every run, and names samples and key by one digest", async () => {
    const first = await folder.create(tinySamples());
    const second = await new RunFolder(working, { ...PLACE, taskId: 4n }).create(tinySamples());
    expect(second.runKey).to.not.deep.equal(first.runKey);
    expect(runDigest(second)).to.not.equal(runDigest(first));
    expect(runDigest({ ...first, samples: tinySamples(23) })).to.not.equal(runDigest(first));
    expect(runDigest(await folder.load())).to.equal(runDigest(first));
  });

  it("differs with chain, market, task and prover, not with upper and lower case", () => {
    const folders = [
      {},
      { chainId: 1n },
      { market: PLACE.prover },
      { taskId: 4n },
      { prover: PLACE.market },
    ].map((change) => new RunFolder(working, { ...PLACE, ...change }).folder);
    expect(new Set(folders).size).to.equal(folders.length);
    expect(new RunFolder(working, { ...PLACE, prover: PLACE.prover.toLowerCase() }).folder).to.equal(
      folders[0],
    );
  });

  it("gives a trace back for the checkpoints it was made of, and for no others", async () => {
    await folder.create(tinySamples());
    expect(await folder.loadTrace(DIGEST)).to.deep.equal([]);
    await folder.saveTrace(DIGEST, [1n, 2n ** 253n]);
    expect(await folder.loadTrace(DIGEST)).to.deep.equal([1n, 2n ** 253n]);
    expect(await folder.loadTrace(`0x${"2".repeat(64)}`)).to.deep.equal([]);
  });
});
