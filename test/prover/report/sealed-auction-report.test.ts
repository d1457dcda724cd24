import { expect } from "chai";

import { renderSealedAuctionReport } from "../../../scripts/demo/report/sealed-auction-report.ts";
import { sampleSealedAuctionRecord } from "./sample-sealed-auction-record.ts";
import { malformations, visibleText } from "./well-formed.ts";

describe("renderSealedAuctionReport", () => {
  const record = sampleSealedAuctionRecord();
  const page = renderSealedAuctionReport(record);
  const text = visibleText(page);
  /** Markup of one section. */
  const section = (id: string): string => new RegExp(`<section id="${id}">[^]*?</section>`).exec(page)![0];

  it("is a well-formed page that needs nothing but itself", () => {
    expect(page).to.match(/^<!doctype html>\s*<html lang="en">/);
    expect(malformations(page)).to.deep.equal([]);
    expect(page).not.to.match(/https?:|\/\/|url\(|@import|<script|<link|<img|<iframe|\son\w+=|src=|href=/i);
  });

  it("has every section once, each with a heading", () => {
    const sections = [...page.matchAll(/<section id="([a-z]+)">\s*<h2>[^<]+<\/h2>/g)].map(([, id]) => id);
    expect(sections).to.deep.equal([
      "claims",
      "auctions",
      "scores",
      "timeline",
      "visibility",
      "attempts",
      "dispute",
      "proof",
      "gas",
      "earnings",
      "money",
      "identity",
    ]);
  });

  it("says first how both models did, what was paid, and what burned", () => {
    const header = visibleText(/<header>[^]*<\/header>/.exec(page)![0]);
    expect(header).to.contain("12 of 12 correct there, 13 of 20 on the sealed set, where 18 were asked for");
    expect(header).to.contain("proved 39 of 40 and was paid");
    expect(header).to.contain("12 / 12").and.to.contain("65.0 %").and.to.contain("97.5 %");
    expect(header).to.contain("1.1250 ETH").and.to.contain("0.7500 ETH");
  });

  it("draws one price ramp for each auction and lists every bid, taken or too late", () => {
    const auctions = section("auctions");
    expect([...auctions.matchAll(/<svg/g)]).to.have.length(3);
    const shown = visibleText(auctions);
    expect(shown).to.contain("First auction: taken by the rival, expired");
    expect(shown).to.contain("Second auction: taken by the prover, settled");
    expect(shown).to.contain("First auction rival 0.4 ETH 1,040,000 9 s 0.600000 ETH 12 min 0.600000 ETH");
    expect(shown).to.contain("First auction prover 0.4 ETH 1,040,000 9 s 1.125000 ETH 30 min too late");
  });

  it("sets the public sample against the sealed test sets, failures marked", () => {
    const scores = section("scores");
    const shown = visibleText(scores);
    expect(shown).to.contain("rival public sample 12 of 12 100.0 % nothing");
    expect(shown).to.contain("rival sealed test set of the first auction 13 of 20 65.0 % 18");
    expect(shown).to.contain("prover sealed test set of the second auction 39 of 40 97.5 % 36");
    const marked = [...scores.matchAll(/class="number refused">([^<]*)</g)].map(([, value]) => value);
    expect(marked).to.deep.equal(["65.0 %", "67.5 %"]);
    expect([...scores.matchAll(/<b style="left: 90.00%">/g)], "thresholds").to.have.length(4);
  });

  it("tells when each party saw what: the test set after the reveal, the weights never", () => {
    const cells = (name: string): string[] => {
      const row = new RegExp(`<th scope="row">${name}[^]*?</tr>`).exec(section("visibility"))![0];
      return [...row.matchAll(/<td class="(?:yes|no)">([^<]*)</g)].map(([, sight]) => sight!);
    };
    for (const sealed of ["Test set", "Blindings"]) {
      expect(cells(sealed), sealed).to.deep.equal(["always", "after the reveal", "after the reveal"]);
    }
    for (const secret of ["Training samples", "Weights"]) {
      expect(cells(secret), secret).to.deep.equal(["never", "always", "never"]);
    }
    expect(cells("Public sample")).to.deep.equal(["always", "from posting on", "from posting on"]);
    expect(section("visibility")).to.contain('<td class="no">never</td>');
  });

  it("shows what refuted the false reveal, and what that cost", () => {
    const shown = visibleText(section("dispute"));
    expect(shown).to.contain("its 10 samples with 10 labels changed");
    expect(shown).to.contain("demanded 4 of them: chunk 3 of 4 wrong step word 1,099 found in 0.25 s");
    expect(shown).to.contain("demanding 117,000 gas answering 209,000 gas showing the wrong step 68,000 gas");
    expect(shown).to.contain("0.5 ETH: half burned, half the prover's");
  });

  it("lists the proofs, accepted and refused", () => {
    const shown = visibleText(section("proof"));
    expect(shown).to.contain("rival 1 1 13 of 20 4.00 s refused: the count is below the threshold");
    expect(shown).to.contain("prover 2 2 19 of 20 6.00 s accepted");
  });

  it("adds up who earned and lost what, fees apart", () => {
    const shown = visibleText(section("earnings"));
    expect(shown).to.contain("prover 0 +1.125000 ETH -0.001000 ETH +1.124000 ETH");
    expect(shown).to.contain("rival -0.750000 ETH 0 -0.001000 ETH -0.751000 ETH");
    expect(shown).to.contain("burned +0.750000 ETH 0 +0.750000 ETH");
  });

  it("says what is not proved, development keys only where they were used", () => {
    expect(text).to.contain("That the buyer showed the sealed test set to nobody");
    expect(text).to.contain("development key");
    const keys = { ...record.keys, kind: "ceremony" };
    expect(visibleText(renderSealedAuctionReport({ ...record, keys }))).not.to.contain("development key");
  });

  it("names what the run can be checked by", () => {
    const shown = section("identity");
    for (const value of [record.chain.taskAuction, record.tasks[0].openingRoot, record.keys.keyId]) {
      expect(shown).to.contain(value);
    }
    expect(visibleText(shown)).to.contain("task 2: data point of shard 2 (x, y)");
  });

  it("escapes whatever stands in the record", () => {
    const evil = `<script>alert("x")</script>&'`;
    const [first, second, third] = record.tasks;
    const hostile = renderSealedAuctionReport({
      ...record,
      dataset: { ...record.dataset, name: evil, title: evil },
      tasks: [{ ...first, state: evil, documentHash: evil, openingRoot: evil }, second, third],
      attempts: record.attempts.map((attempt) => ({ ...attempt, title: evil, message: evil })),
      money: record.money.map((act) => ({ ...act, act: evil })),
    });
    expect(malformations(hostile)).to.deep.equal([]);
    expect(hostile).not.to.contain("<script");
    expect(visibleText(hostile)).to.contain(evil);
  });
});
