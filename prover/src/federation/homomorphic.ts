import { offsetForm } from "../model/commitment.ts";
import type { Architecture } from "../model/architecture.ts";
import { type IntegerModel, validateIntegerModel } from "../model/integer-model.ts";
import { averageSums } from "./average.ts";
import { EncryptedSums, type SealLibrary } from "./encrypted-sums.ts";
import { openEnvelope, sealEnvelope } from "./envelope.ts";
import { FederationError } from "./federation-error.ts";
import { MIN_PLACES } from "./federation-limits.ts";
import { ownPlace } from "./masks.ts";
import { checkFactor, type ParameterSums, vectorShape } from "./parameter-vector.ts";
import { type AggregationRound, checkPlaces, type SecureAggregation } from "./secure-aggregation.ts";

/**
 * Parameters are summed in limbs of so many bits, so that a bias needs no larger plain modulus than a weight: with it
 * the smallest ring has room for a whole model and its noise.
 */
const LIMB_BITS = 12;

/** Who does what in one aggregation under encryption: two different members. */
export interface HomomorphicRoles {
  /** Place of the member that gets all contributions and adds them, unread. */
  readonly leaderPlace: number;
  /** Place of the member that has the secret key and gets the sum alone. */
  readonly keyHolderPlace: number;
}

/** What a member needs of the key holder's keys. */
export interface HomomorphicKeys {
  readonly publicKey: Uint8Array;
  /** The key holder's only. */
  readonly secretKey?: Uint8Array;
}

/** The encryption of a federation: its key holder makes keys with it. */
export function federationSums(seal: SealLibrary, maxFactorSum: number): EncryptedSums {
  return new EncryptedSums(seal, {
    largestSum: BigInt(maxFactorSum) * (2n ** BigInt(LIMB_BITS) - 1n),
    largestCount: maxFactorSum,
  });
}

/**
 * Aggregation by additively homomorphic encryption. Contributions are encrypted under the key holder's public key and
 * put in an envelope for the leader; the leader adds them and puts the sum in an envelope for the key holder.
 *
 * Models stay hidden while leader and key holder follow the protocol and tell each other nothing else: a key holder
 * decrypts whatever its leader names the sum. Nothing proves that a contribution holds the model whose score is proven,
 * nor that the average is the one decrypted. docs/decisions/secure-aggregation.md says why this is not the default.
 *
 * Throws FederationError: `federation.roles` for one member in both roles, and in the methods for who lacks the role;
 * `federation.peers` for fewer than three places; `federation.places`, `federation.envelope`, `federation.ciphertext`,
 * `federation.contributions` and `federation.noise` for contributions and sums that cannot be used;
 * `federation.factor-sum` when the contributions' factors do not add up to the one given; `federation.sum` for sums that
 * no models in range have.
 */
export function homomorphicAggregation(
  seal: SealLibrary,
  round: AggregationRound,
  roles: HomomorphicRoles,
  keys: HomomorphicKeys,
): SecureAggregation {
  const { architecture, maxFactorSum, member, places } = round;
  const { leaderPlace, keyHolderPlace } = roles;
  checkRoles(roles, places);
  const own = ownPlace(member);
  const sums = federationSums(seal, maxFactorSum);
  return {
    protect: (model, factor) => {
      checkFactor(factor, maxFactorSum);
      const list = sums.encrypt(keys.publicKey, modelLimbs(model, factor));
      return sealEnvelope(member, leaderPlace, list);
    },
    combine: (contributions) => {
      if (own !== leaderPlace) throw roleError(`only the leader, at place ${leaderPlace}, can combine`);
      checkPlaces(contributions, places);
      const lists = [...contributions].map(([place, envelope]) => openEnvelope(member, place, envelope));
      return sealEnvelope(member, keyHolderPlace, sums.add(lists));
    },
    open: (combined, factorSum) => {
      if (own !== keyHolderPlace || keys.secretKey === undefined) {
        throw roleError(`only the key holder, at place ${keyHolderPlace}, can open`);
      }
      checkFactor(factorSum, maxFactorSum);
      const list = openEnvelope(member, leaderPlace, combined);
      const limbs = sums.decrypt(keys.secretKey, list);
      return averageSums(sumsFromLimbs(limbs, architecture, factorSum), architecture, factorSum);
    },
  };
}

/** A model's factor, and its parameters in offset form times it: all weights, then all biases, low limbs first. */
function modelLimbs(model: IntegerModel, factor: number): bigint[] {
  validateIntegerModel(model);
  const { weightBits, biasBits } = model.architecture;
  const limbs = (values: readonly number[], bits: number) =>
    values.flatMap((value) =>
      limbWidths(bits).map((width, limb) => Math.floor(value / 2 ** (limb * LIMB_BITS)) % 2 ** width),
    );
  return [
    1,
    ...limbs(
      model.layers.flatMap((layer) => offsetForm(layer.weights, weightBits)),
      weightBits,
    ),
    ...limbs(
      model.layers.flatMap((layer) => offsetForm(layer.biases, biasBits)),
      biasBits,
    ),
  ].map((value) => BigInt(value) * BigInt(factor));
}

/** The sums behind added limbs, which the positions after them must leave zero. */
function sumsFromLimbs(
  list: readonly bigint[],
  architecture: Architecture,
  factorSum: number,
): ParameterSums {
  const { weights, biases } = vectorShape(architecture, 1);
  const { weightBits, biasBits } = architecture;
  const [found, ...values] = list;
  if (found !== BigInt(factorSum)) {
    throw new FederationError(
      "federation.factor-sum",
      `the factors of the contributions add up to ${found}, not to ${factorSum}`,
      "Use the factors that the round records, and contributions made with them.",
      { found: String(found), factorSum },
    );
  }
  let next = 0;
  const take = (count: number, bits: number): bigint[] =>
    Array.from({ length: count }, () =>
      limbWidths(bits).reduce((sum, width, limb) => {
        const value = values[next++];
        if (value === undefined || value > found * (2n ** BigInt(width) - 1n)) throw sumError(factorSum);
        return sum + (value << BigInt(limb * LIMB_BITS));
      }, 0n),
    );
  const sums = { weights: take(weights, weightBits), biases: take(biases, biasBits) };
  if (values.slice(next).some((value) => value !== 0n)) throw sumError(factorSum);
  return sums;
}

/** Bits of each limb of a parameter, the lowest first. */
function limbWidths(bits: number): number[] {
  return Array.from({ length: Math.ceil(bits / LIMB_BITS) }, (_, limb) =>
    Math.min(LIMB_BITS, bits - limb * LIMB_BITS),
  );
}

function checkRoles({ leaderPlace, keyHolderPlace }: HomomorphicRoles, places: readonly number[]): void {
  if (leaderPlace === keyHolderPlace) {
    throw roleError(`place ${leaderPlace} is leader and key holder: it would read every model`);
  }
  const members = new Set(places);
  if (members.size < MIN_PLACES) {
    throw new FederationError(
      "federation.peers",
      `the average would be of ${members.size} models; fewer than ${MIN_PLACES} do not hide one`,
      "Wait for a round with more members.",
      { places: members.size, limit: MIN_PLACES },
    );
  }
}

function roleError(problem: string): FederationError {
  return new FederationError(
    "federation.roles",
    problem,
    "Give the leader the contributions and another member the secret key.",
  );
}

function sumError(factorSum: number): FederationError {
  return new FederationError(
    "federation.sum",
    `the sums are not those of models with factors that add up to ${factorSum}`,
    "Ask the members for contributions of models in the architecture's ranges.",
    { factorSum },
  );
}
