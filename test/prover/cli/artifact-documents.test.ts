import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import { type DocumentLimits, openSharedDocuments } from "../../../prover/src/cli/artifact-documents.ts";
import { DEFAULT_CONFIG } from "../../../prover/src/config.ts";
import { encodeDocument } from "../../../prover/src/data/document.ts";
import { MASKED_VECTOR, maskedVectorBytes } from "../../../prover/src/federation/masked-vector.ts";
import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { errorOf } from "../../support/error-of.ts";
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

  const open = (ipfsRpcUrl?: string, limits: DocumentLimits = {}) =>
    openSharedDocuments(
      {
        config: {
          ...{ folder, network: DEFAULT_CONFIG.network, networks: {} },
          ...(ipfsRpcUrl === undefined ? {} : { ipfsRpcUrl }),
        },
      },
      { limits, retryMs: 1 },
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

  it("reads no document that is larger than the limit of its kind", async () => {
    const documents = await open(undefined, { [MASKED_VECTOR.format]: maskedVectorBytes(VECTOR.length) });
    const cid = await documents.put(MASKED_VECTOR, VECTOR);
    expect(await documents.read(cid, MASKED_VECTOR)).to.deep.equal(VECTOR);
    const huge = await documents.put(MASKED_VECTOR, new Array<bigint>(1_000).fill(1n));
    const error = await errorOf(documents.read(huge, MASKED_VECTOR));
    expect(error.code).to.equal("artifact.too-large");
    expect(await (await open()).read(huge, MASKED_VECTOR)).to.have.length(1_000);
  });
});

describe("maskedVectorBytes", () => {
  for (const words of [1, 2, 1_000]) {
    it(`is enough for a vector of ${words} words, and not for much more`, () => {
      const largest = encodeDocument(MASKED_VECTOR, new Array<bigint>(words).fill(FIELD_ORDER - 1n));
      const bytes = Buffer.byteLength(largest);
      expect(maskedVectorBytes(words)).to.be.within(bytes, bytes + 1024 + 4 * words);
    });
  }
});
