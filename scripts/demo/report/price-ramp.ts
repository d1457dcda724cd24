import { formatEther } from "ethers";

import type { DemoAuction, DemoBid } from "../sealed-auction/record.ts";
import { type Html, html } from "./html.ts";

const WIDTH = 420;
const HEIGHT = 224;
const LEFT = 56;
const RIGHT = 12;
const TOP = 16;
const BOTTOM = 38;
const PRICE_LEVELS = 4;
const TIME_MARKS = 4;

/** The price of an auction over time as inline SVG: drawn through until somebody took the task, a dot for each ask. */
export function priceRamp(auction: DemoAuction): Html {
  const { bids, takenSecond, takenBy, lockSeconds, rampSeconds } = auction;
  const [lowest, highest] = [toEther(auction.minPriceWei), toEther(auction.maxPriceWei)];
  const price = (second: number): number =>
    lowest + (highest - lowest) * (rampSeconds === 0 ? 1 : Math.min(second / rampSeconds, 1));
  const x = (second: number): string =>
    (LEFT + ((WIDTH - LEFT - RIGHT) * Math.min(second, lockSeconds)) / lockSeconds).toFixed(1);
  const y = (ether: number): string => (TOP + (HEIGHT - TOP - BOTTOM) * (1 - ether / highest)).toFixed(1);
  const line = (seconds: readonly number[]): string =>
    seconds.map((second) => `${x(second)},${y(price(second))}`).join(" ");
  const until = [0, ...[rampSeconds, takenSecond].filter((second) => second <= takenSecond)];
  const after = [takenSecond, ...[rampSeconds, lockSeconds].filter((second) => second > takenSecond)];
  const paid = toEther(auction.priceWei).toFixed(4);
  return html`<svg
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-label="price over time: ${takenBy} takes the task for ${paid} ETH after ${minutes(takenSecond)}"
  >
    ${Array.from({ length: PRICE_LEVELS + 1 }, (_, index) => (highest * index) / PRICE_LEVELS).map(
      (level) =>
        html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(level)}" y2="${y(level)}" /><text
            x="${LEFT - 6}"
            y="${(Number(y(level)) + 4).toFixed(1)}"
            text-anchor="end"
          >
            ${level.toFixed(1)} ETH
          </text>`,
    )}
    ${Array.from({ length: TIME_MARKS + 1 }, (_, index) => (lockSeconds * index) / TIME_MARKS).map(
      (second) =>
        html`<text x="${x(second)}" y="${HEIGHT - 20}" text-anchor="middle">
          ${(second / 60).toFixed(0)}
        </text>`,
    )}
    <text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 4}" text-anchor="middle">
      minutes after the start
    </text>
    <polyline class="rest" points="${line(after)}" />
    <polyline class="curve" points="${line(until)}" />
    ${bids.map((bid) => ask(bid, x(bid.paidFromSecond), y(price(bid.paidFromSecond))))}
    <line class="mark" x1="${x(takenSecond)}" x2="${x(takenSecond)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}">
      <title>taken by ${takenBy} for ${paid} ETH</title>
    </line>
  </svg>`;
}

function ask({ party, askWei }: DemoBid, x: string, y: string): Html {
  return html`<circle class="dot ${party}" cx="${x}" cy="${y}" r="4" /><text
      class="value"
      x="${(Number(x) + 8).toFixed(1)}"
      y="${(Number(y) + 13).toFixed(1)}"
    >
      ${party} asks ${toEther(askWei).toFixed(2)}
    </text>`;
}

function toEther(wei: string): number {
  return Number(formatEther(wei));
}

/** Seconds as minutes, "5 min". */
export function minutes(seconds: number): string {
  return `${(seconds / 60).toFixed(0)} min`;
}
