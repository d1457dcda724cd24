/** Markdown tables that the sections of circuits/README.md share. */
import { type CircuitLayout, publicSignalCount, signalSize } from "../prover/src/circuits/layout.ts";

/** A table with a header; prettier aligns it later. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The public signals of a circuit in order: offset, name with dimensions, count, block. */
export function signalTable(layout: CircuitLayout): string {
  let offset = 0;
  const rows = (["statement", "challenges", "dataset", "committed"] as const).flatMap((block) =>
    layout[block].map((signal) => {
      const indices = signal.dimensions.map((size) => `[${size}]`).join("");
      const row = [String(offset), `\`${signal.name}${indices}\``, String(signalSize(signal)), block];
      offset += signalSize(signal);
      return row;
    }),
  );
  if (offset !== publicSignalCount(layout)) throw new Error("the blocks do not add up to the public signals");
  return table(["offset", "signal", "count", "block"], rows);
}
