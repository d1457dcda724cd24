/** circom compiled to WebAssembly, run in process over a given file system. */
declare module "circom2" {
  export class CircomRunner {
    constructor(options: {
      args: readonly string[];
      env: Record<string, string>;
      preopens: Record<string, string>;
      bindings: Record<string, unknown>;
    });
    execute(module: Uint8Array): Promise<unknown>;
  }
  export const bindings: Record<string, unknown>;
}
