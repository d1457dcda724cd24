import { expect } from "chai";
import fc from "fast-check";

import { SeededRandom } from "../../../prover/src/data/random.ts";
import { averageVectors } from "../../../prover/src/federation/average.ts";
import {
  type EncryptedSums,
  loadSeal,
  type SealLibrary,
} from "../../../prover/src/federation/encrypted-sums.ts";
import { openEnvelope, sealEnvelope } from "../../../prover/src/federation/envelope.ts";
import {
  federationSums,
  homomorphicAggregation,
  type HomomorphicRoles,
} from "../../../prover/src/federation/homomorphic.ts";
import type { RoundMember } from "../../../prover/src/federation/masks.ts";
import { randomPairKey } from "../../../prover/src/federation/pair-keys.ts";
import { parameterVector } from "../../../prover/src/federation/parameter-vector.ts";
import {
  maskedAggregation,
  type SecureAggregation,
} from "../../../prover/src/federation/secure-aggregation.ts";
import type { Architecture } from "../../../prover/src/model/architecture.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { randomModel } from "../../circuits/support/accuracy-case.ts";
import { ARCHITECTURE, members } from "../../circuits/support/federation-case.ts";
import { expectError } from "../support/expect-error.ts";

const TINY = { architecture: ARCHITECTURE, maxFactorSum: 28 };
const DIGITS = {
  architecture: {
    layerSizes: [64, 16, 10],
    inputBits: 4,
    weightBits: 10,
    biasBits: 24,
    quotientBits: 13,
    marginBits: 24,
    shiftBits: [0],
  } satisfies Architecture,
  maxFactorSum: 2040,
};
const STYLES = ["uniform", "extreme", "largest", "smallest", "zero"] as const;

/** Everybody's side of one aggregation, by place. */
type Sides = readonly SecureAggregation[];

let seal: SealLibrary;

function masked(size: typeof TINY, round: readonly RoundMember[], places: readonly number[]): Sides {
  return round.map((member) => maskedAggregation({ ...size, member, places }));
}

function homomorphic(
  size: typeof TINY,
  round: readonly RoundMember[],
  places: readonly number[],
  roles: HomomorphicRoles,
  keys = federationSums(seal, size.maxFactorSum).createKeys(),
): Sides {
  return round.map((member, place) => {
    const own = place === roles.keyHolderPlace ? keys : { publicKey: keys.publicKey };
    return homomorphicAggregation(seal, { ...size, member, places }, roles, own);
  });
}

function protectAll(sides: Sides, models: ReadonlyMap<number, readonly [IntegerModel, number]>) {
  return new Map(
    [...models].map(([place, [model, factor]]) => [place, sides[place]!.protect(model, factor)]),
  );
}

/** Checks on random models, factors and drop-outs that both ways give the average of the plain vectors, bit for bit. */
function checkSameAverage(size: typeof TINY, largestMembers: number, numRuns: number): void {
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: largestMembers }),
      fc.nat(),
      fc.array(fc.constantFrom(...STYLES), { minLength: largestMembers, maxLength: largestMembers }),
      fc.nat({ max: 1 }),
      (count, seed, styles, dropOuts) => {
        const random = new SeededRandom(String(seed), "aggregation");
        const round = members(count, random);
        const left = count - (count > 3 ? dropOuts : 0);
        const places = Array.from({ length: left }, (_, place) => place);
        const largestFactor = Math.floor(size.maxFactorSum / left);
        const models = new Map(
          places.map((place) => [
            place,
            [
              randomModel(size.architecture, random, styles[place]),
              1 + random.nextInteger(largestFactor),
            ] as const,
          ]),
        );
        const factorSum = [...models.values()].reduce((sum, [, factor]) => sum + factor, 0);
        const plain = [...models.values()].map(([model, factor]) =>
          parameterVector(model, factor, size.maxFactorSum),
        );
        const expected = averageVectors(plain, size.architecture, factorSum, size.maxFactorSum);

        const leaderPlace = random.nextInteger(count);
        const keyHolderPlace = (leaderPlace + 1 + random.nextInteger(count - 1)) % count;
        for (const [sides, opener] of [
          [masked(size, round, places), leaderPlace],
          [homomorphic(size, round, places, { leaderPlace, keyHolderPlace }), keyHolderPlace],
        ] as const) {
          const combined = sides[leaderPlace]!.combine(protectAll(sides, models));
          expect(sides[opener]!.open(combined, factorSum)).to.deep.equal(expected);
        }
      },
    ),
    { numRuns },
  );
}

