import { expect } from "chai";

import { FIELD_ORDER } from "../../prover/src/field.ts";
import { ethers, key, networkHelpers } from "./support/deployment.ts";
import {
  BASE_FIELD_ORDER,
  drawTrapdoor,
  g2OutsideSubgroup,
  KEY_WORD,
  keyWords,
  packWords,
  TrapdoorKey,
} from "./support/trapdoor-key.ts";

const MIN_CONTRIBUTIONS = 3n;

/** Words of a statement of one, so that a key is as short as it may be. */
const shortKey = new TrapdoorKey(drawTrapdoor(1));

async function deployRegistries() {
  const local = await ethers.deployContract("CircuitRegistry", [true, MIN_CONTRIBUTIONS]);
  const guarded = await ethers.deployContract("CircuitRegistry", [false, MIN_CONTRIBUTIONS]);
  const [sender] = await ethers.getSigners();
  return { local, guarded, sender: sender! };
}

/** The key's words with some replaced, as bytes. */
function keyWith(replacements: Record<number, bigint>): string {
  const words = keyWords(key.trapdoor);
  for (const [index, value] of Object.entries(replacements)) words[Number(index)] = value;
  return packWords(words);
}

describe("CircuitRegistry.addKey", () => {
  it("stores a key and reports it", async () => {
    const { local, sender } = await networkHelpers.loadFixture(deployRegistries);
    const words = keyWords(key.trapdoor);
    const transaction = local.addKey(key.bytes);
    await transaction;
    const pointer = await local.keyPointer(key.keyId);
    await expect(transaction)
      .to.emit(local, "KeyAdded")
      .withArgs(key.keyId, sender.address, 0n, ethers.toBeHex(words[1]!, 32), 3n, pointer);
    expect(await ethers.provider.getCode(pointer)).to.equal(ethers.concat(["0x00", key.bytes]));
    expect(await local.keyExists(key.keyId)).to.equal(true);
    expect(await local.keyBytes(key.keyId)).to.equal(key.bytes);
    expect(await local.contributionsOf(key.keyId)).to.equal(0n);
    expect(await local.circuitDigestOf(key.keyId)).to.equal(ethers.toBeHex(words[1]!, 32));
    expect(await local.statementLengthOf(key.keyId)).to.equal(3n);
  });

  it("returns the hash of the key as its id", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    expect(await local.addKey.staticCall(key.bytes)).to.equal(ethers.keccak256(key.bytes));
  });

  it("states how it was configured", async () => {
    const { local, guarded } = await networkHelpers.loadFixture(deployRegistries);
    expect(await local.allowDevelopmentKeys()).to.equal(true);
    expect(await guarded.allowDevelopmentKeys()).to.equal(false);
    expect(await guarded.minContributions()).to.equal(MIN_CONTRIBUTIONS);
  });

  it("reverts when the key exists", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    await local.addKey(key.bytes);
    await expect(local.addKey(key.bytes))
      .to.be.revertedWithCustomError(local, "CircuitRegistryKeyExists")
      .withArgs(key.keyId);
  });

  it("refuses development keys unless configured for a local chain", async () => {
    const { guarded } = await networkHelpers.loadFixture(deployRegistries);
    await expect(guarded.addKey(key.bytes)).to.be.revertedWithCustomError(
      guarded,
      "CircuitRegistryDevelopmentKey",
    );
  });

  it("refuses development keys even when no contributions are asked for", async () => {
    const registry = await ethers.deployContract("CircuitRegistry", [false, 0n]);
    await expect(registry.addKey(key.bytes)).to.be.revertedWithCustomError(
      registry,
      "CircuitRegistryDevelopmentKey",
    );
  });

  it("asks other keys for the configured contributions", async () => {
    const { local, guarded } = await networkHelpers.loadFixture(deployRegistries);
    const tooFew = new TrapdoorKey(key.trapdoor, MIN_CONTRIBUTIONS - 1n);
    for (const registry of [local, guarded]) {
      await expect(registry.addKey(tooFew.bytes))
        .to.be.revertedWithCustomError(registry, "CircuitRegistryTooFewContributions")
        .withArgs(MIN_CONTRIBUTIONS - 1n, MIN_CONTRIBUTIONS);
      const enough = new TrapdoorKey(key.trapdoor, MIN_CONTRIBUTIONS);
      await registry.addKey(enough.bytes);
      expect(await registry.contributionsOf(enough.keyId)).to.equal(MIN_CONTRIBUTIONS);
    }
  });

  it("accepts statements of 1 to 64 words and no others", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    const lengthBytes = (statementLength: number): bigint => BigInt((16 + 2 * (statementLength + 3)) * 32);
    const [icPoint] = [keyWords(key.trapdoor).slice(KEY_WORD.ic, KEY_WORD.ic + 2)];
    const head = keyWords(key.trapdoor).slice(0, KEY_WORD.ic);
    const ofLength = (statementLength: number): string =>
      packWords([...head, ...Array.from({ length: statementLength + 3 }, () => icPoint).flat()]);

    for (const length of [1, 64]) {
      await local.addKey(ofLength(length));
      expect(await local.statementLengthOf(ethers.keccak256(ofLength(length)))).to.equal(length);
    }
    for (const length of [0, 65]) {
      await expect(local.addKey(ofLength(length)))
        .to.be.revertedWithCustomError(local, "CircuitRegistryInvalidKeyLength")
        .withArgs(lengthBytes(length), lengthBytes(1), lengthBytes(64));
    }
  });

  it("refuses bytes that are no whole number of points", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    for (const bytes of [
      "0x",
      ethers.concat([shortKey.bytes, "0x00"]),
      ethers.concat([shortKey.bytes, ethers.ZeroHash]),
      ethers.dataSlice(shortKey.bytes, 0, ethers.dataLength(shortKey.bytes) - 1),
    ]) {
      await expect(local.addKey(bytes)).to.be.revertedWithCustomError(
        local,
        "CircuitRegistryInvalidKeyLength",
      );
    }
  });

  it("refuses every point at infinity", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    const g1Words = [KEY_WORD.alpha1, ...[0, 1, 2, 3, 4, 5].map((i) => KEY_WORD.ic + 2 * i)];
    for (const word of g1Words) {
      await expect(local.addKey(keyWith({ [word]: 0n, [word + 1]: 0n })))
        .to.be.revertedWithCustomError(local, "CircuitRegistryPointAtInfinity")
        .withArgs(word);
    }
    for (const word of [KEY_WORD.beta2, KEY_WORD.delta2, KEY_WORD.sigma2]) {
      await expect(local.addKey(keyWith({ [word]: 0n, [word + 1]: 0n, [word + 2]: 0n, [word + 3]: 0n })))
        .to.be.revertedWithCustomError(local, "CircuitRegistryPointAtInfinity")
        .withArgs(word);
    }
  });

  it("refuses every G1 point off the curve", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    const words = keyWords(key.trapdoor);
    for (const word of [KEY_WORD.alpha1, ...[0, 1, 2, 3, 4, 5].map((i) => KEY_WORD.ic + 2 * i)]) {
      const moved = (words[word]! + 1n) % BASE_FIELD_ORDER;
      await expect(local.addKey(keyWith({ [word]: moved })))
        .to.be.revertedWithCustomError(local, "Bn254NotOnCurve")
        .withArgs(moved, words[word + 1]!);
    }
  });

  it("refuses every coordinate that is not below the base field order", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    const words = keyWords(key.trapdoor);
    for (let word = KEY_WORD.alpha1; word < words.length; word++) {
      const alias = words[word]! + BASE_FIELD_ORDER;
      await expect(local.addKey(keyWith({ [word]: alias })))
        .to.be.revertedWithCustomError(local, "Bn254CoordinateTooLarge")
        .withArgs(alias);
    }
  });

  it("refuses G2 points off the curve", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    const words = keyWords(key.trapdoor);
    for (const word of [KEY_WORD.beta2, KEY_WORD.delta2, KEY_WORD.sigma2]) {
      await expect(
        local.addKey(keyWith({ [word]: (words[word]! + 1n) % BASE_FIELD_ORDER })),
      ).to.be.revertedWithCustomError(local, "Bn254PairingFailed");
    }
  });

  it("refuses G2 points outside the subgroup", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    const { xImag, xReal, yImag, yReal } = g2OutsideSubgroup();
    for (const word of [KEY_WORD.beta2, KEY_WORD.delta2, KEY_WORD.sigma2]) {
      const bytes = keyWith({ [word]: xImag, [word + 1]: xReal, [word + 2]: yImag, [word + 3]: yReal });
      await expect(local.addKey(bytes)).to.be.revertedWithCustomError(local, "Bn254PairingFailed");
    }
  });

  it("refuses two G2 points that are equal or opposite, gamma2 included", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    const { beta, delta, sigma } = key.trapdoor;
    const { beta2, delta2, sigma2 } = KEY_WORD;
    const gamma2 = 0;
    const cases = [
      { change: { beta: 1n }, first: gamma2, second: beta2 },
      { change: { delta: 1n }, first: gamma2, second: delta2 },
      { change: { sigma: 1n }, first: gamma2, second: sigma2 },
      { change: { delta: FIELD_ORDER - 1n }, first: gamma2, second: delta2 },
      { change: { sigma: FIELD_ORDER - 1n }, first: gamma2, second: sigma2 },
      { change: { delta: beta }, first: beta2, second: delta2 },
      { change: { sigma: beta }, first: beta2, second: sigma2 },
      { change: { sigma: delta }, first: delta2, second: sigma2 },
      { change: { delta: FIELD_ORDER - sigma }, first: delta2, second: sigma2 },
    ];
    for (const { change, first, second } of cases) {
      await expect(local.addKey(new TrapdoorKey({ ...key.trapdoor, ...change }).bytes))
        .to.be.revertedWithCustomError(local, "CircuitRegistryRepeatedG2Point")
        .withArgs(first, second);
    }
  });

  it("knows nothing of an id that was not added", async () => {
    const { local } = await networkHelpers.loadFixture(deployRegistries);
    const unknown = ethers.id("unknown");
    expect(await local.keyExists(unknown)).to.equal(false);
    expect(await local.keyPointer(unknown)).to.equal(ethers.ZeroAddress);
    for (const view of [
      local.keyBytes(unknown),
      local.contributionsOf(unknown),
      local.circuitDigestOf(unknown),
      local.statementLengthOf(unknown),
    ]) {
      await expect(view).to.be.revertedWithCustomError(local, "CircuitRegistryUnknownKey").withArgs(unknown);
    }
  });
});
