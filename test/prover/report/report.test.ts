import { expect } from "chai";

import { renderReport } from "../../../scripts/demo/report/report.ts";
import { sampleRecord } from "./sample-record.ts";
import { malformations, visibleText } from "./well-formed.ts";

describe("renderReport", () => {
  const page = renderReport(sampleRecord());
  const text = visibleText(page);

  it("is a well-formed page", () => {
    expect(page).to.match(/^<!doctype html>\s*<html lang="en">/);
    expect(malformations(page)).to.deep.equal([]);
  });

  it("needs nothing but itself", () => {
    expect(page).not.to.match(/https?:|\/\/|url\(|@import|<script|<link|<img|<iframe|\son\w+=|src=|href=/i);
    expect(page).to.contain("default-src 'none'");
  });

  it("has every section once, each with a heading", () => {
    const sections = [...page.matchAll(/<section id="([a-z]+)">\s*<h2>[^<]+<\/h2>/g)].map(([, id]) => id);
    expect(sections).to.deep.equal([
      "claims",
      "timeline",
      "accuracy",
      "visibility",
      "attempts",
      "proof",
      "gas",
      "money",
      "identity",
    ]);
  });

  it("adapts to dark screens and to paper", () => {
    expect(page).to.contain("prefers-color-scheme: dark");
    expect(page).to.contain("@media print");
  });

  it("says first what was proved, how long it took and what it cost", () => {
    for (const fact of ["9 / 10", "90.0 %", "5.75 s", "384 B", "394,321", "2 ETH"]) {
      expect(text).to.contain(fact);
    }
  });

  it("tells what is proved and what is not", () => {
    expect(text).to.contain("at least 9 of the 10 published test samples");
    expect(text).to.contain("That the model generalises: the test set was public");
    expect(text).to.contain("this run used a development key");
  });

  it("does not warn of development keys when there are none", () => {
    const keys = { ...sampleRecord().keys, kind: "ceremony", contributions: 3 };
    expect(visibleText(renderReport(sampleRecord({ keys })))).not.to.contain("development key");
  });

  it("compares float and integer model", () => {
    expect(text).to.contain("float, TensorFlow.js 10 of 10 100.0 %");
    expect(text).to.contain("integer, proved 9 of 10 90.0 %");
    expect(text).to.contain("Quantisation costs 10.0 %; the two models differ on 1 of 10 samples");
    const { model } = sampleRecord();
    const even = { ...model, float: model.integer };
    expect(visibleText(renderReport(sampleRecord({ model: even })))).to.contain("Quantisation costs nothing");
  });

  it("marks weights, salt, predictions and training samples as seen by the prover alone", () => {
    const cells = (name: string): string[] => {
      const row = new RegExp(`<th scope="row">${name}[^]*?</tr>`).exec(page)![0];
      return [...row.matchAll(/<td class="(yes|no)">/g)].map(([, sight]) => sight!);
    };
    for (const secret of ["Weights", "Salt", "Predictions", "Training samples", "Activations", "Learning"]) {
      expect(cells(secret), secret).to.deep.equal(["no", "yes", "no", "no"]);
    }
    for (const published of ["Test set", "Terms", "Architecture", "Model commitment", "Proved", "Proof"]) {
      expect(cells(published), published).to.deep.equal(["yes", "yes", "yes", "yes"]);
    }
  });

  it("lists events, transactions, attempts and money", () => {
    expect(text).to.contain("posts the task · 274,000 gas");
    expect(text).to.contain("reverted: TaskMarketInvalidProof");
    expect(text).to.contain("task.bundle-mismatch");
    expect(text).to.contain("+1.999000 ETH");
  });

  it("says whether circuit and keys were made in this run", () => {
    expect(text).to.contain("compiled in 2.50 s");
    expect(text).to.contain("made in an earlier run");
  });

  it("escapes whatever stands in the record", () => {
    const evil = `<script>alert("x")</script>&'`;
    const { dataset, events, attempts, transactions } = sampleRecord();
    const hostile = renderReport(
      sampleRecord({
        seed: evil,
        dataset: { ...dataset, name: evil, title: evil, licence: evil, classNames: [evil, evil, evil] },
        events: events.map((event) => ({ ...event, text: evil })),
        attempts: attempts.map((attempt) => ({ ...attempt, title: evil, code: evil, message: evil })),
        transactions: transactions.map((entry) => ({ ...entry, action: evil, revertedWith: evil })),
      }),
    );
    expect(malformations(hostile)).to.deep.equal([]);
    expect(hostile).not.to.contain("<script");
    expect(visibleText(hostile)).to.contain(evil);
  });

  it("is a pure function of the record", () => {
    expect(renderReport(sampleRecord())).to.equal(page);
  });
});
