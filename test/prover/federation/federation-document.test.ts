import { expect } from "chai";

import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import { decodeDocument, encodeDocument } from "../../../prover/src/data/document.ts";
import {
  FEDERATION_DOCUMENT,
  type FederationDocument,
  memberFactor,
} from "../../../prover/src/federation/federation-document.ts";
import { DocumentError } from "../../../prover/src/data/document.ts";
import { TINY_RULE } from "../support/training-rules.ts";

const HASH = `0x${"a".repeat(64)}`;
const CID = "bafkreihwewmzap5nkk3c532stdiacpn3iwnicidyzscak7zuzuycwclqte";

describe("FEDERATION_DOCUMENT", () => {
  let document: FederationDocument;

  before(async () => {
    document = {
      title: "clusters",
      circuits: {
        score: await loadCircuitInstance("round-accuracy", "round-4-3-3x10"),
        scoreKeyId: HASH,
        mask: await loadCircuitInstance("masked-update", "masked-4-3-3x4"),
        maskKeyId: HASH,
        aggregate: await loadCircuitInstance("aggregate", "aggregate-4-3-3x4"),
        aggregateKeyId: HASH,
      },
      testSet: {
        kind: "public",
        shards: [
          { cid: CID, hash: HASH, sampleCount: 6 },
          { cid: CID, hash: HASH, sampleCount: 4 },
        ],
      },
      sampleCount: 10,
      licence: "CC0-1.0",
      weightScales: [0.1, 0.2],
      training: {
        kind: "float",
        epochs: 5,
        batchSize: 32,
        learningRate: 0.02,
        weightDecay: 0.01,
        inputNoise: 0.15,
      },
      samplesPerFactor: 10,
      start: { kind: "random", seed: "1" },
    };
  });

  /** The document for models that are trained with integers from a trained start. */
  const integers = (valid: FederationDocument): FederationDocument => {
    const { architecture } = TINY_RULE;
    const { score, mask, aggregate, ...keyIds } = valid.circuits;
    return {
      ...valid,
      circuits: {
        ...keyIds,
        score: { ...score, architecture },
        mask: { ...mask, architecture },
        aggregate: { ...aggregate, architecture },
      },
      training: { kind: "integer", rule: TINY_RULE },
      weightScales: [2 ** -12, 2 ** -12],
      start: { kind: "trained" },
    };
  };

  it("keeps every value when it is saved and read back", () => {
    for (const saved of [document, integers(document)]) {
      const text = encodeDocument(FEDERATION_DOCUMENT, saved);
      expect(decodeDocument(FEDERATION_DOCUMENT, text)).to.deep.equal(saved);
    }
  });

  const faults: readonly (readonly [string, (valid: FederationDocument) => FederationDocument, RegExp])[] = [
    [
      "circuits of several architectures",
      ({ circuits, ...rest }) => {
        const { architecture } = circuits.mask;
        const mask = { ...circuits.mask, architecture: { ...architecture, weightBits: 7 } };
        return { ...rest, circuits: { ...circuits, mask } };
      },
      /several architectures/,
    ],
    [
      "circuits with other sums of factors",
      ({ circuits, ...rest }) => ({
        ...rest,
        circuits: { ...circuits, mask: { ...circuits.mask, maxFactorSum: 27 } },
      }),
      /sum to 27.*to 28/,
    ],
    [
      "more places than an average takes vectors",
      ({ circuits, ...rest }) => ({
        ...rest,
        circuits: { ...circuits, mask: { ...circuits.mask, members: 5 } },
      }),
      /5 places.*4 vectors/,
    ],
    [
      "a training rule for other models",
      (valid) => ({ ...valid, training: { kind: "integer", rule: TINY_RULE } }),
      /rule is for models of another architecture/,
    ],
    [
      "integers trained at other scales than theirs",
      (valid) => ({ ...integers(valid), weightScales: [2 ** -12, 2 ** -11] }),
      /scale of 2\^-12/,
    ],
    [
      "a training rule with entries for fewer layers",
      (valid) => ({
        ...integers(valid),
        training: { kind: "integer", rule: { ...TINY_RULE, weightShiftBits: [9] } },
      }),
      /weightShiftBits: 1 entries given for 2 layers/,
    ],
    [
      "a training rule whose sums are not exact",
      (valid) => ({
        ...integers(valid),
        training: { kind: "integer", rule: { ...TINY_RULE, batchSize: 65_536, initialRateBits: 16 } },
      }),
      /above 2\^53/,
    ],
    ["too few weight scales", (valid) => ({ ...valid, weightScales: [0.1] }), /1 weight scales for 2 layers/],
    [
      "a wrong sum of samples",
      (valid) => ({ ...valid, sampleCount: 11 }),
      /counts 11 samples, its shards 10/,
    ],
    ["a weight scale of nothing", (valid) => ({ ...valid, weightScales: [0.1, 0] }), /weightScales/],
    ["no title", (valid) => ({ ...valid, title: "" }), /title/],
    ["factors of nothing", (valid) => ({ ...valid, samplesPerFactor: 0 }), /samplesPerFactor/],
  ];
  for (const [what, change, message] of faults) {
    it(`refuses ${what}`, () => {
      const text = encodeDocument(FEDERATION_DOCUMENT, change(document));
      expect(() => decodeDocument(FEDERATION_DOCUMENT, text)).to.throw(DocumentError, message);
    });
  }
});

describe("memberFactor", () => {
  it("rounds samples to factors, from one to the federation's limit", () => {
    const factor = (samples: number): number => memberFactor(samples, { samplesPerFactor: 10 }, 7);
    expect([1, 4, 14, 15, 70, 74, 75, 10_000].map(factor)).to.deep.equal([1, 1, 1, 2, 7, 7, 7, 7]);
  });
});
