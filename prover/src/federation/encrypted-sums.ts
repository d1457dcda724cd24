import SEAL, {
  type Ciphertext,
  type ClassHandle,
  type MainModule,
  type Modulus,
  type SEALContext,
  type VectorModulus,
} from "node-seal";

import { FederationError } from "./federation-error.ts";

/** The loaded WebAssembly build of Microsoft SEAL. */
export type SealLibrary = MainModule;

/** Degrees of the ring to choose from; SEAL has a modulus of 128 bits of security for each. */
const DEGREES = [2048, 4096, 8192, 16_384] as const;
/** From here on SEAL finds a prime for batching of any size at all these degrees. */
const LEAST_PLAIN_BITS = 20;
/** Largest size of SEAL's plain modulus. */
const MOST_PLAIN_BITS = 60;
/** Largest coefficient of SEAL's error polynomials: half of the 42 bits of its centred binomial distribution. */
const ERROR_BOUND = 21n;
/** A fresh ciphertext is a pair of polynomials; only products have more. */
const CIPHERTEXT_SIZE = 2;
/** Of the length in front of each ciphertext of a longer list of values. */
const LENGTH_BYTES = 4;

/** What has to fit in a sum of lists of integers. */
export interface SumLimits {
  /** Largest sum in any position. */
  readonly largestSum: bigint;
  /** Most lists that are added. */
  readonly largestCount: number;
}

/** A key pair for sums; whoever has `secretKey` reads every list encrypted under `publicKey`. */
export interface SumKeys {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** The parameters of the encryption. */
export interface SumParameters {
  /** Degree of the ring: integers in one ciphertext. */
  readonly degree: number;
  /** Prime that sums are taken modulo of; larger than any of them. */
  readonly plainModulus: bigint;
  /** Bits of the ciphertexts' modulus. */
  readonly coefficientBits: number;
}

/** Everything that one call uses of the library, freed at its end. */
interface Session {
  readonly keep: <Handle extends ClassHandle>(handle: Handle) => Handle;
  readonly context: SEALContext;
  readonly parameters: SumParameters;
}

/** Loads SEAL's WebAssembly; one library serves any number of EncryptedSums. */
export async function loadSeal(): Promise<SealLibrary> {
  return await SEAL();
}

/**
 * Lists of integers that can be added without being read: BFV with batching, by SEAL, at 128 bits of security by its
 * table. Parameters are the smallest for which not even the worst noise of `largestCount` fresh ciphertexts uses the
 * budget up. Keys and ciphertexts are bytes, compressed as SEAL does; every call frees all it took of the library's memory.
 */
export class EncryptedSums {
  readonly #seal: SealLibrary;
  readonly #limits: SumLimits;

  constructor(seal: SealLibrary, limits: SumLimits) {
    this.#seal = seal;
    this.#limits = limits;
  }

  /**
   * The parameters chosen for the limits.
   *
   * Throws FederationError `federation.parameters` when no degree has room for them.
   */
  get parameters(): SumParameters {
    return this.#session(({ parameters }) => parameters);
  }

