import { expect } from "chai";
import fc from "fast-check";
import type { ClassHandle } from "node-seal";

import { EncryptedSums, loadSeal, type SealLibrary } from "../../../prover/src/federation/encrypted-sums.ts";
import { expectError } from "../support/expect-error.ts";

const LARGEST_COUNT = 4;
const LIMITS = { largestSum: 1000n, largestCount: LARGEST_COUNT };

/** Runs `action` and returns the handles of the library that it made, whether still alive or not. */
function handlesOf(action: () => void): ClassHandle[] {
  const handles: ClassHandle[] = [];
  const { create } = Object;
  // Every handle is made by Object.create with its record under this name.
  Object.create = (prototype: object | null, properties?: PropertyDescriptorMap) => {
    const object = create(prototype, properties ?? {}) as ClassHandle;
    if (properties !== undefined && "$$" in properties) handles.push(object);
    return object;
  };
  try {
    action();
  } finally {
    Object.create = create;
  }
  return handles;
}

describe("EncryptedSums", () => {
  let seal: SealLibrary;
  let sums: EncryptedSums;
  let keys: ReturnType<EncryptedSums["createKeys"]>;
  const list = [1n, 250n, 0n, 7n];

  before(async () => {
    seal = await loadSeal();
    sums = new EncryptedSums(seal, LIMITS);
    keys = sums.createKeys();
  });

  const decrypted = (bytes: Uint8Array, count: number) => sums.decrypt(keys.secretKey, bytes).slice(0, count);

  it("adds lists of any length without reading them", () => {
    const { degree } = sums.parameters;
    fc.assert(
      fc.property(
        fc
          .tuple(fc.integer({ min: 1, max: 2 * degree + 1 }), fc.integer({ min: 1, max: LARGEST_COUNT }))
          .chain(([length, count]) =>
            fc.array(fc.array(fc.bigInt(0n, 250n), { minLength: length, maxLength: length }), {
              minLength: count,
              maxLength: count,
            }),
          ),
        (lists) => {
          const combined = sums.add(lists.map((values) => sums.encrypt(keys.publicKey, values)));
          const expected = lists[0]!.map((_, index) =>
            lists.reduce((sum, values) => sum + values[index]!, 0n),
          );
          expect(decrypted(combined, expected.length)).to.deep.equal(expected);
        },
      ),
      { numRuns: 10 },
    );
  });

  it("encrypts the same list differently each time", () => {
    const [first, second] = [1, 2].map(() => sums.encrypt(keys.publicKey, list));
    expect(first).not.to.deep.equal(second);
  });

  it("carries the largest sums and counts", () => {
    const limits = { largestSum: 2n ** 23n - 1n, largestCount: 600 };
    const large = new EncryptedSums(seal, limits);
    const { publicKey, secretKey } = large.createKeys();
    const { plainModulus } = large.parameters;
    expect(plainModulus > limits.largestSum).to.equal(true);
    const share = large.encrypt(publicKey, [limits.largestSum / 600n]);
    const rest = large.encrypt(publicKey, [limits.largestSum / 600n + (limits.largestSum % 600n)]);
    const all = large.add([...new Array<Uint8Array>(599).fill(share), rest]);
    expect(large.decrypt(secretKey, all)[0]).to.equal(limits.largestSum);
  });

  it("chooses the smallest ring whose worst noise fits, with a modulus of 128 bits of security", async () => {
    const chosen = (largestSum: bigint, largestCount: number) =>
      new EncryptedSums(seal, { largestSum, largestCount }).parameters;
    for (const [largestSum, largestCount, degree] of [
      [1n, 1, 2048],
      [2n ** 23n - 1n, 2040, 2048],
      [2n ** 40n, 2040, 4096],
      [2n ** 44n, 2 ** 32, 8192],
    ] as const) {
      const parameters = chosen(largestSum, largestCount);
      expect(parameters.degree).to.equal(degree);
      expect(parameters.plainModulus > largestSum).to.equal(true);
      const largest = seal.CoeffModulus.MaxBitCount(degree, seal.SecLevelType.tc128);
      expect(parameters.coefficientBits).to.be.at.most(largest);
    }
    await expectError(() => chosen(2n ** 60n, 1), "federation.parameters", /no parameters carry/);
  });

  it("refuses no lists, more than the noise budget is certain to carry, and lists of different lengths", async () => {
    const one = sums.encrypt(keys.publicKey, list);
    const add = (count: number) => sums.add(new Array<Uint8Array>(count).fill(one));
    expect(decrypted(add(LARGEST_COUNT), 4)).to.deep.equal([4n, 1000n, 0n, 28n]);
    await expectError(() => add(LARGEST_COUNT + 1), "federation.contributions", /5 .* 1 to 4/);
    await expectError(() => add(0), "federation.contributions", /0 .* 1 to 4/);
    const longer = sums.encrypt(keys.publicKey, new Array<bigint>(sums.parameters.degree + 1).fill(1n));
    await expectError(() => sums.add([one, longer]), "federation.ciphertext", /different lengths/);
  });

  it("refuses what is encrypted under another key", async () => {
    const foreign = sums.createKeys();
    const mixed = sums.add([sums.encrypt(keys.publicKey, list), sums.encrypt(foreign.publicKey, list)]);
    for (const { secretKey } of [keys, foreign]) {
      await expectError(() => sums.decrypt(secretKey, mixed), "federation.noise", /noise .* budget/);
    }
  });

  it("refuses a ciphertext whose noise has used up its budget", async () => {
    let noisy = sums.encrypt(keys.publicKey, list);
    for (let doubling = 0; doubling < 30; doubling++) noisy = sums.add([noisy, noisy]);
    await expectError(() => sums.decrypt(keys.secretKey, noisy), "federation.noise", /noise .* budget/);
  });

  it("refuses keys and ciphertexts of other parameters", async () => {
    for (const limits of [
      { largestSum: 2n ** 22n, largestCount: LARGEST_COUNT }, // another plain modulus
      { largestSum: 2n ** 40n, largestCount: 2040 }, // another ring
    ]) {
      const other = new EncryptedSums(seal, limits);
      const otherKeys = other.createKeys();
      const foreign = other.encrypt(otherKeys.publicKey, list);
      await expectError(() => sums.encrypt(otherKeys.publicKey, list), "federation.ciphertext", /public key/);
      await expectError(
        () => sums.decrypt(otherKeys.secretKey, foreign),
        "federation.ciphertext",
        /secret key/,
      );
      await expectError(() => sums.decrypt(keys.secretKey, foreign), "federation.ciphertext", /a ciphertext/);
      await expectError(() => sums.add([foreign]), "federation.ciphertext", /a ciphertext/);
    }
  });

  it("never fails otherwise for damaged bytes", async () => {
    const bytes = sums.encrypt(keys.publicKey, list);
    await expectError(
      () => sums.decrypt(keys.secretKey, bytes.subarray(0, -1)),
      "federation.ciphertext",
      /cut off/,
    );
    await expectError(
      () => sums.decrypt(keys.secretKey, bytes.subarray(0, 3)),
      "federation.ciphertext",
      /cut off/,
    );
    await expectError(() => sums.add([Uint8Array.of(0, 0, 0, 0)]), "federation.ciphertext", /damaged/);
    await expectError(() => sums.encrypt(new Uint8Array(50), list), "federation.ciphertext", /public key/);
    let refused = 0;
    fc.assert(
      fc.property(
        fc.nat({ max: 199 }),
        fc.nat({ max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (header, at, change) => {
          for (const position of [header, at]) {
            const damaged = bytes.slice();
            damaged[position]! ^= change;
            try {
              sums.decrypt(keys.secretKey, damaged);
            } catch (error) {
              expect((error as { code?: string }).code).to.match(/^federation\.(ciphertext|noise)$/);
              refused += 1;
            }
          }
        },
      ),
      { numRuns: 50 },
    );
    expect(refused).to.be.greaterThan(10);
  });

  it("frees all it makes in the library, also when it fails", () => {
    const noisy = [sums.encrypt(sums.createKeys().publicKey, list)];
    const handles = handlesOf(() => {
      const { publicKey, secretKey } = sums.createKeys();
      const one = sums.encrypt(publicKey, list);
      sums.decrypt(secretKey, sums.add([one, one]));
      for (const fail of [
        () => sums.decrypt(secretKey, sums.add([one, ...noisy])),
        () => sums.add([one, Uint8Array.of(0, 0, 0, 1, 7)]),
        () => sums.encrypt(secretKey, list),
      ]) {
        expect(fail).to.throw();
      }
    });
    expect(handles).to.have.length.greaterThan(50);
    expect(handles.filter((handle) => !handle.isDeleted())).to.deep.equal([]);
  });
});
