import { formatEther } from "ethers";

import type { PartyId } from "../record.ts";
import { type Html, html } from "./html.ts";

/** 12,345 */
export function count(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 0 });
}

/** A share in 0..1 as 96.7 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Seconds with two digits below ten, one below a hundred. */
export function duration(seconds: number): string {
  if (seconds < 0.01) return "< 0.01 s";
  return `${seconds.toFixed(seconds < 10 ? 2 : seconds < 100 ? 1 : 0)} s`;
}

/** Bytes as B, kB, MB or GB (powers of ten). */
export function bytes(value: number): string {
  if (value < 1e4) return `${count(value)} B`;
  if (value < 1e6) return `${(value / 1e3).toFixed(0)} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(2)} GB`;
}

/** An amount in wei as ETH with six digits after the point; `signed` shows a plus. */
export function ether(wei: string | bigint, signed = false): string {
  const value = Number(formatEther(wei));
  return `${signed && value > 0 ? "+" : ""}${value.toFixed(6)} ETH`;
}

/** A round amount in wei as ETH, exact. */
export function roundEther(wei: string): string {
  return `${formatEther(wei).replace(/\.0$/, "")} ETH`;
}

/** A party's name in its colour. */
export function badge(party: PartyId): Html {
  return html`<span class="badge ${party}">${party}</span>`;
}

/** A table of names and values. */
export function facts(rows: readonly (readonly [string, string | Html])[]): Html {
  return html`<table class="facts">
    <tbody>
      ${rows.map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** A value in fixed-width digits that may be broken anywhere. */
export function code(value: string): Html {
  return html`<code>${value}</code>`;
}
