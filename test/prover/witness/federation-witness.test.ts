import { expect } from "chai";

import { SeededRandom } from "../../../prover/src/data/random.ts";
import { parameterVector } from "../../../prover/src/federation/parameter-vector.ts";
import {
  aggregateWitness,
  emptyVectorDigest,
  vectorSumWitness,
} from "../../../prover/src/witness/aggregate-witness.ts";
import { maskedUpdateWitness } from "../../../prover/src/witness/masked-update-witness.ts";
import { randomModel } from "../../circuits/support/accuracy-case.ts";
import {
  AGGREGATE,
  ARCHITECTURE,
  MASKED,
  members,
  VECTOR_SUM,
} from "../../circuits/support/federation-case.ts";
import { expectError } from "../support/expect-error.ts";

describe("maskedUpdateWitness", () => {
  const random = new SeededRandom("1", "witness");
  const [member] = members(4, random);
  const update = {
    context: 1n,
    model: randomModel(ARCHITECTURE, random),
    salt: 2n,
    weightFactor: 3,
    member: member!,
    peerPlaces: [0, 1, 2, 3],
  };

  it("refuses a model of another architecture, a factor beyond the sum, and a roster beyond the circuit", async () => {
    const foreign = randomModel({ ...ARCHITECTURE, inputBits: 3 }, random);
    await expectError(
      () => maskedUpdateWitness(MASKED, { ...update, model: foreign }),
      "witness.architecture",
      /inputBits=3/,
    );
    await expectError(
      () => maskedUpdateWitness(MASKED, { ...update, weightFactor: 29 }),
      "federation.factor",
      /from 1 to 28/,
    );
    const [crowded] = members(5, random);
    await expectError(
      () => maskedUpdateWitness(MASKED, { ...update, member: crowded! }),
      "federation.roster",
      /5 members, the circuit 4 places/,
    );
  });

  it("publishes nothing of the model: vector and statement have no word of it", () => {
    const { vector, statement } = maskedUpdateWitness(MASKED, update);
    const plain = parameterVector(update.model, update.weightFactor, MASKED.maxFactorSum);
    const published = new Set([...vector, ...Object.values(statement).flat()]);
    for (const word of plain) expect(published.has(word)).to.equal(false);
    expect(published.has(update.salt)).to.equal(false);
    expect(published.has(update.member.key.scalar)).to.equal(false);
  });
});

describe("aggregateWitness and vectorSumWitness", () => {
  const model = randomModel(ARCHITECTURE, new SeededRandom("2", "witness"));
  const vector = parameterVector(model, 1, AGGREGATE.maxFactorSum);

  it("fill unused places with the vector of zeros", () => {
    const { statement } = aggregateWitness(AGGREGATE, 1n, [vector], 1);
    const empty = emptyVectorDigest(AGGREGATE);
    expect(statement["vectorDigests"]!.slice(1)).to.deep.equal([empty, empty, empty]);
    expect(vectorSumWitness(VECTOR_SUM, 1n, [vector]).statement["sumDigest"]).to.deep.equal([
      statement["vectorDigests"]![0],
    ]);
  });

  it("refuse no vectors, too many, and vectors of another length", async () => {
    for (const vectors of [[], [vector, vector, vector, vector, vector], [vector.slice(1)]]) {
      await expectError(() => aggregateWitness(AGGREGATE, 1n, vectors, 1), "witness.vectors", /vector/);
      await expectError(() => vectorSumWitness(VECTOR_SUM, 1n, vectors), "witness.vectors", /vector/);
    }
    await expectError(() => aggregateWitness(AGGREGATE, 1n, [vector], 29), "federation.factor", /1 to 28/);
  });
});
