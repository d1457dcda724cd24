import { type Html, html } from "./html.ts";

/** A table of counts, true class by row and predicted class by column; shades follow the share of the row. */
export function confusionMatrix(
  confusion: readonly (readonly number[])[],
  classNames: readonly string[],
): Html {
  return html`<table class="matrix">
    <thead>
      <tr>
        <th scope="col">true \\ predicted</th>
        ${classNames.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${confusion.map((row, label) => {
        const total = row.reduce((sum, entry) => sum + entry, 0);
        return html`<tr>
          <th scope="row">${classNames[label]!}</th>
          ${row.map((entry, prediction) => cell(entry, total, label === prediction))}
        </tr>`;
      })}
    </tbody>
  </table>`;
}

function cell(entry: number, total: number, isHit: boolean): Html {
  if (entry === 0) return html`<td class="zero">0</td>`;
  const share = (entry / total).toFixed(3);
  return html`<td class="${isHit ? "hit" : "miss"}" style="--share: ${share}">${entry}</td>`;
}
