import { expect } from "chai";

import { SeededRandom } from "../../../prover/src/data/random.ts";
import { averageVectors } from "../../../prover/src/federation/average.ts";
import { maskedVector, maskSums, pairMasks, peerSetWord } from "../../../prover/src/federation/masks.ts";
import {
  EMPTY_PLACE,
  pairKey,
  pairSecret,
  randomPairKey,
  rosterDigest,
  validatePublicKey,
} from "../../../prover/src/federation/pair-keys.ts";
import { parameterVector, sumVectors } from "../../../prover/src/federation/parameter-vector.ts";
import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { randomModel } from "../../circuits/support/accuracy-case.ts";
import { ARCHITECTURE, members } from "../../circuits/support/federation-case.ts";
import { expectError } from "../support/expect-error.ts";

const MAX_FACTOR_SUM = 28;

describe("pairSecret", () => {
  it("is the same from both sides of a pair and different for every pair", () => {
    const keys = [1, 2, 3].map(() => randomPairKey());
    const secrets = [
      [0, 1],
      [0, 2],
      [1, 2],
    ].map(([a, b]) => {
      const secret = pairSecret(keys[a!]!, keys[b!]!.publicKey);
      expect(pairSecret(keys[b!]!, keys[a!]!.publicKey)).to.equal(secret);
      return secret;
    });
    expect(new Set(secrets).size).to.equal(3);
  });

  it("refuses keys off the curve, outside the prime subgroup, and the neutral point", async () => {
    const key = randomPairKey();
    for (const [x, y] of [
      [1n, 1n],
      [EMPTY_PLACE.x, EMPTY_PLACE.y],
      [0n, FIELD_ORDER - 1n], // order 2
      [key.publicKey.x, key.publicKey.y + 1n],
      [key.publicKey.x + FIELD_ORDER, key.publicKey.y],
      [-1n, 1n],
    ] as const) {
      await expectError(() => pairSecret(key, { x, y }), "federation.key", /key/);
      await expectError(() => validatePublicKey({ x, y }), "federation.key", /key/);
    }
    await expectError(() => pairKey(0n), "federation.key", /key/);
    await expectError(() => pairKey(FIELD_ORDER), "federation.key", /key/);
  });
});

describe("pairMasks", () => {
  it("are different for every word, pair, federation and round", () => {
    const words = [
      ...pairMasks(1n, 2n, 3n, 33),
      ...pairMasks(2n, 2n, 3n, 33),
      ...pairMasks(1n, 3n, 3n, 33),
      ...pairMasks(1n, 2n, 4n, 33),
    ];
    expect(new Set(words).size).to.equal(4 * 33);
    expect(pairMasks(1n, 2n, 3n, 5)).to.deep.equal(words.slice(0, 5));
  });
});

describe("maskedVector", () => {
  const random = new SeededRandom("1", "masks");
  const round = members(5, random);
  const models = round.map(() => randomModel(ARCHITECTURE, random));
  const everybody = [0, 1, 2, 3, 4];
  const vectorOf = (place: number, places: readonly number[]) =>
    maskedVector(models[place]!, place + 1, MAX_FACTOR_SUM, round[place]!, places);

  it("sums up to the vector without masks", () => {
    const plain = models.map((model, place) => parameterVector(model, place + 1, MAX_FACTOR_SUM));
    expect(sumVectors(everybody.map((place) => vectorOf(place, everybody)))).to.deep.equal(sumVectors(plain));
  });

  it("does not average without every member", async () => {
    const vectors = [0, 1, 2, 3].map((place) => vectorOf(place, everybody));
    await expectError(
      () => averageVectors(vectors, ARCHITECTURE, 10, MAX_FACTOR_SUM),
      "federation.masked",
      /not cancelled/,
    );
  });

  it("averages the others after a drop-out, masked again without it", () => {
    const left = [0, 1, 3, 4];
    const again = left.map((place) => vectorOf(place, left));
    const plain = left.map((place) => parameterVector(models[place]!, place + 1, MAX_FACTOR_SUM));
    const average = averageVectors(again, ARCHITECTURE, 12, MAX_FACTOR_SUM);
    expect(average).to.deep.equal(averageVectors(plain, ARCHITECTURE, 12, MAX_FACTOR_SUM));
    // What both vectors of a member tell together is its masks towards the one that dropped out, and no more.
    const [before, after] = [vectorOf(0, everybody), vectorOf(0, left)];
    const masks = maskSums(round[0]!, [2], before.length);
    expect(before).to.deep.equal(sumVectors([after, masks]));
  });

  it("refuses fewer than two peers, places beyond the roster, and a roster without the member", async () => {
    await expectError(() => vectorOf(0, [0, 1]), "federation.peers", /fewer than 2/);
    await expectError(() => vectorOf(0, []), "federation.peers", /fewer than 2/);
    await expectError(() => vectorOf(0, [1, 2, 5]), "federation.roster", /roster/);
    const outsider = { ...round[0]!, key: randomPairKey() };
    await expectError(
      () => maskedVector(models[0]!, 1, MAX_FACTOR_SUM, outsider, everybody),
      "federation.roster",
      /roster/,
    );
  });

  it("names sets of places by their bits", () => {
    expect(peerSetWord([0, 2, 3])).to.equal(13n);
    expect(peerSetWord([])).to.equal(0n);
  });
});

describe("rosterDigest", () => {
  it("depends on order and places, and refuses a key twice or too many", async () => {
    const roster = members(3, new SeededRandom("1", "roster"))[0]!.roster;
    const digests = [
      rosterDigest(roster, 3),
      rosterDigest(roster, 4),
      rosterDigest([...roster].reverse(), 3),
    ];
    expect(new Set(digests).size).to.equal(3);
    await expectError(() => rosterDigest(roster, 2), "federation.roster", /roster/);
    await expectError(() => rosterDigest([...roster, roster[0]!], 4), "federation.roster", /roster/);
  });
});
