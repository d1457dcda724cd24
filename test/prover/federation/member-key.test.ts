import { expect } from "chai";
import { Wallet } from "ethers";

import { deriveMemberSecrets } from "../../../prover/src/federation/member-key.ts";
import { eighthPart, pairKey, validatePublicKey } from "../../../prover/src/federation/pair-keys.ts";

describe("deriveMemberSecrets", () => {
  const wallet = new Wallet(`0x${"11".repeat(32)}`);
  const other = new Wallet(`0x${"12".repeat(32)}`);
  const place = { chainId: 31337n, address: `0x${"ab".repeat(20)}`, federationId: 1n };

  it("finds the same secrets again, with a key that a contract takes", async () => {
    const secrets = await deriveMemberSecrets(wallet, place);
    expect(await deriveMemberSecrets(new Wallet(wallet.privateKey), { ...place })).to.deep.equal(secrets);
    expect(secrets.folderKey).to.have.lengthOf(32);
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
    // The key of the folder tells nothing about that of the masks: they come from different labels.
    for (const { folderKey, maskKey } of all) {
      expect(BigInt(`0x${Buffer.from(folderKey).toString("hex")}`)).not.to.equal(maskKey.scalar);
    }
  });
});
