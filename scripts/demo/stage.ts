import { randomBytes } from "node:crypto";

import { hexlify, type TransactionReceipt, toQuantity, Wallet } from "ethers";

import { connect, type Connection } from "../../prover/src/chain/connect.ts";
import { type Contracts, openContracts } from "../../prover/src/chain/contracts.ts";
import { deployContracts } from "../../prover/src/chain/deploy.ts";
import { TransactionJournal } from "../../prover/src/chain/journal.ts";
import { registerKey } from "../../prover/src/chain/registry.ts";
import type { Sender, SentTransaction } from "../../prover/src/chain/send.ts";
import type { KeyManifest } from "../../prover/src/proof/keys/key-set.ts";
import type { LocalChain } from "./local-chain.ts";
import type { DemoTransaction, PartyId } from "./record.ts";
import type { Story } from "./story.ts";

/** Parties that have an account. */
export type AccountParty = Exclude<PartyId, "set-up">;

const PARTIES: readonly AccountParty[] = ["operator", "buyer", "prover", "rival", "copier", "forger"];
/** What every account starts with. */
export const START_WEI = 100n * 10n ** 18n;
const MIN_CONTRIBUTIONS = 3;
/** Delay between asking for unbonded stake and getting it. */
export const UNBONDING_SECONDS = 7 * 24 * 60 * 60;
const TIMELOCK_SECONDS = 172_800;

/** The chain with its contracts, and everybody who acts on it. */
export interface Stage {
  readonly story: Story;
  readonly connection: Connection;
  readonly contracts: Contracts;
  readonly transactions: readonly DemoTransaction[];
  sender(party: AccountParty): Sender;
  address(party: AccountParty): string;
  /** Fees a party paid so far. */
  feesWei(party: AccountParty): bigint;
  /** Remembers a transaction of a party. */
  note(party: AccountParty, action: string, receipt: TransactionReceipt, revertedWith?: string): void;
  /** Sends, remembers and tells; `text` is told once the transaction is in a block. */
  transact(
    party: AccountParty,
    action: string,
    send: (sender: Sender) => Promise<SentTransaction>,
    text: string,
  ): Promise<SentTransaction>;
}

/** Contracts that only some scenarios use, by their entry in the addresses: name in the code, and for people. */
const RULE_CONTRACTS = {
  trainingAudit: ["TrainingAudit", "training audit"],
  taskAuction: ["TaskAuction", "auction"],
  testSetSeal: ["TestSetSeal", "seal of test sets"],
  federatedRounds: ["FederatedRounds", "federated rounds"],
} as const;

/** A contract that only some scenarios use. */
export type RuleContract = keyof typeof RULE_CONTRACTS;

/**
 * Funds the accounts, deploys the contracts with their Ignition module and registers the verifying key. `rules` are the
 * contracts, beside those of every task, whose deployment is told and remembered; `parties` have accounts, the operator
 * among them.
 */
