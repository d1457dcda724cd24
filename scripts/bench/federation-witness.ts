import type { SignalValues } from "../../prover/src/circuits/layout.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import { maskedVector, type RoundMember } from "../../prover/src/federation/masks.ts";
import { randomPairKey } from "../../prover/src/federation/pair-keys.ts";
import type { Architecture } from "../../prover/src/model/architecture.ts";
import type { IntegerModel } from "../../prover/src/model/integer-model.ts";
import { randomFieldElement } from "../../prover/src/random-field.ts";
import { aggregateWitness, vectorSumWitness } from "../../prover/src/witness/aggregate-witness.ts";
import { maskedUpdateWitness } from "../../prover/src/witness/masked-update-witness.ts";
import type { MembersInstance } from "./federation.ts";

const FACTOR = 100;

/** What a proof of one of the federation's circuits is made of. */
export interface MembersWitness {
  readonly statement: SignalValues;
  readonly committed: SignalValues;
  readonly private: SignalValues;
}

/** The largest round that an instance takes: random models, all masked towards each other. */
export function membersWitness(instance: MembersInstance): MembersWitness {
  const random = new SeededRandom("1", "members");
  const count = instance.template === "masked-update" ? instance.members : instance.vectors;
  const keys = Array.from({ length: count }, () => randomPairKey());
  const roster = keys.map(({ publicKey }) => publicKey);
  const members = keys.map((key): RoundMember => ({ federation: 1n, round: 1n, key, roster }));
  const peerPlaces = [...members.keys()];
  if (instance.template === "masked-update") {
    return maskedUpdateWitness(instance, {
      context: 1n,
      model: randomModel(instance.architecture, random),
      salt: randomFieldElement(),
      weightFactor: FACTOR,
      member: members[0]!,
      peerPlaces,
    });
  }
  const vectors = members.map((member) =>
    maskedVector(
      randomModel(instance.architecture, random),
      FACTOR,
      instance.maxFactorSum,
      member,
      peerPlaces,
    ),
  );
  return instance.template === "aggregate"
    ? aggregateWitness(instance, 1n, vectors, count * FACTOR)
    : vectorSumWitness(instance, 1n, vectors);
}

/** A model with uniform parameters. */
export function randomModel(architecture: Architecture, random: SeededRandom): IntegerModel {
  const { layerSizes, weightBits, biasBits } = architecture;
  const values = (count: number, bits: number) =>
    Int32Array.from({ length: count }, () => random.nextInteger(2 ** bits) - 2 ** (bits - 1));
  const layers = layerSizes.slice(1).map((outputs, layer) => ({
    weights: values(layerSizes[layer]! * outputs, weightBits),
    biases: values(outputs, biasBits),
  }));
  return { architecture, layers };
}
