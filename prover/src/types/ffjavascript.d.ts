/** The parts of ffjavascript that are used here: BN254 in WebAssembly. Points and scalars are byte arrays. */
declare module "ffjavascript" {
  /** A group in Montgomery form, little-endian ("LEM"): affine 2, Jacobian 3 field elements. */
  export interface WasmGroup {
    readonly F: { readonly n8: number };
    readonly g: Uint8Array;
    readonly zero: Uint8Array;
    /** Whether affine or Jacobian points are the same. */
    eq(a: Uint8Array, b: Uint8Array): boolean;
    add(a: Uint8Array, b: Uint8Array): Uint8Array;
    neg(a: Uint8Array): Uint8Array;
    isZero(a: Uint8Array): boolean;
    timesScalar(a: Uint8Array, scalar: bigint): Uint8Array;
    toAffine(a: Uint8Array): Uint8Array;
    toObject(a: Uint8Array): unknown;
    fromObject(a: unknown): Uint8Array;
    toRprLEM(buffer: Uint8Array, offset: number, point: Uint8Array): void;
    fromRprLEM(buffer: Uint8Array, offset: number): Uint8Array;
    /** Jacobian points in a row to affine ones; infinity becomes zeros. */
    batchToAffine(points: Uint8Array): Promise<Uint8Array>;
    /** Affine points in a row to their big-endian coordinates, out of Montgomery form. */
    batchLEMtoU(points: Uint8Array): Promise<Uint8Array>;
    multiExpAffine(bases: Uint8Array, scalars: Uint8Array): Promise<Uint8Array>;
    batchApplyKey(
      points: Uint8Array,
      first: Uint8Array,
      increment: Uint8Array,
      inType: string,
      outType: string,
    ): Promise<Uint8Array>;
  }

  export interface WasmCurve {
    readonly G1: WasmGroup;
    readonly G2: WasmGroup;
    readonly Fr: {
      readonly w: readonly Uint8Array[];
      e(value: bigint | number): Uint8Array;
      toObject(element: Uint8Array): bigint;
    };
    readonly tm: {
      /** Threads; none for single-threaded curves. */
      readonly workers?: readonly { terminate(): void }[];
      /** The WebAssembly module; kept by single-threaded curves only. */
      readonly code: Uint8Array<ArrayBuffer>;
      readonly pG1gen: number;
      readonly pG2gen: number;
    };
    terminate(): Promise<void>;
  }

  export function buildBn128(singleThread?: boolean): Promise<WasmCurve>;
}
