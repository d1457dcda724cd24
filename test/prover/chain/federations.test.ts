import { expect } from "chai";
import {
  AbiCoder,
  Contract,
  ContractFactory,
  type Filter,
  id,
  type JsonRpcProvider,
  keccak256,
  type Log,
  ZeroAddress,
  ZeroHash,
} from "ethers";

import { readArtifact } from "../../../prover/src/chain/abis.ts";
import { ChainError } from "../../../prover/src/chain/chain-error.ts";
import { federationWord, roundContext } from "../../../prover/src/chain/context.ts";
import type { Contracts } from "../../../prover/src/chain/contracts.ts";
import {
  closeFederation,
  createFederation,
  fundFederation,
  joinFederation,
  leaveFederation,
  listFederations,
  readFederation,
  readFederationCredit,
  readMember,
  roundsContract,
  withdrawFederationCredit,
} from "../../../prover/src/chain/federations.ts";
import { depositStake, readStake } from "../../../prover/src/chain/stake.ts";
import { FIELD_ORDER } from "../../../prover/src/field.ts";
import { errorOf } from "../../support/error-of.ts";
import { FederationStage, MEMBER_STAKE_WEI, POOL_WEI } from "../../support/federation.ts";

let stage: FederationStage;

before(async () => {
  stage = await FederationStage.start();
});

after(async () => {
  await stage.stop();
});