export async function setStage(
  story: Story,
  chain: LocalChain,
  folder: string,
  key: KeyManifest,
  rules: readonly RuleContract[] = [],
  parties: readonly AccountParty[] = PARTIES,
): Promise<Stage> {
  const connection = await connect({
    name: "demo",
    rpcUrl: chain.rpcUrl,
    chainId: Number(chain.chainId),
    isLocal: true,
    confirmations: 1,
  });
  const senders = new Map<AccountParty, Sender>();
  for (const party of parties) {
    const wallet = new Wallet(hexlify(randomBytes(32)), connection.provider);
    await connection.provider.send("anvil_setBalance", [wallet.address, toQuantity(START_WEI)]);
    const journal = TransactionJournal.of(folder, chain.chainId, wallet.address);
    senders.set(party, { wallet, connection, journal });
  }
  const operator = senders.get("operator")!;
  await story.act(
    "operator",
    "deploying the contracts",
    () =>
      deployContracts(connection, operator.wallet, folder, {
        allowDevelopmentKeys: true,
        minContributions: MIN_CONTRIBUTIONS,
        unbondingSeconds: UNBONDING_SECONDS,
        timelockSeconds: TIMELOCK_SECONDS,
        admin: operator.wallet.address,
      }),
    ({ taskMarket }) => ({
      text: `deploys ${listText([
        "registry",
        "stake vault",
        `task market (${taskMarket})`,
        ...rules.map((rule) => RULE_CONTRACTS[rule][1]),
      ])}`,
    }),
  );
  const contracts = await openContracts(connection, folder);
  const stage = new OpenStage(story, connection, contracts, senders);
  const { circuitRegistry, stakeVault, taskMarket } = contracts.addresses;
  await stage.noteDeployment([
    ["CircuitRegistry", circuitRegistry],
    ["StakeVault", stakeVault],
    ["TaskMarket", taskMarket],
    ...rules.map((rule) => [RULE_CONTRACTS[rule][0], ruleAddress(contracts, rule)] as const),
  ]);
  await stage.transact(
    "operator",
    "register the verifying key",
    // The registry of a new chain has no keys, so there is always something to send.
    async (sender) => (await registerKey(sender, stage.contracts, key))!,
    "registers the verifying key",
  );
  return stage;
}

class OpenStage implements Stage {
  readonly story: Story;
  readonly connection: Connection;
  readonly contracts: Contracts;
  readonly transactions: DemoTransaction[] = [];
  readonly #senders: ReadonlyMap<AccountParty, Sender>;
  readonly #feesWei = new Map<AccountParty, bigint>();

  constructor(
    story: Story,
    connection: Connection,
    contracts: Contracts,
    senders: ReadonlyMap<AccountParty, Sender>,
  ) {
    this.story = story;
    this.connection = connection;
    this.contracts = contracts;
    this.#senders = senders;
  }

  sender(party: AccountParty): Sender {
    return this.#senders.get(party)!;
  }

  address(party: AccountParty): string {
    return this.sender(party).wallet.address;
  }

  feesWei(party: AccountParty): bigint {
    return this.#feesWei.get(party) ?? 0n;
  }

  note(party: AccountParty, action: string, receipt: TransactionReceipt, revertedWith?: string): void {
    this.#feesWei.set(party, this.feesWei(party) + receipt.fee);
    this.transactions.push({
      party,
      action,
      hash: receipt.hash,
      blockNumber: receipt.blockNumber,
      indexInBlock: receipt.index,
      gas: Number(receipt.gasUsed),
      revertedWith: revertedWith ?? null,
    });
  }

  async transact(
    party: AccountParty,
    action: string,
    send: (sender: Sender) => Promise<SentTransaction>,
    text: string,
  ): Promise<SentTransaction> {
    const { result } = await this.story.act(
      party,
      action,
      () => send(this.sender(party)),
      ({ gasUsed }) => ({ text, gas: gasUsed }),
    );
    this.note(party, action, result.receipt);
    return result;
  }

  /** The deployment's transactions, which Ignition sent: found by the addresses they created. */
  async noteDeployment(deployed: readonly (readonly [name: string, address: string])[]): Promise<void> {
    const { provider } = this.connection;
    const names = new Map(deployed.map(([name, address]) => [address, name]));
    for (let number = 1; number <= (await provider.getBlockNumber()); number++) {
      const block = await provider.getBlock(number);
      for (const hash of block?.transactions ?? []) {
        const receipt = (await provider.getTransactionReceipt(hash))!;
        const name = names.get(receipt.contractAddress ?? "");
        if (name !== undefined) this.note("operator", `deploy ${name}`, receipt);
      }
    }
  }
}

/** Where the Ignition module put a contract that only some tasks name. */
export function ruleAddress({ addresses }: Contracts, rule: RuleContract): string {
  const address = addresses[rule];
  if (address === undefined) throw new Error(`the deployment has no ${RULE_CONTRACTS[rule][0]}`);
  return address;
}

/** Names in a row, the last one after "and". */
function listText(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}
