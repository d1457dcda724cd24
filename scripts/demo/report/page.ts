import type { DemoRecord } from "../record.ts";
import { duration } from "./format.ts";
import { Html, html } from "./html.ts";
import { STYLE } from "./style.ts";

/** Header and sections as one HTML page that needs nothing but itself: no scripts, no fonts, no network. */
export function page(
  record: Pick<DemoRecord, "startedAt" | "seed" | "totalSeconds"> & {
    readonly dataset: Pick<DemoRecord["dataset"], "name" | "title" | "licence">;
  },
  parts: readonly Html[],
): string {
  const { dataset, startedAt, seed, totalSeconds } = record;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>zkpot demo: ${dataset.name}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <main>
          ${parts}
          <footer>
            ${dataset.title}, licence ${dataset.licence}. Run of ${startedAt}, seed ${seed},
            ${duration(totalSeconds)}. Every number on this page was measured in this run.
          </footer>
        </main>
      </body>
    </html> `.markup;
}

/** A number that matters, with what it is. */
export function tile(value: string, label: string): Html {
  return html`<div class="tile"><b>${value}</b><span>${label}</span></div>`;
}
