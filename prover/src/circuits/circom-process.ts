/**
 * Runs circom once, in a process of its own: `node circom-process.ts ENTRY CIRCUITS LIBRARY OUTPUT [FLAG…]`.
 * ENTRY is a file name inside OUTPUT; includes are looked up in CIRCUITS, then LIBRARY; flags are circom's own,
 * simplification among them.
 */
import fs from "node:fs";
import { createRequire } from "node:module";

import { bindings, CircomRunner } from "circom2";

const [entry, circuits, library, output, ...flags] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
const circom = new CircomRunner({
  args: [
    `/output/${entry}`,
    "--r1cs",
    "--wasm",
    ...flags,
    "-l",
    "/circuits",
    "-l",
    "/library",
    "-o",
    "/output",
  ],
  env: {},
  preopens: { "/circuits": circuits, "/library": library, "/output": output },
  bindings: {
    ...bindings,
    fs,
    exit: (code: number) => process.exit(code),
    kill: (signal: string) => process.kill(process.pid, signal),
  },
});
// Addresses from 2 GiB on reach JavaScript as negative numbers, which the runner's file functions refuse.
const functions = circom.wasi.wasiImport;
for (const [name, call] of Object.entries(functions)) {
  functions[name] = (...parameters) =>
    call(...parameters.map((value) => (typeof value === "number" ? value >>> 0 : value)));
}
const compiler = createRequire(import.meta.url).resolve("circom2/circom.wasm");
await circom.execute(fs.readFileSync(compiler));