describe("SecureAggregation", () => {
  before(async () => {
    seal = await loadSeal();
  });

  it("averages a tiny model to the same bits under masks and under encryption", () => {
    checkSameAverage(TINY, 6, 15);
  }).timeout(120_000);

  it("averages a model of the digits to the same bits under masks and under encryption", () => {
    checkSameAverage(DIGITS, 4, 3);
  }).timeout(120_000);

  const random = new SeededRandom("1", "secure-aggregation");
  const round = members(4, random);
  const places = [0, 1, 2, 3];
  const models = new Map(
    places.map((place) => [place, [randomModel(ARCHITECTURE, random), place + 1] as const]),
  );
  const ROLES = { leaderPlace: 1, keyHolderPlace: 2 };

  for (const [name, sidesOf] of [
    ["maskedAggregation", () => masked(TINY, round, places)],
    ["homomorphicAggregation", () => homomorphic(TINY, round, places, ROLES)],
  ] as const) {
    describe(name, () => {
      it("combines the contributions of all places and of no other", async () => {
        const sides = sidesOf();
        const contributions = protectAll(sides, models);
        const { leaderPlace } = ROLES;
        const missing = new Map([...contributions].filter(([place]) => place !== 3));
        await expectError(
          () => sides[leaderPlace]!.combine(missing),
          "federation.places",
          /place 3 is missing/,
        );
        const more = new Map([...contributions, [4, contributions.get(3)!]]);
        await expectError(() => sides[leaderPlace]!.combine(more), "federation.places", /place 4 is none/);
      });

      it("refuses factors outside 1 to the largest sum", async () => {
        const side = sidesOf()[0]!;
        const [model] = models.get(0)!;
        for (const factor of [0, -1, 1.5, 29, Number.NaN]) {
          await expectError(() => side.protect(model, factor), "federation.factor", /from 1 to 28/);
        }
      });

      it("refuses to hide a model among fewer than two others", async () => {
        const few = [0, 1];
        const [model] = models.get(0)!;
        await expectError(
          () =>
            (name === "maskedAggregation"
              ? masked(TINY, round, few)
              : homomorphic(TINY, round, few, { leaderPlace: 0, keyHolderPlace: 1 }))[0]!.protect(model, 1),
          "federation.peers",
          /fewer than/,
        );
      });
    });
  }
});

describe("maskedAggregation", () => {
  const random = new SeededRandom("2", "secure-aggregation");
  const round = members(3, random);
  const sides = masked(TINY, round, [0, 1, 2]);
  const model = randomModel(ARCHITECTURE, random);

  it("refuses bytes that are no words of the field, and sums whose masks have not cancelled", async () => {
    const contributions = protectAll(sides, new Map([0, 1, 2].map((place) => [place, [model, 1] as const])));
    const damaged = (bytes: Uint8Array) => sides[0]!.combine(new Map([...contributions, [2, bytes]]));
    await expectError(() => damaged(new Uint8Array(63)), "federation.vector", /63 bytes/);
    await expectError(() => damaged(new Uint8Array(64).fill(255)), "federation.vector", /64 bytes/);
    await expectError(() => damaged(new Uint8Array(96)), "federation.vector", /words/);
    await expectError(
      () => sides[0]!.open(damaged(new Uint8Array(64)), 3),
      "federation.masked",
      /not cancelled/,
    );
  });
});

