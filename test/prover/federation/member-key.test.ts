import { expect } from "chai";
import { Wallet } from "ethers";

import {
  deriveMemberSecrets,
  findMemberSecrets,
  localTrainingSeed,
  MASK_KEYS,
} from "../../../prover/src/federation/member-key.ts";
import {
  eighthPart,
  pairKey,
  pairKeyFromSeed,
  validatePublicKey,
} from "../../../prover/src/federation/pair-keys.ts";
import { expectError } from "../support/expect-error.ts";

const wallet = new Wallet(`0x${"11".repeat(32)}`);
const other = new Wallet(`0x${"12".repeat(32)}`);
const place = { chainId: 31337n, address: `0x${"ab".repeat(20)}`, federationId: 1n };

describe("deriveMemberSecrets", () => {
  it("finds the same secrets again, with a key that a contract takes", async () => {
    const secrets = await deriveMemberSecrets(wallet, place);
    expect(await deriveMemberSecrets(new Wallet(wallet.privateKey), { ...place })).to.deep.equal(secrets);
    expect(secrets.folderKey).to.have.lengthOf(32);
    expect(secrets.trainingKey).to.have.lengthOf(32);
    expect(pairKey(secrets.maskKey.scalar)).to.deep.equal(secrets.maskKey);
    validatePublicKey(eighthPart(secrets.maskKey.publicKey));
  });

  it("finds others for another account, chain, contract and federation", async () => {
    const all = await Promise.all([
      deriveMemberSecrets(wallet, place),
      deriveMemberSecrets(other, place),
      deriveMemberSecrets(wallet, { ...place, chainId: 1n }),
      deriveMemberSecrets(wallet, { ...place, address: `0x${"ac".repeat(20)}` }),
      deriveMemberSecrets(wallet, { ...place, federationId: 2n }),
    ]);
    expect(new Set(all.map(({ maskKey }) => maskKey.scalar))).to.have.property("size", all.length);
    expect(new Set(all.map(({ folderKey }) => folderKey.join()))).to.have.property("size", all.length);
    expect(new Set(all.map(({ trainingKey }) => trainingKey.join()))).to.have.property("size", all.length);
    // One secret tells nothing about another: they come from different labels.
    for (const { folderKey, trainingKey, maskKey } of all) {
      const numbers = [folderKey, trainingKey].map((key) => BigInt(`0x${Buffer.from(key).toString("hex")}`));
      expect(new Set([...numbers, maskKey.scalar])).to.have.property("size", 3);
    }
  });

  it("has another mask key for every index, and the other secrets once", async () => {
    const all = await Promise.all([0, 1, 2, 10].map((index) => deriveMemberSecrets(wallet, place, index)));
    expect(all[0]).to.deep.equal(await deriveMemberSecrets(wallet, place));
    expect(new Set(all.map(({ maskKey }) => maskKey.scalar))).to.have.property("size", all.length);
    for (const { folderKey, trainingKey } of all) {
      expect({ folderKey, trainingKey }).to.deep.equal({
        folderKey: all[0]!.folderKey,
        trainingKey: all[0]!.trainingKey,
      });
    }
  });
});

describe("findMemberSecrets", () => {
  it("finds the secrets of the key that was registered, the last one too", async () => {
    for (const index of [0, 1, MASK_KEYS - 1]) {
      const secrets = await deriveMemberSecrets(wallet, place, index);
      expect(await findMemberSecrets(wallet, place, secrets.maskKey.publicKey)).to.deep.equal(secrets);
    }
  });

  it("refuses a key that is none of the account's, saying how to register one", async () => {
    const { publicKey } = pairKeyFromSeed(5n);
    const { maskKey: beyond } = await deriveMemberSecrets(wallet, place, MASK_KEYS);
    for (const key of [publicKey, beyond.publicKey]) {
      await expectError(
        () => findMemberSecrets(wallet, place, key),
        "federation.other-key",
        new RegExp(`${key.x}.* none of the ${MASK_KEYS}`),
      );
    }
  });
});

describe("localTrainingSeed", () => {
  it("is the same again, and another for every round and key", async () => {
    const { trainingKey } = await deriveMemberSecrets(wallet, place);
    const { trainingKey: another } = await deriveMemberSecrets(other, place);
    expect(localTrainingSeed(trainingKey, 1n)).to.equal(localTrainingSeed(trainingKey.slice(), 1n));
    const seeds = [1n, 2n, 11n].flatMap((round) =>
      [trainingKey, another].map((key) => localTrainingSeed(key, round)),
    );
    expect(new Set(seeds)).to.have.property("size", seeds.length);
  });
});
