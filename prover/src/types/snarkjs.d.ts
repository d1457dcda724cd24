/** The parts of snarkjs 0.7 that are used here. */
declare module "snarkjs" {
  /** A file by path, or one kept in memory. */
  export type SnarkFile = string | { type: "mem"; data?: Uint8Array };

  export interface SnarkLogger {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
  }

  /** Affine coordinates as decimal strings, projective with a trailing one. */
  export interface SnarkProof {
    pi_a: string[];
    pi_b: string[][];
    pi_c: string[];
    protocol: string;
    curve: string;
  }

  export const groth16: {
    prove(
      zkey: SnarkFile,
      witness: SnarkFile,
      logger?: SnarkLogger,
      options?: { singleThread?: boolean },
    ): Promise<{ proof: SnarkProof; publicSignals: string[] }>;
    verify(
      verificationKey: unknown,
      publicSignals: readonly (string | bigint)[],
      proof: SnarkProof,
      logger?: SnarkLogger,
    ): Promise<boolean>;
  };

  export const wtns: {
    calculate(
      inputs: Record<string, unknown>,
      wasm: SnarkFile,
      witness: SnarkFile,
      options?: { sanityCheck?: boolean },
    ): Promise<void>;
    check(r1cs: SnarkFile, witness: SnarkFile, logger?: SnarkLogger): Promise<boolean>;
    exportJson(witness: SnarkFile): Promise<bigint[]>;
  };

  export const zKey: {
    newZKey(r1cs: SnarkFile, powersOfTau: SnarkFile, zkey: SnarkFile, logger?: SnarkLogger): Promise<unknown>;
    contribute(
      from: SnarkFile,
      to: SnarkFile,
      name: string,
      entropy: string,
      logger?: SnarkLogger,
    ): Promise<unknown>;
    beacon(
      from: SnarkFile,
      to: SnarkFile,
      name: string,
      beaconHash: string,
      iterationsExponent: number,
      logger?: SnarkLogger,
    ): Promise<unknown>;
    verifyFromR1cs(
      r1cs: SnarkFile,
      powersOfTau: SnarkFile,
      zkey: SnarkFile,
      logger?: SnarkLogger,
    ): Promise<boolean>;
    exportVerificationKey(zkey: SnarkFile, logger?: SnarkLogger): Promise<Record<string, unknown>>;
  };

  export const powersOfTau: {
    newAccumulator(curve: unknown, power: number, file: SnarkFile, logger?: SnarkLogger): Promise<unknown>;
    contribute(
      from: SnarkFile,
      to: SnarkFile,
      name: string,
      entropy: string,
      logger?: SnarkLogger,
    ): Promise<unknown>;
    beacon(
      from: SnarkFile,
      to: SnarkFile,
      name: string,
      beaconHash: string,
      iterationsExponent: number,
      logger?: SnarkLogger,
    ): Promise<unknown>;
    preparePhase2(from: SnarkFile, to: SnarkFile, logger?: SnarkLogger): Promise<unknown>;
  };

  export const curves: { getCurveFromName(name: string, options?: unknown): Promise<unknown> };
}
