import { expect } from "chai";

import type { AuditTerms } from "../../../prover/src/chain/audits.ts";
import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import { decodeDocument, encodeDocument } from "../../../prover/src/data/document.ts";
import { checkAuditContract, checkTraining, termsOfRule } from "../../../prover/src/task/check-training.ts";
import { TASK_DOCUMENT, type TaskDocument } from "../../../prover/src/task/task-document.ts";
import { expectError } from "../support/expect-error.ts";

/** Of an empty file. */
const CID = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
const hash = (digit: string): string => `0x${digit.repeat(64)}`;

describe("checkTraining", () => {
  let document: TaskDocument;
  let terms: AuditTerms;

  before(async () => {
    const step = await loadCircuitInstance("train-step", "train-step-4-3-3x4");
    document = {
      title: "tiny",
      testSet: {
        kind: "public",
        shards: [{ cid: CID, hash: hash("a"), sampleCount: 10 }],
      },
      instance: await loadCircuitInstance("accuracy", "trained-4-3-3x10"),
      keyId: hash("b"),
      sampleCount: 10,
      minCorrect: 1,
      licence: "CC0-1.0",
      jurisdiction: null,
      training: {
        init: await loadCircuitInstance("train-init", "train-init-4-3-3"),
        initKeyId: hash("c"),
        step,
        stepKeyId: hash("d"),
      },
    };
    terms = {
      ...termsOfRule(step.rule),
      initKeyId: hash("c"),
      stepKeyId: hash("d"),
      minBatches: 1,
      drawnSteps: 2,
      answerDeadline: 0n,
    };
  });

  it("accepts terms that follow from the document, and returns its part about training", () => {
    expect(checkTraining(1n, terms, document)).to.equal(document.training);
  });

  it("names every term that differs from the document", async () => {
    const changes: Partial<AuditTerms>[] = [
      { initKeyId: hash("e") },
      { stepKeyId: hash("e") },
      { ruleHash: hash("e") },
      { epochs: 1 },
      { halvingSteps: 1 },
      { learningRateExponent: 0 },
    ];
    for (const change of changes) {
      const error = await expectError(
        () => checkTraining(1n, { ...terms, ...change }, document),
        "task.mismatch",
        /does not match its published files/,
      );
      expect(error.details["name"]).to.equal(Object.keys(change)[0]);
    }
  });

  it("refuses a start by another rule, and models of another architecture", async () => {
    const training = document.training!;
    const rule = { ...training.init.rule, epochs: 1 };
    await expectError(
      () =>
        checkTraining(1n, terms, {
          ...document,
          training: { ...training, init: { ...training.init, rule } },
        }),
      "task.mismatch",
      /rule of the initialisation/,
    );
    const instance = await loadCircuitInstance("accuracy", "tiny-4-3-3x10");
    await expectError(
      () => checkTraining(1n, terms, { ...document, instance }),
      "task.mismatch",
      /architectureId/,
    );
  });

  it("refuses a document that does not say how to train", async () => {
    const { training: _training, ...rest } = document;
    await expectError(() => checkTraining(1n, terms, rest), "task.no-training", /does not say how to train/);
  });

  it("survives being saved, and documents without training stay as they were", () => {
    expect(decodeDocument(TASK_DOCUMENT, encodeDocument(TASK_DOCUMENT, document))).to.deep.equal(document);
    const { training: _training, ...rest } = document;
    const text = encodeDocument(TASK_DOCUMENT, rest);
    expect(text).to.not.include("training");
    expect(decodeDocument(TASK_DOCUMENT, text)).to.deep.equal(rest);
  });
});

describe("checkAuditContract", () => {
  const known = `0x${"ab".repeat(20)}`;

  it("takes the network's audit contract, however it is written", () => {
    checkAuditContract(1n, known, known);
    checkAuditContract(1n, known.toUpperCase().replace("0X", "0x"), known);
  });

  it("refuses a contract of the poster's choice, and any where none is known", async () => {
    const foreign = `0x${"cd".repeat(20)}`;
    await expectError(() => checkAuditContract(1n, foreign, known), "task.unknown-audit", /audited by 0xcd/);
    await expectError(() => checkAuditContract(1n, known, undefined), "task.unknown-audit", /not known/);
  });
});
