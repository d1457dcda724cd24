import { type Html, html } from "./html.ts";

/** A moment of the training to point at. */
export interface Mark {
  /** Epochs done before it, parts included. */
  readonly epochs: number;
  readonly label: string;
}

/** A value beside the curve. */
export interface ChartPoint {
  /** Which of the curve's values it stands above or below, from 0. */
  readonly index: number;
  readonly value: number;
  /** Class of its colour. */
  readonly kind: string;
  readonly label: string;
}

/** One curve over epochs. */
export interface Curve {
  readonly title: string;
  /** One value per epoch, the first epoch first. */
  readonly values: readonly number[];
  /** What is counted, if not epochs. */
  readonly unit?: string;
  /** Number of the first value; 1 unless given. */
  readonly first?: number;
  readonly lowest: number;
  readonly highest: number;
  readonly format: (value: number) => string;
  /** Vertical lines; those before the end of the first epoch lie at the left edge. */
  readonly marks?: readonly Mark[];
  readonly points?: readonly ChartPoint[];
}

const WIDTH = 420;
const HEIGHT = 214;
const LEFT = 56;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 38;
const LEVELS = 4;

/** A line chart as inline SVG, with the last value written at its end. */
export function lineChart(curve: Curve): Html {
  const {
    title,
    values,
    lowest,
    highest,
    format,
    unit = "epoch",
    first = 1,
    marks = [],
    points = [],
  } = curve;
  const x = (index: number): number =>
    LEFT + ((WIDTH - LEFT - RIGHT) * index) / Math.max(values.length - 1, 1);
  const y = (value: number): number =>
    TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - lowest) / (highest - lowest || 1));
  const levels = Array.from(
    { length: LEVELS + 1 },
    (_, index) => lowest + ((highest - lowest) * index) / LEVELS,
  );
  const epochs = epochMarks(values.length);
  const line = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const last = values.at(-1) ?? lowest;
  const end = { x: x(values.length - 1), y: y(last) };
  return html`<svg
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-label="${title}: ${format(last)} after ${values.length + first - 1} ${unit}s"
  >
    ${levels.map(
      (level) =>
        html`<line
            class="grid"
            x1="${LEFT}"
            x2="${WIDTH - RIGHT}"
            y1="${y(level).toFixed(1)}"
            y2="${y(level).toFixed(1)}"
          /><text x="${LEFT - 6}" y="${(y(level) + 4).toFixed(1)}" text-anchor="end">${format(level)}</text>`,
    )}
    ${epochs.map(
      (epoch) =>
        html`<text x="${x(epoch - 1).toFixed(1)}" y="${HEIGHT - 20}" text-anchor="middle"
          >${epoch + first - 1}</text
        >`,
    )}
    <text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${unit}</text>
    ${marks.map(({ epochs: done, label }) => {
      const at = x(Math.min(Math.max(done - 1, 0), values.length - 1)).toFixed(1);
      return html`<line class="mark" x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}">
        <title>${label}</title>
      </line>`;
    })}
    ${points.map(
      ({ index, value, kind, label }) =>
        html`<circle class="dot faint ${kind}" cx="${x(index).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3">
          <title>${label}</title>
        </circle>`,
    )}
    <polyline class="curve" points="${line}" />
    <circle class="dot" cx="${end.x.toFixed(1)}" cy="${end.y.toFixed(1)}" r="3.5" />
    <text
      class="value"
      x="${(end.x - 4).toFixed(1)}"
      y="${(end.y + (end.y > HEIGHT / 2 ? -9 : 17)).toFixed(1)}"
      text-anchor="end"
    >
      ${format(last)}
    </text>
  </svg>`;
}

/** The first epoch, the last, and round numbers between. */
function epochMarks(epochs: number): readonly number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => epochs / size <= 7) ?? 1000;
  const marks = [1];
  for (let epoch = step; epoch < epochs; epoch += step) if (epoch > 1) marks.push(epoch);
  return epochs > 1 ? [...marks.filter((mark) => epochs - mark >= step / 2), epochs] : marks;
}
