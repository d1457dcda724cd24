import { Contract, Interface, ZeroAddress } from "ethers";

import { contractInterface } from "./abis.ts";
import { ChainError } from "./chain-error.ts";
import type { Contracts } from "./contracts.ts";
import { sendOnce, type Sender, type SentTransaction } from "./send.ts";

/** What the vault knows about one account and token; amounts in the smallest unit of the token. */
export interface StakeStatus {
  readonly account: string;
  /** The zero address is the native coin. */
  readonly token: string;
  readonly freeWei: bigint;
  readonly lockedWei: bigint;
  readonly unbondingWei: bigint;
  /** Seconds since 1970 at which unbonding stake can be withdrawn; 0 when nothing is unbonding. */
  readonly availableAt: bigint;
  /** Credited by slashing, to be withdrawn. */
  readonly creditWei: bigint;
  /** The most the market may hold locked. */
  readonly marketLimitWei: bigint;
  /** What the market holds locked now. */
  readonly marketLockedWei: bigint;
}

/** The part of ERC-20 that depositing and posting need. */
const ERC20 = new Interface([
  "function approve(address spender, uint256 amount) returns (bool)",
  "function allowance(address owner, address spender) view returns (uint256)",
]);

/** Reads the stake of an account. */
export async function readStake(contracts: Contracts, account: string, token: string): Promise<StakeStatus> {
  const { vault, addresses } = contracts;
  const [balance, unbonding, creditWei, approval] = await Promise.all([
    vault.balanceOf(account, token),
    vault.unbondingOf(account, token),
    vault.creditOf(account, token),
    vault.approvalOf(account, addresses.taskMarket, token),
  ]);
  return {
    account,
    token,
    freeWei: balance.freeWei,
    lockedWei: balance.lockedWei,
    unbondingWei: unbonding.amountWei,
    availableAt: unbonding.availableAt,
    creditWei,
    marketLimitWei: approval.limitWei,
    marketLockedWei: approval.lockedWei,
  };
}

/** Deposits stake and lets the market lock `limitWei` of it; ERC-20 tokens are approved for the vault first. */
export async function depositStake(
  sender: Sender,
  contracts: Contracts,
  token: string,
  amountWei: bigint,
  limitWei: bigint,
): Promise<SentTransaction> {
  const { stakeVault, taskMarket } = contracts.addresses;
  await allowToken(sender, token, stakeVault, amountWei);
  // The limit is left out of the purpose: it may be derived from what the market may lock now, which an earlier
  // run of the same deposit has changed.
  return await sendOnce(sender, `vault ${stakeVault} deposit ${token} ${amountWei}`, "depositing stake", {
    to: stakeVault,
    data: contractInterface("IStakeVault").encodeFunctionData("depositAndApprove", [
      token,
      amountWei,
      taskMarket,
      limitWei,
    ]),
    value: token === ZeroAddress ? amountWei : 0n,
  });
}

/** Sets the most the market may hold locked of the account's stake. */
export async function approveMarket(
  sender: Sender,
  contracts: Contracts,
  token: string,
  limitWei: bigint,
): Promise<SentTransaction> {
  const { taskMarket } = contracts.addresses;
  return await sendToVault(sender, contracts, "approving the market", "approveLocker", [
    taskMarket,
    token,
    limitWei,
  ]);
}

/** Starts the unbonding of free stake; the delay of what is unbonding already starts anew. */
export async function unbondStake(
  sender: Sender,
  contracts: Contracts,
  token: string,
  amountWei: bigint,
): Promise<SentTransaction> {
  return await sendToVault(sender, contracts, "unbonding stake", "requestUnbonding", [token, amountWei]);
}

/** Pays out unbonded stake. */
export async function withdrawStake(
  sender: Sender,
  contracts: Contracts,
  token: string,
): Promise<SentTransaction> {
  return await sendToVault(sender, contracts, "withdrawing stake", "withdraw", [token]);
}

/** What an account was credited in a token when stakes of others were slashed to its benefit. */
export async function readCredit(contracts: Contracts, account: string, token: string): Promise<bigint> {
  return await contracts.vault.creditOf(account, token);
}

/** Withdraws that credit. */
export async function withdrawCredit(
  sender: Sender,
  contracts: Contracts,
  token: string,
): Promise<SentTransaction> {
  return await sendToVault(sender, contracts, "withdrawing credit", "withdrawCredit", [token]);
}

/** Lets `spender` take `amountWei` of an ERC-20 token, unless it may already; does nothing for the native coin. */
export async function allowToken(
  sender: Sender,
  token: string,
  spender: string,
  amountWei: bigint,
): Promise<void> {
  if (token === ZeroAddress) return;
  const contract = new Contract(token, ERC20, sender.connection.provider);
  const allowed = (await contract.getFunction("allowance")(sender.wallet.address, spender)) as bigint;
  if (allowed >= amountWei) return;
  await sendOnce(sender, `token approve ${token} ${spender} ${amountWei}`, "approving the token", {
    to: token,
    data: ERC20.encodeFunctionData("approve", [spender, amountWei]),
  });
}

/**
 * Sees to it that `locker` can lock `amountWei` more of the account's stake: raises what it may hold locked if need be.
 * Throws ChainError `chain.insufficient-stake` before anything is sent when the free stake is less than `freeWei`,
 * which defaults to the amount.
 */
export async function allowLock(
  sender: Sender,
  contracts: Contracts,
  locker: string,
  token: string,
  amountWei: bigint,
  freeWei = amountWei,
): Promise<void> {
  const { address } = sender.wallet;
  const [balance, approval] = await Promise.all([
    contracts.vault.balanceOf(address, token),
    contracts.vault.approvalOf(address, locker, token),
  ]);
  if (balance.freeWei < freeWei) {
    throw new ChainError(
      "chain.insufficient-stake",
      `${address} has ${balance.freeWei} of free stake, ${freeWei} are needed (smallest unit of ${token})`,
      "Deposit stake with `zkpot stake deposit`.",
      { account: address, token, freeWei: balance.freeWei, neededWei: freeWei },
    );
  }
  const neededLimitWei = approval.lockedWei + amountWei;
  if (approval.limitWei >= neededLimitWei) return;
  await sendToVault(sender, contracts, "approving the locker", "approveLocker", [
    locker,
    token,
    neededLimitWei,
  ]);
}

async function sendToVault(
  sender: Sender,
  contracts: Contracts,
  what: string,
  method: string,
  values: readonly (bigint | string)[],
): Promise<SentTransaction> {
  const to = contracts.addresses.stakeVault;
  return await sendOnce(sender, `vault ${to} ${method} ${values.join(" ")}`, what, {
    to,
    data: contractInterface("IStakeVault").encodeFunctionData(method, values),
  });
}