  /** A fresh key pair from the system's randomness. */
  createKeys(): SumKeys {
    return this.#session(({ keep, context }) => {
      const generator = keep(new this.#seal.KeyGenerator(context));
      const publicKey = keep(generator.createPublicKeySerializable());
      const secretKey = keep(generator.secretKey());
      return {
        publicKey: publicKey.saveToArray(this.#compression) as Uint8Array,
        secretKey: secretKey.saveToArray(this.#compression) as Uint8Array,
      };
    });
  }

  /**
   * A list of integers, each at most `largestSum`, in ciphertexts of `degree` integers.
   *
   * Throws FederationError `federation.ciphertext` for a public key of other parameters or damaged.
   */
  encrypt(publicKey: Uint8Array, values: readonly bigint[]): Uint8Array {
    return this.#session(({ keep, context, parameters }) => {
      const key = keep(new this.#seal.PublicKey());
      this.#read("the public key", () => key.loadFromArray(context, publicKey));
      const encryptor = keep(new this.#seal.Encryptor(context, key));
      const encoder = keep(new this.#seal.BatchEncoder(context));
      const { degree } = parameters;
      const ciphertexts: Uint8Array[] = [];
      for (let start = 0; start < values.length; start += degree) {
        const plaintext = keep(new this.#seal.Plaintext());
        encoder.encode(BigUint64Array.from(values.slice(start, start + degree)), plaintext);
        const ciphertext = keep(encryptor.encryptSerializable(plaintext));
        ciphertexts.push(ciphertext.saveToArray(this.#compression) as Uint8Array);
      }
      return joinParts(ciphertexts);
    });
  }

  /**
   * The encrypted sum of encrypted lists of the same length, position by position.
   *
   * Throws FederationError: `federation.contributions` for none, or more than the noise budget is certain to carry;
   * `federation.ciphertext` for ciphertexts of other parameters or lengths, or damaged.
   */
  add(lists: readonly Uint8Array[]): Uint8Array {
    const { largestCount } = this.#limits;
    if (lists.length < 1 || lists.length > largestCount) {
      throw new FederationError(
        "federation.contributions",
        `${lists.length} encrypted lists are to be added: the parameters are for 1 to ${largestCount}`,
        "Combine the contributions of one round only.",
        { contributions: lists.length, limit: largestCount },
      );
    }
    const parts = lists.map(splitParts);
    const count = parts[0]!.length;
    if (parts.some(({ length }) => length !== count)) {
      throw ciphertextError("the encrypted lists have different lengths");
    }
    return this.#session(({ keep, context }) => {
      const evaluator = keep(new this.#seal.Evaluator(context));
      const sums = Array.from({ length: count }, (_, position) => {
        const sum = this.#load(keep, context, parts[0]![position]!);
        for (const part of parts.slice(1)) {
          const next = this.#load(keep, context, part[position]!);
          this.#read("the encrypted lists", () => evaluator.addInplace(sum, next));
        }
        return sum.saveToArray(this.#compression) as Uint8Array;
      });
      return joinParts(sums);
    });
  }

  /**
   * The integers behind an encrypted list, with those of unused positions up to a multiple of the degree.
   *
   * Throws FederationError: `federation.noise` when the noise budget is used up, as for ciphertexts under another key;
   * `federation.ciphertext` for ciphertexts or a key of other parameters, or damaged.
   */
  decrypt(secretKey: Uint8Array, list: Uint8Array): bigint[] {
    const parts = splitParts(list);
    return this.#session(({ keep, context }) => {
      const key = keep(new this.#seal.SecretKey());
      this.#read("the secret key", () => key.loadFromArray(context, secretKey));
      const decryptor = keep(new this.#seal.Decryptor(context, key));
      const encoder = keep(new this.#seal.BatchEncoder(context));
      return parts.flatMap((part) => {
        const ciphertext = this.#load(keep, context, part);
        if (decryptor.invariantNoiseBudget(ciphertext) < 1) {
          throw new FederationError(
            "federation.noise",
            "the noise of a ciphertext has used up its budget: it does not decrypt",
            "Ask the members whether all encrypted under the public key of this round, and combine fresh contributions.",
          );
        }
        const plaintext = keep(new this.#seal.Plaintext());
        decryptor.decrypt(ciphertext, plaintext);
        return Array.from(encoder.decodeBigUint64(plaintext) as BigUint64Array);
      });
    });
  }

  /** zstd: random coefficients of 54 of 64 bits lose the empty bits. */
  get #compression() {
    return this.#seal.ComprModeType.zstd;
  }

  #load(keep: Session["keep"], context: SEALContext, bytes: Uint8Array): Ciphertext {
    const ciphertext = keep(new this.#seal.Ciphertext());
    this.#read("a ciphertext", () => ciphertext.loadFromArray(context, bytes));
    if (ciphertext.size() !== CIPHERTEXT_SIZE) {
      throw ciphertextError(
        `a ciphertext has ${ciphertext.size()} polynomials instead of ${CIPHERTEXT_SIZE}`,
      );
    }
    return ciphertext;
  }

  /** Runs what can fail for bytes of others only, and says so. */
  #read(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      throw ciphertextError(
        `${what} is damaged or made with other parameters`,
        this.#releaseException(error),
      );
    }
  }

  /** An exception of the library keeps its memory until it is released; what remains is its text. */
  #releaseException(error: unknown): unknown {
    if (error instanceof Error) return error;
    const { message } = error as { message?: unknown };
    (this.#seal as unknown as ExceptionMemory).decrementExceptionRefcount(error);
    return new Error(String(message));
  }

  #session<Result>(work: (session: Session) => Result): Result {
    const handles: ClassHandle[] = [];
    const keep: Session["keep"] = (handle) => {
      handles.push(handle);
      return handle;
    };
    try {
      return work({ keep, ...this.#choose(keep) });
    } finally {
      for (const handle of handles.toReversed()) handle.delete();
    }
  }

  #choose(keep: Session["keep"]): Pick<Session, "context" | "parameters"> {
    const seal = this.#seal;
    const security = seal.SecLevelType.tc128;
    for (const degree of DEGREES) {
      const moduli = keep(seal.CoeffModulus.BFVDefault(degree, security));
      const plain = this.#plainModulus(keep, degree);
      const coefficientModulus = ciphertextModulus(moduli, keep);
      if (plain === undefined || !this.#carries(degree, plain.value(), coefficientModulus)) continue;
      const settings = keep(new seal.EncryptionParameters(seal.SchemeType.bfv));
      settings.setPolyModulusDegree(degree);
      settings.setCoeffModulus(moduli);
      settings.setPlainModulus(plain);
      const context = keep(new seal.SEALContext(settings, true, security));
      const coefficientBits = coefficientModulus.toString(2).length;
      return { context, parameters: { degree, plainModulus: plain.value(), coefficientBits } };
    }
    const { largestCount, largestSum } = this.#limits;
    throw new FederationError(
      "federation.parameters",
      `no parameters carry ${largestCount} encrypted lists with sums of up to ${largestSum}`,
      "Use a federation with a smaller sum of factors.",
      { largestCount, largestSum },
    );
  }

  /** The smallest prime for batching above the largest sum. */
  #plainModulus(keep: Session["keep"], degree: number): Modulus | undefined {
    const { largestSum } = this.#limits;
    const sumBits = largestSum.toString(2).length;
    for (let bits = Math.max(sumBits, LEAST_PLAIN_BITS); bits <= MOST_PLAIN_BITS; bits++) {
      const modulus = keep(this.#seal.PlainModulus.Batching(degree, bits));
      if (modulus.value() > largestSum) return modulus;
    }
    return undefined;
  }

  /**
   * Whether sums decrypt whatever the errors: −e·u + e₁ + e₂·s of every ciphertext, with u and s in {−1, 0, 1}, and its
   * rounding must add up to less than q / 2t in every coefficient.
   */
  #carries(degree: number, plainModulus: bigint, coefficientModulus: bigint): boolean {
    const noise = ERROR_BOUND * BigInt(2 * degree + 1) + 1n;
    return 2n * plainModulus * noise * BigInt(this.#limits.largestCount) < coefficientModulus;
  }
}

/** What the library has beyond its declared types: its exceptions are no Errors and hold memory of its own. */
interface ExceptionMemory {
  decrementExceptionRefcount(exception: unknown): void;
}

/** Ciphertexts are modulo all primes but the last, which SEAL keeps for switching keys, unless there is but one. */
function ciphertextModulus(moduli: VectorModulus, keep: Session["keep"]): bigint {
  const primes = Array.from({ length: moduli.size() }, (_, index) => keep(moduli.get(index)!).value());
  return primes.slice(0, Math.max(primes.length - 1, 1)).reduce((product, prime) => product * prime);
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0));
  let offset = 0;
  for (const part of parts) {
    new DataView(bytes.buffer).setUint32(offset, part.length);
    bytes.set(part, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + part.length;
  }
  return bytes;
}

function splitParts(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const start = offset + LENGTH_BYTES;
    const end = start <= bytes.length ? start + view.getUint32(offset) : Infinity;
    if (end > bytes.length) throw ciphertextError("an encrypted list is cut off");
    parts.push(bytes.subarray(start, end));
    offset = end;
  }
  return parts;
}

function ciphertextError(problem: string, cause?: unknown): FederationError {
  return new FederationError(
    "federation.ciphertext",
    problem,
    "Fetch it again, and use the keys and the sum of factors that the round names.",
    {},
    { cause },
  );
}
