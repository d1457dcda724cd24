import { expect } from "chai";
import fc from "fast-check";

import { confusionMatrix } from "../../../scripts/demo/report/confusion-matrix.ts";
import { lineChart } from "../../../scripts/demo/report/learning-curve.ts";
import { priceRamp } from "../../../scripts/demo/report/price-ramp.ts";
import { sampleAuction } from "./sample-sealed-auction-record.ts";
import { malformations } from "./well-formed.ts";

const format = (value: number): string => value.toFixed(2);

function points(markup: string): [number, number][] {
  const [, list] = /points="([^"]*)"/.exec(markup)!;
  return list!.split(" ").map((pair) => pair.split(",").map(Number) as [number, number]);
}

describe("lineChart", () => {
  it("has one point per epoch, from left to right, higher values higher up", () => {
    const { markup } = lineChart({ title: "t", values: [0, 0.5, 1], lowest: 0, highest: 1, format });
    const [first, second, third] = points(markup) as [[number, number], [number, number], [number, number]];
    expect(first[0]).to.be.lessThan(second[0]);
    expect(second[0]).to.be.lessThan(third[0]);
    expect(first[1]).to.be.greaterThan(second[1]);
    expect(second[1]).to.be.closeTo((first[1] + third[1]) / 2, 0.11);
  });

  it("names the last value for readers who do not see the picture", () => {
    const { markup } = lineChart({ title: "loss", values: [1, 0.25], lowest: 0, highest: 1, format });
    expect(markup).to.contain('aria-label="loss: 0.25 after 2 epochs"');
  });

  it("keeps marks inside its frame, those of the first epoch at its left edge", () => {
    const values = [0.5, 0.6, 0.7];
    const plain = lineChart({ title: "t", values, lowest: 0, highest: 1, format });
    expect(plain.markup).not.to.contain('class="mark"');
    const marks = [0, 0.5, 1, 2.5, 3, 9].map((epochs) => ({ epochs, label: `after ${epochs}` }));
    const { markup } = lineChart({ title: "t", values, lowest: 0, highest: 1, format, marks });
    const [first, , third] = points(markup).map(([x]) => x) as [number, number, number];
    const places = [...markup.matchAll(/class="mark"\s+x1="([\d.]+)"\s+x2="\1"/g)].map(([, x]) => Number(x));
    expect(places).to.have.length(6);
    expect(places.slice(0, 3)).to.deep.equal([first, first, first]);
    expect(places[3]).to.be.within(first, third);
    expect(places.slice(4)).to.deep.equal([third, third]);
    expect(malformations(markup)).to.deep.equal([]);
  });

  it("stays inside its frame for any curve, constant and single ones included", () => {
    const curve = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 130 });
    fc.assert(
      fc.property(curve, (values) => {
        const { markup } = lineChart({
          title: "t",
          values,
          lowest: Math.min(...values),
          highest: Math.max(...values),
          format,
        });
        expect(malformations(markup)).to.deep.equal([]);
        expect(markup).not.to.match(/NaN|Infinity/);
        const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(markup)!.map(Number);
        expect(points(markup)).to.have.length(values.length);
        for (const [x, y] of points(markup)) {
          expect(x).to.be.within(0, width!);
          expect(y).to.be.within(0, height!);
        }
      }),
    );
  });
});

describe("priceRamp", () => {
  /** Points of the two lines: what the price was, and what it would have become. */
  const lines = (markup: string): [number, number][][] =>
    ["curve", "rest"].map((name) => {
      const [, list] = new RegExp(`class="${name}" points="([^"]*)"`).exec(markup)!;
      return list!.split(" ").map((pair) => pair.split(",").map(Number) as [number, number]);
    });

  it("draws the price up to the moment somebody took the task, and from there what it would have become", () => {
    const { markup } = priceRamp(sampleAuction());
    const [curve, rest] = lines(markup) as [[number, number][], [number, number][]];
    expect(curve).to.have.length(2);
    expect(rest, "to the end of the ramp, and on to the lock deadline").to.have.length(3);
    expect(rest[0]).to.deep.equal(curve[1]);
    expect(curve[1]![1], "the price rises").to.be.lessThan(curve[0]![1]);
    expect(rest[2]![1], "and stays at its highest").to.equal(rest[1]![1]);
    // 720 of 7,200 seconds.
    expect((curve[1]![0] - curve[0]![0]) / (rest[2]![0] - curve[0]![0])).to.be.closeTo(0.1, 0.001);
  });

  it("has a dot on the line for each ask, and a mark where the task was taken", () => {
    const { markup } = priceRamp(sampleAuction());
    const dots = [...markup.matchAll(/class="dot (\w+)" cx="([\d.]+)" cy="([\d.]+)"/g)];
    expect(dots.map(([, party]) => party)).to.deep.equal(["rival", "prover"]);
    const [curve] = lines(markup);
    expect(dots[0]!.slice(2).map(Number)).to.deep.equal(curve![1]);
    expect(markup).to.match(/class="mark"[^]*taken by rival for 0.6000 ETH/);
    expect(markup).to.contain("rival takes the task for 0.6000 ETH after 12 min");
    expect(malformations(markup)).to.deep.equal([]);
  });

  it("stays inside its frame wherever the task is taken, and for a fixed price", () => {
    const seconds = fc.integer({ min: 0, max: 7_200 });
    fc.assert(
      fc.property(seconds, seconds, (rampSeconds, takenSecond) => {
        const { markup } = priceRamp(sampleAuction({ rampSeconds, takenSecond }));
        expect(markup).not.to.match(/NaN|Infinity/);
        const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(markup)!.map(Number);
        for (const [x, y] of lines(markup).flat()) {
          expect(x).to.be.within(0, width!);
          expect(y).to.be.within(0, height!);
        }
      }),
    );
  });
});

describe("confusionMatrix", () => {
  const { markup } = confusionMatrix(
    [
      [4, 0],
      [1, 3],
    ],
    ["yes", "<no>"],
  );

  it("shows every count under the names of its classes", () => {
    expect(malformations(markup)).to.deep.equal([]);
    expect(markup).to.contain('<th scope="row">&lt;no&gt;</th>');
    expect([...markup.matchAll(/<td[^>]*>(\d+)<\/td>/g)].map(([, entry]) => Number(entry))).to.deep.equal([
      4, 0, 1, 3,
    ]);
  });

  it("shades hits and misses by their share of the row, and leaves zeros plain", () => {
    expect(markup).to.contain('<td class="hit" style="--share: 1.000">4</td>');
    expect(markup).to.contain('<td class="miss" style="--share: 0.250">1</td>');
    expect(markup).to.contain('<td class="zero">0</td>');
  });
});
