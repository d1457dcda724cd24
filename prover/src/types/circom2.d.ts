/** circom compiled to WebAssembly, run in process over a given file system. */
declare module "circom2" {
  export class CircomRunner {
    constructor(options: {
      args: readonly string[];
      env: Record<string, string>;
      preopens: Record<string, string>;
      bindings: Record<string, unknown>;
    });
    /** The system functions that the compiler imports; numbers are its 32-bit words. */
    readonly wasi: {
      readonly wasiImport: Record<string, (...parameters: (number | bigint)[]) => unknown>;
    };
    execute(module: Uint8Array): Promise<unknown>;
  }
  export const bindings: Record<string, unknown>;
}
