import { ZeroAddress } from "ethers";

import { contractInterface } from "../../../prover/src/chain/abis.ts";
import { sendOnce } from "../../../prover/src/chain/send.ts";
import { readStake } from "../../../prover/src/chain/stake.ts";
import type { AccountParty, Stage } from "../stage.ts";
import { shortEther } from "../task.ts";
import type { ActMoney } from "./record.ts";

/** Parties whose money is told. */
export const PAID_PARTIES = ["buyer", "prover", "rival", "forger"] as const satisfies readonly AccountParty[];

/**
 * Sees to it that a contract can lock `amountWei` of a party's stake: deposits what is missing of it and raises the limit,
 * in one transaction. Sends nothing when both are there already.
 */
export async function layDown(
  stage: Stage,
  party: AccountParty,
  locker: string,
  amountWei: bigint,
  what: string,
): Promise<void> {
  const { vault, addresses } = stage.contracts;
  const account = stage.address(party);
  const [{ freeWei }, approval] = await Promise.all([
    vault.balanceOf(account, ZeroAddress),
    vault.approvalOf(account, locker, ZeroAddress),
  ]);
  const missingWei = amountWei - freeWei;
  const limitWei = approval.lockedWei + amountWei;
  if (missingWei <= 0n && approval.limitWei >= limitWei) return;
  if (missingWei <= 0n) throw new Error(`${party} has stake that another contract may lock`);
  await stage.transact(
    party,
    `deposit ${what}`,
    (sender) =>
      sendOnce(sender, `vault deposit ${locker} ${missingWei} ${limitWei}`, `depositing ${what}`, {
        to: addresses.stakeVault,
        data: contractInterface("IStakeVault").encodeFunctionData("depositAndApprove", [
          ZeroAddress,
          missingWei,
          locker,
          limitWei,
        ]),
        value: missingWei,
      }),
    `deposits ${shortEther(missingWei)} for ${what}`,
  );
}

/** What everybody owns, fees left out, and what is burned. */
export interface Wealth {
  readonly ownedWei: Readonly<Record<(typeof PAID_PARTIES)[number], bigint>>;
  readonly burnedWei: bigint;
}

/** Adds up what each party has on its account, in the vault and as credit, and the fees it paid. */
export async function readWealth(stage: Stage): Promise<Wealth> {
  const { contracts, connection } = stage;
  const { vault, market } = contracts;
  const owned = await Promise.all(
    PAID_PARTIES.map(async (party) => {
      const address = stage.address(party);
      const [balanceWei, stake, creditWei] = await Promise.all([
        connection.provider.getBalance(address),
        readStake(contracts, address, ZeroAddress),
        market.creditOf(address, ZeroAddress),
      ]);
      const { freeWei, lockedWei, unbondingWei } = stake;
      const inVaultWei = freeWei + lockedWei + unbondingWei + stake.creditWei;
      return [party, balanceWei + inVaultWei + creditWei + stage.feesWei(party)] as const;
    }),
  );
  return {
    ownedWei: Object.fromEntries(owned) as Wealth["ownedWei"],
    burnedWei: await vault.creditOf(await vault.BURN_ADDRESS(), ZeroAddress),
  };
}

/** Who gained and lost what between two moments at which no escrow is open; throws unless the sum is zero. */
export function moneyMoved(act: string, before: Wealth, after: Wealth): ActMoney {
  const changes = PAID_PARTIES.map(
    (party) => [party, after.ownedWei[party] - before.ownedWei[party]] as const,
  );
  const burnedWei = after.burnedWei - before.burnedWei;
  const sumWei = changes.reduce((sum, [, changeWei]) => sum + changeWei, burnedWei);
  if (sumWei !== 0n) throw new Error(`the money of ${act} does not add up: ${sumWei} wei too much`);
  return {
    act,
    changesWei: Object.fromEntries(changes.map(([party, changeWei]) => [party, String(changeWei)])),
    burnedWei: String(burnedWei),
  };
}
