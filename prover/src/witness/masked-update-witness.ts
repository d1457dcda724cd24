import type { SignalValues } from "../circuits/layout.ts";
import type { MaskedUpdateInstance } from "../circuits/masked-update.ts";
import { maskedVector, ownPlace, peerSetWord, type RoundMember } from "../federation/masks.ts";
import { fillRoster, rosterDigest } from "../federation/pair-keys.ts";
import { vectorDigest } from "../federation/parameter-vector.ts";
import { canonicalArchitecture } from "../model/architecture.ts";
import { modelCommitment } from "../model/commitment.ts";
import type { IntegerModel } from "../model/integer-model.ts";
import { LookupTable } from "./lookup-table.ts";
import { parameterLimbs } from "./parameter-limbs.ts";
import { WitnessError } from "./witness-error.ts";

/** What a member masks in a round. */
export interface MaskedUpdate {
  readonly context: bigint;
  readonly model: IntegerModel;
  /** Opens the model's commitment. */
  readonly salt: bigint;
  /** The member's share in the average. */
  readonly weightFactor: number;
  readonly member: RoundMember;
  /** Places of the peers on the roster. */
  readonly peerPlaces: readonly number[];
}

/** The vector a member publishes, and what proves it. */
export interface MaskedUpdateWitness {
  readonly vector: readonly bigint[];
  readonly statement: SignalValues;
  /** Committed signals but `blockMask`, which is added when the block is committed. Secret. */
  readonly committed: SignalValues;
  /** Private inputs. Secret. */
  readonly private: SignalValues;
}

/**
 * The masked vector of a model with the inputs of `masked-update.circom` that prove it.
 *
 * Throws WitnessError `witness.architecture` for a model of another shape, FederationError for a roster, factor or set of
 * peers that cannot be used.
 */
export function maskedUpdateWitness(
  instance: MaskedUpdateInstance,
  update: MaskedUpdate,
): MaskedUpdateWitness {
  const { model, salt, weightFactor, member, peerPlaces } = update;
  const [own, wanted] = [model.architecture, instance.architecture].map(canonicalArchitecture);
  if (own !== wanted) {
    throw new WitnessError(
      "witness.architecture",
      `the model is "${own}", circuit ${instance.id} proves "${wanted}"`,
      "Quantise the model for the circuit's architecture.",
      { model: own, instance: wanted },
    );
  }
  const vector = maskedVector(model, weightFactor, instance.maxFactorSum, member, peerPlaces);
  const table = new LookupTable(instance.tableBits);
  const limbs = parameterLimbs(model, table);
  const place = ownPlace(member);
  const { x, y } = member.key.publicKey;
  return {
    vector,
    statement: {
      context: [update.context],
      modelCommitment: [modelCommitment(model, salt)],
      weightFactor: [BigInt(weightFactor)],
      maskedDigest: [vectorDigest(vector)],
      ownKey: [x, y],
      peersDigest: [rosterDigest(member.roster, instance.members)],
      peerSet: [peerSetWord(peerPlaces)],
      federation: [member.federation],
      round: [member.round],
    },
    committed: { ...limbs, multiplicities: table.multiplicities() },
    private: {
      salt: [salt],
      ownScalar: [member.key.scalar],
      isOwn: Array.from({ length: instance.members }, (_, index) => (index === place ? 1n : 0n)),
      roster: fillRoster(member.roster, instance.members).flatMap((key) => [key.x, key.y]),
    },
  };
}
