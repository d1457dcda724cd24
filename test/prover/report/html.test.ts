import { expect } from "chai";
import fc from "fast-check";

import { escapeText, html } from "../../../scripts/demo/report/html.ts";
import { malformations, visibleText } from "./well-formed.ts";

describe("html", () => {
  it("escapes strings, in text and in attributes", () => {
    expect(html`<b title="${'"x"'}">${"a < b & 'c' > d"}</b>`.markup).to.equal(
      '<b title="&quot;x&quot;">a &lt; b &amp; &#39;c&#39; &gt; d</b>',
    );
  });

  it("inserts markup and lists of markup as they are", () => {
    const items = ["one", "two"].map((text) => html`<li>${text}</li>`);
    expect(html`<b>${items}</b>`.markup).to.equal("<b><li>one</li>\n<li>two</li></b>");
    expect(html`<b>${html`<i>${7}</i>`}</b>`.markup).to.equal("<b><i>7</i></b>");
  });

  it("keeps any text readable and the markup sound", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const page = html`<p title="${text}">${text}</p>`.markup;
        expect(malformations(page)).to.deep.equal([]);
        expect(visibleText(page).trim()).to.equal(text.replace(/\s+/g, " ").trim());
      }),
      { numRuns: 300 },
    );
  });

  it("escapes an ampersand once", () => {
    expect(escapeText("&lt;")).to.equal("&amp;lt;");
  });
});

describe("malformations", () => {
  it("finds what is not closed, crossed, unquoted or stray", () => {
    for (const page of ["<p>", "</p>", "<b><i></b></i>", "<p class=x></p>", "a < b", "a & b"]) {
      expect(malformations(page), page).not.to.be.empty;
    }
    expect(malformations('<!doctype html>\n<p class="x">a<br>&amp;</p>')).to.deep.equal([]);
  });
});
