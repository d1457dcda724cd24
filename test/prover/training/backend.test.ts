import { expect } from "chai";

import { openBackend } from "../../../prover/src/training/backend.ts";
import { expectError } from "../support/expect-error.ts";

const NATIVE = "@tensorflow/tfjs-node";
const real = (name: string): Promise<unknown> => import(name);

/** Imports everything but `missing`, which is not installed. */
function without(...missing: string[]): (name: string) => Promise<unknown> {
  return (name) => {
    if (!missing.includes(name)) return real(name);
    return Promise.reject(new Error(`Cannot find package '${name}'\nmore detail`));
  };
}

/** A stand-in for the native package: TensorFlow.js itself, with `changes`. */
function nativeWith(changes: object): (name: string) => Promise<unknown> {
  return async (name) => {
    if (name !== NATIVE) return real(name);
    const tf = (await real("@tensorflow/tfjs")) as object;
    return { ...tf, ...changes };
  };
}

describe("openBackend", () => {
  it("takes WebAssembly where the native package is not installed, and says so", async () => {
    const backend = await openBackend("auto", without(NATIVE));
    expect(backend.name).to.equal("wasm");
    expect(backend.version).to.equal("4.22.0");
    expect(backend.description).to.equal(
      "TensorFlow.js 4.22.0, WebAssembly (@tensorflow/tfjs-node is not usable here)",
    );
    expect(backend.tf.getBackend()).to.equal("wasm");
  });

  it("takes WebAssembly when asked to, without trying the native package", async () => {
    const asked: string[] = [];
    const backend = await openBackend("wasm", (name) => {
      asked.push(name);
      return real(name);
    });
    expect(backend.description).to.equal("TensorFlow.js 4.22.0, WebAssembly");
    expect(asked).to.not.include(NATIVE);
  });

  it("takes the native package where it loads and computes", async () => {
    await openBackend("wasm");
    for (const preference of ["auto", "node"] as const) {
      const backend = await openBackend(preference, nativeWith({}));
      expect(backend.name).to.equal("node");
      expect(backend.description).to.equal("TensorFlow.js 4.22.0, native library");
    }
  });

  it("falls back to WebAssembly when the native package loads but computes wrongly", async () => {
    const broken = nativeWith({ tidy: () => 12 });
    expect((await openBackend("auto", broken)).name).to.equal("wasm");
    await expectError(
      () => openBackend("node", broken),
      "training.backend-unavailable",
      /tfjs-node cannot be used: a matrix product gave 12/,
    );
  });

  it("refuses to replace the native package when it was asked for by name", async () => {
    await expectError(
      () => openBackend("node", without(NATIVE)),
      "training.backend-unavailable",
      /^@tensorflow\/tfjs-node cannot be used: Cannot find package '@tensorflow\/tfjs-node'$/,
    );
  });

  it("reports when no backend can be used", async () => {
    await expectError(
      () => openBackend("auto", without(NATIVE, "@tensorflow/tfjs")),
      "training.backend-unavailable",
      /tfjs-backend-wasm cannot be used: Cannot find package '@tensorflow\/tfjs'/,
    );
  });

  it("keeps the packages quiet while they load, and the console as it was", async () => {
    const terminal = globalThis.console;
    const original = terminal.warn;
    const heard: unknown[] = [];
    const listening = (...words: unknown[]): void => void heard.push(words);
    terminal.warn = listening;
    try {
      await openBackend("auto", (name) => {
        terminal.warn(`advice from ${name}`);
        return without(NATIVE)(name);
      });
      expect(heard).to.deep.equal([]);
      expect(terminal.warn).to.equal(listening);
    } finally {
      terminal.warn = original;
    }
  });
});
