import { UsageError } from "./usage-error.ts";

/** Which TensorFlow backend --backend names. */
export function parseBackend(text: string): "auto" | "node" | "wasm" {
  if (text === "auto" || text === "node" || text === "wasm") return text;
  throw new UsageError(
    "cli.invalid-value",
    `--backend: "${text}" is not auto, node or wasm`,
    "Write auto, node or wasm.",
    { option: "--backend", value: text },
  );
}
