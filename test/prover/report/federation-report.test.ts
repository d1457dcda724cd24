import { expect } from "chai";

import { roundGas } from "../../../scripts/demo/report/federation-gas.ts";
import { renderFederationReport } from "../../../scripts/demo/report/federation-report.ts";
import { honestSeconds } from "../../../scripts/demo/report/federation-times.ts";
import { sampleFederationRecord, sampleRound } from "./sample-federation-record.ts";
import { malformations, visibleText } from "./well-formed.ts";

describe("renderFederationReport", () => {
  const record = sampleFederationRecord();
  const page = renderFederationReport(record);
  /** Markup of one section. */
  const section = (id: string): string => new RegExp(`<section id="${id}">[^]*?</section>`).exec(page)![0];
  const shown = (id: string): string => visibleText(section(id));

  it("is a well-formed page that needs nothing but itself", () => {
    expect(page).to.match(/^<!doctype html>\s*<html lang="en">/);
    expect(malformations(page)).to.deep.equal([]);
    const bare = page.replaceAll("ipfs://", "");
    expect(bare).not.to.match(/https?:|\/\/|url\(|@import|<script|<link|<img|<iframe|\son\w+=|src=|href=/i);
  });

  it("has every section once, each with a heading", () => {
    const sections = [...page.matchAll(/<section id="([a-z]+)">\s*<h2>[^<]+<\/h2>/g)].map(([, id]) => id);
    expect(sections).to.deep.equal([
      "claims",
      "rounds",
      "members",
      "attempts",
      "visibility",
      "times",
      "roundgas",
      "records",
      "money",
      "timeline",
      "gas",
      "identity",
    ]);
  });

  it("folds what is long away", () => {
    const folded = [...page.matchAll(/<details>\s*<summary>([^<]*)<\/summary>\s*<section id="([a-z]+)">/g)];
    expect(folded.map(([, , id]) => id)).to.deep.equal(["timeline", "gas", "identity"]);
    expect(folded.map(([, summary]) => summary)[0]).to.equal("Timeline (1)");
  });

  it("says first what the global model has come to, and who was paid", () => {
    const header = visibleText(/<header>[^]*<\/header>/.exec(page)![0]);
    expect(header).to.contain("From 5 the global model came to 7 of 10 test samples");
    expect(header).to.contain("70.0 %").and.to.contain("2 of 5").and.to.contain("21.0 s");
    expect(header).to.contain("2 ETH");
  });

  it("draws the global accuracy from the start on, with a dot for every proven model", () => {
    const svg = /<svg[^]*<\/svg>/.exec(section("rounds"))![0];
    expect(svg).to.contain("global accuracy: 70.0 % after 2 rounds");
    expect([...svg.matchAll(/<circle class="dot faint/g)]).to.have.length(6);
    expect(svg).to.contain("poisoner, round 1: 4 of 10");
    expect([...svg.matchAll(/text-anchor="middle"\s*>\s*(\d)\s*</g)].map(([, mark]) => mark)).to.deep.equal([
      "0",
      "1",
      "2",
    ]);
  });

  it("lists scores with what was paid for them, leaders, and who dropped out", () => {
    const text = shown("rounds");
    expect(text).to.contain("member-1 8 1.000000 ETH 9 1.000000 ETH");
    expect(text).to.contain("rider-2 none none");
    expect(text).to.contain("poisoner 4 not averaged");
    expect(text).to.contain("member-2 vanished with the lead and lost its bond");
    expect(text).to.contain("2, poisoner dropped out average of 2 models, 6 correct");
  });

  it("says how an abandoned round ended, and that a leader's own model was kept", () => {
    const rounds = [
      sampleRound(1, { globalCorrect: null, leaders: [], rewardWei: "0" }),
      sampleRound(2, { isLeadersOwn: true }),
    ];
    const other = renderFederationReport({ ...record, rounds });
    expect(visibleText(other)).to.contain("none: the round was abandoned");
    expect(visibleText(other)).to.contain("the leader's own model, 7 correct");
    expect(visibleText(other)).to.contain("published that model of its own accord");
    expect(malformations(other)).to.deep.equal([]);
  });

  it("shows members with their classes, earnings and lost bonds", () => {
    const text = shown("members");
    expect(text).to.contain("member-1 honest 900 400 300 200 1 ETH 2.000000 ETH 0");
    expect(text).to.contain("member-2 honest 300 100 100 100 1 ETH 0 0.25 ETH");
    expect(text).to.contain("rider-2 second account none 0 0 0");
  });

  it("tells honest members' seconds from everybody's, and proofs from the rest", () => {
    expect(honestSeconds(record.rounds[0]!)).to.equal(21);
    expect(shown("times")).to.contain("1 60.0 s 21.0 s 20.0 s 2 20.0 s");
  });

  it("adds up the gas of a member and marks what is above a limit", () => {
    expect(roundGas(record.gas)).to.deep.equal({ member: 574_000, finalisation: 487_000 });
    expect(shown("roundgas")).to.contain("in one round limit 700,000 574,000");
    expect(section("roundgas")).not.to.contain("refused");
    const gas = [...record.gas, { party: "member-2" as const, round: 1, method: "aggregate", gas: 600_001 }];
    const dear = renderFederationReport({ ...record, gas });
    expect(dear).to.contain('<td class="number refused">600,001</td>');
  });

  it("tells who sees what: models and samples their owner only", () => {
    const cells = (name: string): (string | undefined)[] => {
      const row = new RegExp(`<th scope="row">${name}[^]*?</tr>`).exec(section("visibility"))![0];
      return [...row.matchAll(/<td class="(yes|no)">/g)].map(([, sight]) => sight);
    };
    for (const secret of ["Its training samples", "Its weights", "Salts", "Its predictions"]) {
      expect(cells(secret), secret).to.deep.equal(["yes", "no", "no", "no"]);
    }
    expect(cells("Global models")).to.deep.equal(["yes", "yes", "yes", "yes"]);
  });

  it("shows the chain of records and what the run can be checked by", () => {
    for (const { recordHash, globalUri } of record.records) {
      expect(section("records")).to.contain(recordHash).and.to.contain(globalUri);
    }
    expect(section("identity")).to.contain(record.chain.federatedRounds);
    expect(shown("attempts")).to.contain("contract.RoundBelowFloor");
  });

  it("says what is not proved, development keys only where they were used", () => {
    expect(shown("claims")).to.contain("On 140 samples of the free rider").and.to.contain("95.0 %");
    expect(shown("claims")).to.contain("development keys");
    expect(renderFederationReport({ ...record, keyKind: "ceremony" })).not.to.contain("development keys");
  });

  it("escapes whatever stands in the record", () => {
    const evil = `<script>alert("x")</script>&'`;
    const hostile = renderFederationReport({
      ...record,
      dataset: { ...record.dataset, name: evil, title: evil, classNames: [evil, evil, evil] },
      records: record.records.map((entry) => ({ ...entry, globalUri: evil, recordHash: evil })),
      attempts: record.attempts.map((attempt) => ({ ...attempt, title: evil, message: evil })),
      events: record.events.map((event) => ({ ...event, text: evil })),
    });
    expect(malformations(hostile)).to.deep.equal([]);
    expect(hostile).not.to.contain("<script");
    expect(visibleText(hostile)).to.contain(evil);
  });
});