describe("federations on chain", () => {
  it("reads back what was created", async () => {
    const { contracts } = stage.market;
    const terms = stage.terms({ keepBetter: false, maxRounds: 3 });
    const { federationId, transaction } = await createFederation(stage.sender(0), contracts, terms);
    const { timestamp } = (await stage.market.connection.provider.getBlock(transaction.blockNumber))!;
    const { globalCommitment, globalCorrect, globalUri, ...rules } = terms;
    expect(await readFederation(contracts, federationId)).to.deep.equal({
      ...rules,
      chainId: 31337n,
      address: contracts.addresses.federatedRounds,
      federationId,
      sponsor: stage.address(0),
      isClosed: false,
      maxFactor: 10,
      vectors: 4,
      round: 0n,
      lastEndedAt: BigInt(timestamp),
      poolWei: 0n,
      globalModel: { round: 0n, commitment: globalCommitment, correct: globalCorrect, uri: globalUri },
      recordHash: keccak256(
        AbiCoder.defaultAbiCoder().encode(
          ["bytes32", "uint256", "uint256", "bytes32", "address", "uint32"],
          [ZeroHash, 0, 11, id("ipfs://start"), stage.address(0), 100],
        ),
      ),
      createdAtBlock: transaction.blockNumber,
    });
    const all = await listFederations(contracts);
    expect(all.at(-1)!.federationId).to.equal(federationId);
  });

  describe("at a node whose logs lag behind", () => {
    /** The contracts through a node that has no logs from a block on. */
    function lagging(endBlock: number): Contracts {
      const { contracts, connection } = stage.market;
      const { provider } = connection;
      const getLogs = async (filter: Filter): Promise<Log[]> => {
        const logs = await provider.getLogs(filter);
        return logs.filter(({ blockNumber }) => blockNumber < endBlock);
      };
      const node: JsonRpcProvider = new Proxy(provider, {
        get: (target, name) => {
          if (name === "provider") return node;
          const value: unknown = name === "getLogs" ? getLogs : Reflect.get(target, name);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
      return { ...contracts, market: contracts.market.connect(node) };
    }

    it("refuses to take the global model of an earlier round for the last one", async () => {
      const federation = await stage.create({ places: 4 });
      const { provider } = stage.market.connection;
      for (const correct of [160, 170]) {
        const block = await provider.getBlockNumber();
        await stage.play(federation, { 0: correct - 10, 1: correct - 20, 2: correct - 30 }, correct);
        expect(await stage.federation(federation)).to.have.nested.include({ "globalModel.correct": correct });
        const error = await errorOf(readFederation(lagging(block + 1), federation.federationId));
        expect(error).to.be.instanceOf(ChainError).and.include({ code: "chain.record-mismatch" });
        expect(error.message).to.match(/logs lag behind/);
        expect(error.nextStep).to.match(/\.$/);
      }
    });
  });

  it("names a federation that does not exist", async () => {
    const error = await errorOf(readFederation(stage.market.contracts, 999n));
    expect(error.code).to.equal("chain.no-such-federation");
    expect(error.nextStep).to.match(/\.$/);
  });

  it("names a network without the contract", () => {
    const { contracts } = stage.market;
    const { federatedRounds: _, ...addresses } = contracts.addresses;
    expect(() => roundsContract({ ...contracts, addresses }))
      .to.throw()
      .that.includes({ code: "chain.no-federations" });
  });

  it("takes money into the pool, native and ERC-20", async () => {
    const { contracts } = stage.market;
    const native = await stage.create({}, []);
    expect((await stage.federation(native)).poolWei).to.equal(POOL_WEI);

    const { abi, bytecode } = readArtifact("contracts/mocks/TestToken.sol/TestToken");
    const { wallet } = stage.sender(3);
    const token = await new ContractFactory(abi, bytecode, wallet).deploy();
    await token.waitForDeployment();
    const rewardToken = await token.getAddress();
    const mint = new Contract(rewardToken, abi, wallet).getFunction("mint");
    await (await mint.send(stage.address(1), 5_000n)).wait();
    const federation = await stage.create({ rewardToken }, []);
    await fundFederation(stage.sender(1), federation, 5_000n);
    expect((await readFederation(contracts, federation.federationId)).poolWei).to.equal(5_000n);
  });

  it("lets an account join with its stake and mask key, and leave with its stake", async () => {
    const { contracts } = stage.market;
    const federation = await stage.create({}, []);
    const sender = stage.sender(1);
    const key = stage.maskKey(1).publicKey;
    const stakeWei = 3n * MEMBER_STAKE_WEI;
    const none = await readMember(contracts, federation, stage.address(1));
    expect(none).to.deep.equal({
      account: stage.address(1),
      isMember: false,
      lockId: 0n,
      weightWei: 0n,
      firstRound: 0n,
      lastRound: 0n,
      key: { x: 0n, y: 0n },
    });
    const poor = await errorOf(joinFederation(stage.sender(2), contracts, federation, stakeWei, key));
    expect(poor.code).to.equal("chain.insufficient-stake");

    await depositStake(sender, contracts, ZeroAddress, stakeWei, 10n ** 20n);
    const before = await readStake(contracts, stage.address(1), ZeroAddress);
    await joinFederation(sender, contracts, federation, stakeWei, key);
    const member = await readMember(contracts, federation, stage.address(1));
    // The cap of the federation.
    expect(member).to.deep.include({ isMember: true, weightWei: 2n * MEMBER_STAKE_WEI, firstRound: 1n, key });
    expect((await readStake(contracts, stage.address(1), ZeroAddress)).freeWei).to.equal(
      before.freeWei - 2n * MEMBER_STAKE_WEI,
    );
    const again = await errorOf(joinFederation(sender, contracts, federation, MEMBER_STAKE_WEI, key));
    expect(again.code).to.equal("contract.FederationAlreadyMember");

    await leaveFederation(sender, federation);
    expect(await readStake(contracts, stage.address(1), ZeroAddress)).to.include({ freeWei: before.freeWei });
  });

  it("refuses a key of another account, and a stake that is too small", async () => {
    const { contracts } = stage.market;
    const federation = await stage.create({}, [1]);
    await depositStake(stage.sender(2), contracts, ZeroAddress, MEMBER_STAKE_WEI, 10n ** 20n);
    const { publicKey } = stage.maskKey(1);
    const taken = joinFederation(stage.sender(2), contracts, federation, MEMBER_STAKE_WEI, publicKey);
    expect((await errorOf(taken)).code).to.equal("contract.FederationKeyTaken");
    const own = stage.maskKey(2).publicKey;
    const small = joinFederation(stage.sender(2), contracts, federation, MEMBER_STAKE_WEI - 1n, own);
    expect((await errorOf(small)).code).to.equal("contract.FederationStakeTooSmall");
    const outside = joinFederation(stage.sender(2), contracts, federation, MEMBER_STAKE_WEI, {
      x: 1n,
      y: 1n,
    });
    expect((await errorOf(outside)).code).to.equal("federation.key");
  });

  it("closes a federation that has no more rounds, and pays its pool out", async () => {
    const { contracts } = stage.market;
    const federation = await stage.create({ maxRounds: 1 }, [1]);
    const early = await errorOf(closeFederation(stage.sender(0), federation));
    expect(early.code).to.equal("contract.FederationStillOpen");
    await stage.market.pass(31 * 24 * 3_600);
    expect((await errorOf(closeFederation(stage.sender(1), federation))).code).to.equal(
      "contract.FederationNotSponsor",
    );
    const credit = await readFederationCredit(contracts, stage.address(0), ZeroAddress);
    await closeFederation(stage.sender(0), federation);
    expect(await stage.federation(federation)).to.include({ isClosed: true, poolWei: 0n });
    expect(await readFederationCredit(contracts, stage.address(0), ZeroAddress)).to.equal(credit + POOL_WEI);
    await withdrawFederationCredit(stage.sender(0), contracts, ZeroAddress);
    expect(await readFederationCredit(contracts, stage.address(0), ZeroAddress)).to.equal(0n);
    const empty = await errorOf(withdrawFederationCredit(stage.sender(0), contracts, ZeroAddress));
    expect(empty.code).to.equal("contract.FederationNothingToWithdraw");
  });
});

describe("roundContext and federationWord", () => {
  it("are what the contract computes", async () => {
    const { contracts } = stage.market;
    const contract = roundsContract(contracts);
    const address = contracts.addresses.federatedRounds!;
    for (const [federationId, round, purpose] of [
      [1n, 1n, id("a")],
      [2n ** 255n, 77n, id("b")],
    ] as const) {
      const place = { chainId: 31337n, address, federationId, round };
      expect(federationWord(place)).to.equal(await contract.federationWord(federationId));
      for (const member of [stage.address(0), stage.address(1)]) {
        const context = roundContext(place, member, purpose);
        expect(context).to.equal(await contract.proofContext(federationId, round, member, purpose));
        expect(context < FIELD_ORDER).to.equal(true);
      }
    }
  });
});
