import type { DemoEvent, DemoRecord } from "../record.ts";
import { badge, count, duration } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Everything that happened, in order, each with its place in time. */
export function timelineSection({ events, totalSeconds }: Pick<DemoRecord, "events" | "totalSeconds">): Html {
  const end = Math.max(totalSeconds, ...events.map(({ startSeconds, seconds }) => startSeconds + seconds));
  return html`<section id="timeline">
    <h2>Timeline</h2>
    <p class="soft">${duration(totalSeconds)} from the first line to the last, all parties on one machine.</p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">ended at</th>
            <th scope="col">party</th>
            <th scope="col">what happened</th>
            <th scope="col" class="number">took</th>
            <th scope="col">when</th>
          </tr>
        </thead>
        <tbody>
          ${events.map((event) => row(event, end))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function row({ party, text, startSeconds, seconds, gas, outcome }: DemoEvent, end: number): Html {
  const left = ((100 * startSeconds) / end).toFixed(2);
  const width = ((100 * seconds) / end).toFixed(2);
  const spent = gas === null ? html`` : html` <span class="soft nowrap">· ${count(gas)} gas</span>`;
  return html`<tr>
    <td class="number">${(startSeconds + seconds).toFixed(1)} s</td>
    <td class="tight">${badge(party)}</td>
    <td class="${outcome === "refused" ? "refused" : "fine"}">${text}${spent}</td>
    <td class="number">${duration(seconds)}</td>
    <td>
      <div class="bar">
        <i class="${party}" style="left: min(${left}%, calc(100% - 3px)); width: ${width}%"></i>
      </div>
    </td>
  </tr>`;
}
