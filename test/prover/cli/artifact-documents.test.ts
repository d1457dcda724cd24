import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import { openSharedDocuments } from "../../../prover/src/cli/artifact-documents.ts";
import { DEFAULT_CONFIG } from "../../../prover/src/config.ts";
import { MASKED_VECTOR } from "../../../prover/src/federation/masked-vector.ts";
import { FakeKubo, fails, pins, uploadedFile } from "../artifacts/support/fake-kubo.ts";

const VECTOR = [1n, 2n, 3n];

describe("openSharedDocuments", () => {
  let folder: string;
  let kubo: FakeKubo;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "zkpot-shared-"));
    kubo = await FakeKubo.start(fails(500, "no answer was set"));
  });

  afterEach(async () => {
    await kubo.stop();
    await rm(folder, { recursive: true });
  });

  const open = (ipfsRpcUrl?: string) =>
    openSharedDocuments(
      {
        config: {
          ...{ folder, network: DEFAULT_CONFIG.network, networks: {} },
          ...(ipfsRpcUrl === undefined ? {} : { ipfsRpcUrl }),
        },
      },
      1,
    );

  it("has the node pin what is put, with its content", async () => {
    const cid = await (await open()).put(MASKED_VECTOR, VECTOR);
    kubo.answer = pins(cid);
    const documents = await open(kubo.url);
    expect(await documents.put(MASKED_VECTOR, VECTOR)).to.equal(cid);
    expect(kubo.requests).to.have.length(1);
    expect(uploadedFile(kubo.requests[0]!).toString("latin1")).to.include("zkpot.masked-vector");
    expect(await documents.read(cid, MASKED_VECTOR)).to.deep.equal(VECTOR);
  });

  it("keeps what is put when the node refuses, after trying again", async () => {
    const documents = await open(kubo.url);
    const cid = await documents.put(MASKED_VECTOR, VECTOR);
    expect(kubo.requests).to.have.length(3);
    expect(await documents.read(cid, MASKED_VECTOR)).to.deep.equal(VECTOR);
  });
});