describe("homomorphicAggregation", () => {
  const random = new SeededRandom("3", "secure-aggregation");
  const round = members(4, random);
  const places = [0, 1, 2, 3];
  const roles = { leaderPlace: 0, keyHolderPlace: 3 };
  const models = new Map(places.map((place) => [place, [randomModel(ARCHITECTURE, random), 2] as const]));
  let sums: EncryptedSums;
  let keys: ReturnType<EncryptedSums["createKeys"]>;
  let sides: Sides;
  let contributions: Map<number, Uint8Array>;

  before(async () => {
    seal = await loadSeal();
    sums = federationSums(seal, TINY.maxFactorSum);
    keys = sums.createKeys();
    sides = homomorphic(TINY, round, places, roles, keys);
    contributions = protectAll(sides, models);
  });

  /** The sum that the key holder gets when the list of one place is replaced. */
  const combinedWith = (place: number, list: Uint8Array) =>
    sides[0]!.combine(new Map([...contributions, [place, sealEnvelope(round[place]!, 0, list)]]));

  it("needs two members for its roles, the leader to combine and the key holder to open", async () => {
    await expectError(
      () => homomorphic(TINY, round, places, { leaderPlace: 2, keyHolderPlace: 2 }),
      "federation.roles",
      /leader and key holder/,
    );
    const combined = sides[0]!.combine(contributions);
    for (const place of [1, 2, 3]) {
      await expectError(
        () => sides[place]!.combine(contributions),
        "federation.roles",
        /only the leader, at place 0/,
      );
    }
    for (const place of [0, 1, 2]) {
      await expectError(
        () => sides[place]!.open(combined, 8),
        "federation.roles",
        /only the key holder, at place 3/,
      );
    }
    const [publicOnly] = [
      homomorphicAggregation(seal, { ...TINY, member: round[3]!, places }, roles, {
        publicKey: keys.publicKey,
      }),
    ];
    await expectError(() => publicOnly.open(combined, 8), "federation.roles", /only the key holder/);
  });

  it("shows what a member publishes to nobody but the leader, and to the leader only encrypted", async () => {
    for (const place of [1, 2, 3]) {
      await expectError(
        () => openEnvelope(round[place]!, 1, contributions.get(1)!),
        "federation.envelope",
        /does not open/,
      );
    }
    const list = openEnvelope(round[0]!, 1, contributions.get(1)!);
    const own = sums.createKeys();
    await expectError(() => sums.decrypt(own.secretKey, list), "federation.noise", /noise .* budget/);
  });

  it("does not protect from a leader and a key holder that share what they have", () => {
    const list = openEnvelope(round[0]!, 1, contributions.get(1)!);
    const [factor, first] = sums.decrypt(keys.secretKey, list);
    const weight = models.get(1)![0].layers[0]!.weights[0]!;
    expect([factor, first]).to.deep.equal([2n, 2n * BigInt(weight + 32)]);
  });

  it("does not protect from a leader that names one contribution the sum", () => {
    const list = openEnvelope(round[0]!, 1, contributions.get(1)!);
    const factorOnly = sums.encrypt(keys.publicKey, [6n, ...new Array<bigint>(27).fill(0n)]);
    const forged = sealEnvelope(round[0]!, 3, sums.add([list, factorOnly]));
    const shown = sides[3]!.open(forged, 8).model.layers[0]!.weights[0]!;
    const weight = models.get(1)![0].layers[0]!.weights[0]!;
    expect(shown + 32).to.equal(Math.floor((2 * (weight + 32)) / 8 + 0.5));
  });

  it("refuses a factor sum that is not that of the contributions", async () => {
    const combined = sides[0]!.combine(contributions);
    expect(sides[3]!.open(combined, 8).model.layers).to.have.lengthOf(2);
    for (const factorSum of [7, 9, 28]) {
      await expectError(() => sides[3]!.open(combined, factorSum), "federation.factor-sum", /add up to 8/);
    }
    await expectError(() => sides[3]!.open(combined, 29), "federation.factor", /from 1 to 28/);
  });

  it("refuses damaged contributions and sums", async () => {
    const damaged = contributions.get(2)!.slice();
    damaged[100]! ^= 1;
    const combined = sides[0]!.combine(contributions);
    await expectError(
      () => sides[0]!.combine(new Map([...contributions, [2, damaged]])),
      "federation.envelope",
      /place 2/,
    );
    combined[combined.length - 1]! ^= 1;
    await expectError(() => sides[3]!.open(combined, 8), "federation.envelope", /place 0/);
    await expectError(
      () => combinedWith(1, new Uint8Array(40)),
      "federation.ciphertext",
      /different lengths/,
    );
  });

  it("refuses a contribution under a foreign key, and of a federation with other parameters", async () => {
    const foreign = sums.encrypt(sums.createKeys().publicKey, [2n]);
    await expectError(
      () => sides[3]!.open(combinedWith(1, foreign), 8),
      "federation.noise",
      /noise .* budget/,
    );
    const larger = federationSums(seal, DIGITS.maxFactorSum);
    const other = larger.encrypt(larger.createKeys().publicKey, [2n]);
    await expectError(() => combinedWith(1, other), "federation.ciphertext", /other parameters/);
    const outsider = { ...round[1]!, key: randomPairKey() };
    await expectError(
      () => homomorphicAggregation(seal, { ...TINY, member: outsider, places }, roles, keys),
      "federation.roster",
      /roster/,
    );
  });

  it("refuses more contributions than the noise budget is certain to carry", async () => {
    const few = { ...TINY, maxFactorSum: 3 };
    const limited = homomorphic(few, round, places, roles);
    const all = new Map(places.map((place) => [place, limited[place]!.protect(models.get(place)![0], 1)]));
    await expectError(() => limited[0]!.combine(all), "federation.contributions", /4 .* 1 to 3/);
  });

  it("refuses sums that no models in range have", async () => {
    const parameters = 21 + 6;
    const list = (values: readonly bigint[]) => sums.encrypt(keys.publicKey, values);
    const inRange = new Array<bigint>(parameters).fill(0n);
    const open = (values: readonly bigint[]) => sides[3]!.open(combinedWith(1, list([2n, ...values])), 8);
    expect(open(inRange).model.layers).to.have.lengthOf(2);
    // Six bits a weight: eight times 63 is the most that the sum can be.
    await expectError(() => open(inRange.with(0, 8n * 63n + 1n)), "federation.sum", /not those of models/);
    await expectError(() => open(inRange.with(26, 8n * 4095n + 1n)), "federation.sum", /not those of models/);
    await expectError(() => open([...inRange, 1n]), "federation.sum", /not those of models/);
  });
});
