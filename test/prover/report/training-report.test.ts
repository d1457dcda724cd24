import { expect } from "chai";

import { exactDetectionProbability } from "../../../prover/src/audit/odds.ts";
import { renderTrainingReport } from "../../../scripts/demo/report/training-report.ts";
import { detectionRows } from "../../../scripts/demo/training/describe-run.ts";
import { sampleTrainingRecord } from "./sample-training-record.ts";
import { malformations, visibleText } from "./well-formed.ts";

describe("renderTrainingReport", () => {
  const record = sampleTrainingRecord();
  const page = renderTrainingReport(record);
  const text = visibleText(page);
  /** Markup of one section. */
  const section = (id: string): string => new RegExp(`<section id="${id}">[^]*?</section>`).exec(page)![0];

  it("is a well-formed page that needs nothing but itself", () => {
    expect(page).to.match(/^<!doctype html>\s*<html lang="en">/);
    expect(malformations(page)).to.deep.equal([]);
    expect(page).not.to.match(/https?:|\/\/|url\(|@import|<script|<link|<img|<iframe|\son\w+=|src=|href=/i);
  });

  it("has every section once, each with a heading, the audit's among them", () => {
    const sections = [...page.matchAll(/<section id="([a-z]+)">\s*<h2>[^<]+<\/h2>/g)].map(([, id]) => id);
    expect(sections).to.deep.equal([
      "claims",
      "timeline",
      "accuracy",
      "audit",
      "visibility",
      "attempts",
      "proof",
      "gas",
      "money",
      "identity",
    ]);
  });

  it("marks every audited stage on both learning curves, in the order of time", () => {
    const marks = [
      ...section("accuracy").matchAll(/<line class="mark" x1="([\d.]+)"[^]*?<title>([^<]*)<\/title>/g),
    ];
    const labels = ["initialisation", "step 0, first step", "step 119, last step", "step 60, drawn"];
    expect(marks.map(([, , label]) => label)).to.deep.equal([...labels, ...labels]);
    const [init, first, last, drawn] = marks.map(([, x]) => Number(x)) as [number, number, number, number];
    expect(init).to.equal(first);
    expect(drawn).to.be.greaterThan(first);
    expect(last).to.be.greaterThan(drawn);
    // Epoch 1.5 of a curve over epochs 1 to 3 is a quarter of its width; the last step ends epoch 3 all but a batch.
    expect((drawn - first) / (last - first)).to.be.closeTo(0.25, 0.01);
  });

  it("lists the stages with reason, batch, learning rate and seconds", () => {
    const rows = [...section("audit").matchAll(/<th scope="row">((?:checkpoint|step) \d+)<\/th>/g)];
    expect(rows.map(([, name]) => name)).to.deep.equal(["checkpoint 0", "step 0", "step 119", "step 60"]);
    const shown = visibleText(section("audit"));
    expect(shown).to.contain("checkpoint 0 initialisation 0.00 none none 6.50 s");
    expect(shown).to.contain("step 60 drawn 1.50 7 64 6.50 s");
    expect(shown).to.contain("The proofs took 26.0 s");
  });

  it("sums up the prover's gas for the audit and nobody else's", () => {
    const shown = visibleText(section("audit"));
    expect(shown).to.contain("answer for the steps 1,100,000 gas");
    expect(shown).to.contain("all of these 1,224,000 gas");
    expect(shown).not.to.contain("999,999");
  });

  it("tells how likely faked steps are found out, never that it is certain", () => {
    const shown = visibleText(section("audit"));
    expect(shown).to.contain("1 0.83 % 1.7 %");
    expect(shown).to.contain("12 10.0 % 19.0 %");
    expect(shown).to.match(/108 90\.0 % (>|&gt;) 99\.9 %/);
  });

  it("says what is proved and what is not", () => {
    const claims = visibleText(section("claims"));
    expect(claims).to.contain("the last of 121 checkpoints");
    expect(claims).to.contain("12 of them faked is found out with probability 19.0 %");
    expect(claims).to.contain("slip in a model trained elsewhere, is found out with probability 1.7 % only");
    expect(claims).to.contain("development keys");
    const keys = { ...record.keys, kind: "ceremony" as const };
    expect(visibleText(renderTrainingReport({ ...record, keys }))).not.to.contain("development keys");
  });

  it("tells what became of the rival and of its stake", () => {
    expect(text).to.contain("0.25 ETH burned, 0.25 ETH paid to the buyer");
    expect(text).to.contain("stopped after 12 of 120 steps, with 5 of 10 test samples correct");
  });

  it("names what the run can be checked by", () => {
    const { audit } = record;
    for (const value of [audit.contract, audit.ruleHash, audit.circuits[0]!.keyId]) {
      expect(section("identity")).to.contain(value);
    }
    expect(section("identity")).to.contain("seed of the run");
  });

  it("shows samples, weights and the run's key to the prover alone", () => {
    const cells = (name: string): string[] => {
      const row = new RegExp(`<th scope="row">${name}[^]*?</tr>`).exec(section("visibility"))![0];
      return [...row.matchAll(/<td class="(yes|no)">/g)].map(([, sight]) => sight!);
    };
    for (const secret of ["Training samples", "Weights", "Key of the run", "Predictions", "Activations"]) {
      expect(cells(secret), secret).to.deep.equal(["no", "yes", "no", "no"]);
    }
    for (const published of ["Root of the batches", "Seed", "Root of the trace", "Commitments", "Proofs"]) {
      expect(cells(published), published).to.deep.equal(["yes", "yes", "yes", "yes"]);
    }
  });

  it("escapes whatever stands in the record", () => {
    const evil = `<script>alert("x")</script>&'`;
    const { audit, dataset, attempts } = record;
    const hostile = renderTrainingReport({
      ...record,
      dataset: { ...dataset, name: evil, title: evil },
      attempts: attempts.map((attempt) => ({ ...attempt, title: evil, message: evil })),
      audit: {
        ...audit,
        contract: evil,
        ruleId: evil,
        seed: evil,
        circuits: audit.circuits.map((circuit) => ({ ...circuit, instanceId: evil })),
      },
    });
    expect(malformations(hostile)).to.deep.equal([]);
    expect(hostile).not.to.contain("<script");
    expect(visibleText(hostile)).to.contain(evil);
  });
});

describe("detectionRows", () => {
  it("begins with a single step and follows the formula for draws without replacement", () => {
    const rows = detectionRows(1_760, 6);
    expect(rows.map(({ badSteps }) => badSteps)).to.deep.equal([1, 18, 88, 176, 440, 880, 1_584]);
    for (const { badSteps, probability } of rows) {
      expect(probability).to.equal(exactDetectionProbability(1_760, badSteps, 6));
    }
    expect(rows[0]!.probability).to.be.closeTo(6 / 1_760, 1e-12);
  });
});
