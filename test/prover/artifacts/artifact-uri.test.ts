import { expect } from "chai";
import { base36 } from "multiformats/bases/base36";
import { base58btc } from "multiformats/bases/base58";
import { CID } from "multiformats/cid";

import {
  ARTIFACT_CID,
  formatArtifactUri,
  isArtifactUri,
  parseArtifactUri,
} from "../../../prover/src/artifacts/artifact-uri.ts";
import { expectError } from "../support/expect-error.ts";

/** "hello world" as other tools name it. */
const CID_TEXT = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
const OF_FILE = "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD";

describe("artifact URIs", () => {
  it("are read with and without ipfs://", () => {
    for (const text of [CID_TEXT, `ipfs://${CID_TEXT}`, `IPFS://${CID_TEXT}`]) {
      expect(parseArtifactUri(text)).to.equal(CID_TEXT);
    }
  });

  it("are read in any base and version, and become version 1 in base32", () => {
    const cid = CID.parse(CID_TEXT);
    for (const encoder of [base36.encoder, base58btc.encoder]) {
      expect(parseArtifactUri(cid.toString(encoder))).to.equal(CID_TEXT);
    }
    expect(parseArtifactUri(`ipfs://${OF_FILE}`)).to.equal(CID.parse(OF_FILE).toV1().toString());
  });

  it("are written as ipfs:// and the CID", () => {
    expect(formatArtifactUri(CID_TEXT)).to.equal(`ipfs://${CID_TEXT}`);
    expect(formatArtifactUri(`ipfs://${CID_TEXT}`)).to.equal(`ipfs://${CID_TEXT}`);
    expect(parseArtifactUri(formatArtifactUri(CID_TEXT))).to.equal(CID_TEXT);
  });

  const wrong: readonly string[] = [
    "",
    "ipfs://",
    "task.json",
    "https://example.org/task.json",
    `https://ipfs.io/ipfs/${CID_TEXT}`,
    `ipfs:/${CID_TEXT}`,
    `ipfs://${CID_TEXT} `,
    `ipfs://${CID_TEXT}?x`,
    `ipfs://${CID_TEXT.slice(0, -8)}`,
    `${CID_TEXT}aaaa`,
    `ipfs://ipfs://${CID_TEXT}`,
    "../../etc/passwd",
    "b",
  ];
  for (const text of wrong) {
    it(`are not "${text}"`, async () => {
      const error = await expectError(
        () => parseArtifactUri(text),
        "artifact.invalid-uri",
        / is neither a CID nor/,
      );
      expect(error.details.uri).to.equal(text);
    });
  }

  it("have no path behind the CID", async () => {
    await expectError(
      () => parseArtifactUri(`ipfs://${CID_TEXT}/task.json`),
      "artifact.invalid-uri",
      /has a path behind its CID/,
    );
  });

  it("name bytes or files by SHA-256 and nothing else", async () => {
    const { multihash } = CID.parse(CID_TEXT);
    const dagCbor = CID.createV1(0x71, multihash);
    await expectError(() => parseArtifactUri(dagCbor.toString()), "artifact.unsupported-cid", /codec 0x71/);
    // The identity hash: content in the CID itself.
    const identity = "bafkqablimvwgy3y";
    await expectError(() => parseArtifactUri(identity), "artifact.unsupported-cid", /hash 0x0;/);
  });

  it("are told from other places by their scheme", () => {
    expect(isArtifactUri(`ipfs://${CID_TEXT}`)).to.equal(true);
    expect(isArtifactUri("ipfs://anything")).to.equal(true);
    expect(isArtifactUri(CID_TEXT)).to.equal(false);
    expect(isArtifactUri("task.json")).to.equal(false);
  });

  it("hold CIDs that documents write in one form only", () => {
    expect(ARTIFACT_CID.safeParse(CID_TEXT).success).to.equal(true);
    for (const text of [OF_FILE, `ipfs://${CID_TEXT}`, CID_TEXT.toUpperCase(), "", "cid"]) {
      expect(ARTIFACT_CID.safeParse(text).success, text).to.equal(false);
    }
  });
});
