import { expect } from "chai";
import { type TransactionResponse, ZeroAddress } from "ethers";

import { contractInterface } from "../../../prover/src/chain/abis.ts";
import {
  type FederationRecord,
  joinFederation,
  leaveFederation,
  readKeyOwner,
  readMember,
} from "../../../prover/src/chain/federations.ts";
import type { SentTransaction } from "../../../prover/src/chain/send.ts";
import { depositStake, readStake } from "../../../prover/src/chain/stake.ts";
import { joinWithOwnKey } from "../../../prover/src/federation/join.ts";
import { deriveMemberSecrets, MASK_KEYS } from "../../../prover/src/federation/member-key.ts";
import type { PublicKey } from "../../../prover/src/federation/pair-keys.ts";
import { errorOf } from "../../support/error-of.ts";
import { FederationStage, MEMBER_STAKE_WEI } from "../../support/federation.ts";

const VICTIM = 1;
const ATTACKER = 2;
const GWEI = 10n ** 9n;
const MOST_TRIES = 16;

describe("joinWithOwnKey", () => {
  let stage: FederationStage;
  let federation: FederationRecord;
  before(async () => {
    stage = await FederationStage.start();
    for (const index of [VICTIM, ATTACKER]) {
      const { contracts } = stage.market;
      await depositStake(stage.sender(index), contracts, ZeroAddress, 10n * MEMBER_STAKE_WEI, 10n ** 20n);
    }
  });
  beforeEach(async () => {
    federation = await stage.create({}, []);
  });
  after(async () => {
    await stage.stop();
  });

  const join = async (): Promise<SentTransaction> =>
    await joinWithOwnKey(stage.sender(VICTIM), stage.market.contracts, federation, MEMBER_STAKE_WEI);

  /** The victim's mask key of an index. */
  async function keyOf(index: number): Promise<PublicKey> {
    const { maskKey } = await deriveMemberSecrets(stage.sender(VICTIM).wallet, federation, index);
    return maskKey.publicKey;
  }

  async function registeredKey(): Promise<PublicKey> {
    const member = await readMember(stage.market.contracts, federation, stage.address(VICTIM));
    expect(member.isMember).to.equal(true);
    return member.key;
  }

  /** Registers the victim's key for the attacker, who keeps it after it has left with its stake. */
  async function squat(key: PublicKey): Promise<void> {
    const attacker = stage.sender(ATTACKER);
    await joinFederation(attacker, stage.market.contracts, federation, MEMBER_STAKE_WEI, key);
    await leaveFederation(attacker, federation);
  }

  /**
   * Plays the chain for `work`: whoever sees the victim's join in the pool joins with its key and leaves, at a higher price, in the
   * same block; so often at most. Returns how often that was.
   */
  async function frontRun(work: Promise<unknown>, most: number): Promise<number> {
    const { provider } = stage.market.connection;
    const rounds = contractInterface("IFederatedRounds");
    const { wallet } = stage.sender(ATTACKER);
    const end = new AbortController();
    const stop = (): void => {
      end.abort();
    };
    work.then(stop, stop);
    const seen = new Set<string>();
    while (!end.signal.aborted) {
      const pool = (await provider.send("txpool_content", [])) as {
        pending: Record<string, Record<string, TransactionResponse & { input: string }>>;
      };
      const transactions = Object.values(pool.pending).flatMap((ofSender) => Object.values(ofSender));
      for (const { hash, input } of transactions) {
        const call = rounds.parseTransaction({ data: input });
        if (call?.name !== "join" || seen.has(hash) || seen.size === most) continue;
        seen.add(hash);
        const nonce = await provider.getTransactionCount(wallet.address);
        const price = { gasLimit: 1_000_000n, maxFeePerGas: 500n * GWEI, maxPriorityFeePerGas: 400n * GWEI };
        const to = federation.address;
        const values = call.args.toArray(true) as unknown[];
        const data = rounds.encodeFunctionData("join", values);
        await wallet.sendTransaction({ ...price, to, data, nonce });
        const leaving = rounds.encodeFunctionData("leave", [federation.federationId]);
        await wallet.sendTransaction({ ...price, to, data: leaving, nonce: nonce + 1 });
      }
      if (transactions.length > 0) await provider.send("evm_mine", []);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return seen.size;
  }

  async function withoutAutomining<Result>(work: () => Promise<Result>): Promise<Result> {
    const { provider } = stage.market.connection;
    await provider.send("evm_setAutomine", [false]);
    try {
      return await work();
    } finally {
      await provider.send("evm_setAutomine", [true]);
    }
  }

  it("takes the first key of the account", async () => {
    await join();
    expect(await registeredKey()).to.deep.equal(await keyOf(0));
  });

  it("takes the next key when somebody else has registered the first one and left", async () => {
    await squat(await keyOf(0));
    const { contracts } = stage.market;
    const { freeWei } = await readStake(contracts, stage.address(ATTACKER), ZeroAddress);
    expect(freeWei).to.equal(10n * MEMBER_STAKE_WEI);
    const refused = joinFederation(
      ...([stage.sender(VICTIM), contracts, federation, MEMBER_STAKE_WEI] as const),
      await keyOf(0),
    );
    expect((await errorOf(refused)).code).to.equal("contract.FederationKeyTaken");
    await join();
    expect(await registeredKey()).to.deep.equal(await keyOf(1));
  });

  it("takes the next key when somebody copies the first ones from the pool and is quicker", async () => {
    await withoutAutomining(async () => {
      const joining = join();
      expect(await frontRun(joining, 2)).to.equal(2);
      await joining;
    });
    const { contracts } = stage.market;
    for (const index of [0, 1]) {
      expect(await readKeyOwner(contracts, federation, await keyOf(index))).to.equal(stage.address(ATTACKER));
    }
    expect(await registeredKey()).to.deep.equal(await keyOf(2));
  });

  it("gives up after so many tries, saying what helps, and goes on from there the next time", async () => {
    await withoutAutomining(async () => {
      const refused = errorOf(join());
      expect(await frontRun(refused, MASK_KEYS)).to.equal(MOST_TRIES);
      const { code, message, nextStep } = await refused;
      expect(code).to.equal("federation.keys-taken");
      expect(message).to.include(`${MOST_TRIES} keys`);
      expect(nextStep).to.include("private").and.include("another account");
    });
    await join();
    expect(await registeredKey()).to.deep.equal(await keyOf(MOST_TRIES));
  });

  it("keeps the key of a member that left and joins again", async () => {
    await squat(await keyOf(0));
    await join();
    await leaveFederation(stage.sender(VICTIM), federation);
    await join();
    expect(await registeredKey()).to.deep.equal(await keyOf(1));
  });

  it("passes on what the contract refuses for another reason", async () => {
    const { contracts } = stage.market;
    const small = joinWithOwnKey(stage.sender(VICTIM), contracts, federation, MEMBER_STAKE_WEI - 1n);
    expect((await errorOf(small)).code).to.equal("contract.FederationStakeTooSmall");
    expect(await readKeyOwner(contracts, federation, await keyOf(0))).to.equal(undefined);
  });
});
