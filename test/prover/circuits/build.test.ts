import { expect } from "chai";
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { buildCircuit, loadCircuit } from "../../../prover/src/circuits/build.ts";
import { expectError } from "../support/expect-error.ts";
import { ROOMY } from "../../circuits/support/instances.ts";

describe("buildCircuit", function () {
  this.timeout(240_000);
  const instance = ROOMY.linear;
  let directory: string;

  before(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "zkpot-build-"));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  /** What a build said, and when it last wrote. */
  async function build(): Promise<{ messages: string[]; writtenMs: number }> {
    const messages: string[] = [];
    const { r1csFile } = await buildCircuit(instance, directory, (message) => messages.push(message));
    return { messages, writtenMs: (await stat(r1csFile)).mtimeMs };
  }

  it("compiles once, loads what it wrote and leaves it alone the second time", async () => {
    await expectError(
      () => loadCircuit(instance, directory),
      "circuit.not-built",
      /test-linear is not built/,
    );
    const first = await build();
    expect(first.messages).to.deep.equal(["test-linear: compiling"]);
    const second = await build();
    expect(second.messages).to.deep.equal([]);
    expect(second.writtenMs).to.equal(first.writtenMs);
    const circuit = await loadCircuit(instance, directory);
    expect(circuit.r1csSha256).to.match(/^[0-9a-f]{64}$/);
    expect(await readFile(path.join(circuit.directory, "main.circom"), "utf8")).to.include("Accuracy(");
  });

  it("refuses damaged, cut and missing files by name, and compiles again", async () => {
    const { r1csFile, wasmFile } = await buildCircuit(instance, directory);
    const intact = await readFile(wasmFile);
    await writeFile(wasmFile, intact.with(1000, intact[1000]! ^ 1));
    await expectError(() => loadCircuit(instance, directory), "circuit.damaged", /main\.wasm is damaged/);
    await writeFile(wasmFile, intact);
    await loadCircuit(instance, directory);
    await rm(wasmFile);
    await expectError(() => loadCircuit(instance, directory), "circuit.damaged", /main\.wasm.*is nothing/);
    await writeFile(wasmFile, intact);
    await appendFile(r1csFile, "0");
    await expectError(() => loadCircuit(instance, directory), "circuit.damaged", /main\.r1cs is damaged/);

    const { messages } = await build();
    expect(messages).to.have.lengthOf(2);
    expect(messages[0]).to.match(/main\.r1cs is damaged.*; compiling again/);
    await loadCircuit(instance, directory);
  });

  it("fails with circom's own message when a slot lacks one bit, in a hidden or the last layer", async () => {
    for (const [bad, line] of [
      [{ ...instance, id: "bad-last", slotBits: instance.slotBits - 1 }, /assert/i],
      [
        {
          ...ROOMY.hidden,
          id: "bad-hidden",
          // Shift and quotient need the room, margins do not.
          architecture: { ...ROOMY.hidden.architecture, quotientBits: 6, shiftBits: [12] },
        },
        /assert/i,
      ],
      [{ ...instance, id: "bad-word", slots: 40, slotBits: 10 }, /assert/i],
      [
        { ...ROOMY.hidden, id: "bad-table", architecture: { ...ROOMY.hidden.architecture, quotientBits: 7 } },
        /assert/i,
      ],
    ] as const) {
      const error = await expectError(() => buildCircuit(bad, directory), "circuit.compile", line);
      expect(error.message).to.include(`circom refused circuit ${bad.id}`);
      // No colours: the message may end up in JSON.
      expect(error.message).not.to.include(String.fromCharCode(27));
      await expectError(() => loadCircuit(bad, directory), "circuit.not-built", /not built/);
    }
  });
});
