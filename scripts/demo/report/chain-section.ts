import type { DemoBalance, DemoRecord, DemoTransaction } from "../record.ts";
import { badge, code, count, ether } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Gas of every transaction. */
export function gasSection({ transactions }: Pick<DemoRecord, "transactions">): Html {
  const most = Math.max(...transactions.map(({ gas }) => gas));
  return html`<section id="gas">
    <h2>Gas per transaction</h2>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">block</th>
            <th scope="col">party</th>
            <th scope="col">transaction</th>
            <th scope="col">outcome</th>
            <th scope="col" class="number">gas</th>
            <th scope="col">share of the largest</th>
          </tr>
        </thead>
        <tbody>
          ${transactions.map((transaction) => gasRow(transaction, most))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function gasRow(
  { party, action, blockNumber, indexInBlock, gas, revertedWith }: DemoTransaction,
  most: number,
): Html {
  const outcome =
    revertedWith === null
      ? html`<td>succeeded</td>`
      : html`<td class="refused">reverted: ${revertedWith}</td>`;
  return html`<tr>
    <td class="number">${blockNumber}.${indexInBlock}</td>
    <td class="tight">${badge(party)}</td>
    <td>${action}</td>
    ${outcome}
    <td class="number">${count(gas)}</td>
    <td>
      <div class="bar">
        <i class="${party}" style="left: 0; width: ${((100 * gas) / most).toFixed(2)}%"></i>
      </div>
    </td>
  </tr>`;
}

/** Everybody's money before and after. */
export function moneySection({ balances }: Pick<DemoRecord, "balances">): Html {
  return html`<section id="money">
    <h2>Money</h2>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">party</th>
            <th scope="col" class="number">before</th>
            <th scope="col" class="number">after</th>
            <th scope="col" class="number">difference</th>
            <th scope="col" class="number">of which fees</th>
            <th scope="col" class="number">own stake, free in the vault</th>
          </tr>
        </thead>
        <tbody>
          ${balances.map(balanceRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function balanceRow({ party, beforeWei, afterWei, feesWei, stakeWei }: DemoBalance): Html {
  const difference = BigInt(afterWei) - BigInt(beforeWei);
  return html`<tr>
    <td class="tight">${badge(party)}</td>
    <td class="number">${ether(beforeWei)}</td>
    <td class="number">${ether(afterWei)}</td>
    <td class="number">${ether(difference, true)}</td>
    <td class="number">${ether(-BigInt(feesWei))}</td>
    <td class="number">${ether(stakeWei)}</td>
  </tr>`;
}

/** What identitySection shows of a record. */
export interface Identity extends Pick<
  DemoRecord,
  "chain" | "task" | "keys" | "proof" | "balances" | "transactions"
> {
  readonly model: Pick<DemoRecord["model"], "modelCommitment">;
}

/** A name and a hash or address. */
export type IdentityRow = readonly [name: string, value: Html];

/** Hashes and addresses by which the run can be checked against its chain; `extra` rows come before the transactions. */
export function identitySection(record: Identity, extra: readonly IdentityRow[] = []): Html {
  const { task, keys, model, proof } = record;
  return identityTable(record, [
    ["task", code(task.taskId)],
    ["task document (keccak256)", code(task.documentHash)],
    ["test set (keccak256)", code(task.testSetHash)],
    ["key id (keccak256 of the verifying key)", code(keys.keyId)],
    ["data point (x, y)", point(task.dataPoint)],
    ["model commitment", fieldElement(model.modelCommitment)],
    ["context of the proof", fieldElement(proof.context)],
    ["block commitment D (x, y)", point(proof.blockCommitment)],
    ...extra,
  ]);
}

/** The section of hashes and addresses: contracts and parties first, transactions last, `rows` between. */
export function identityTable(
  { chain, balances, transactions }: Pick<DemoRecord, "chain" | "balances" | "transactions">,
  rows: readonly IdentityRow[],
): Html {
  const all: readonly IdentityRow[] = [
    ["chain", code(chain.chainId)],
    ["circuit registry", code(chain.circuitRegistry)],
    ["stake vault", code(chain.stakeVault)],
    ["task market", code(chain.taskMarket)],
    ...balances.map(({ party, address }): IdentityRow => [party, code(address)]),
    ...rows,
    ...transactions.map(({ party, action, hash }): IdentityRow => [`${party}: ${action}`, code(hash)]),
  ];
  return html`<section id="identity">
    <h2>Hashes and addresses of this run</h2>
    <div class="wide">
      <table class="facts">
        <tbody>
          ${all.map(
            ([name, value]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${value}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** A field element, given in decimal, as 32 bytes. */
export function fieldElement(decimal: string): Html {
  return code(`0x${BigInt(decimal).toString(16).padStart(64, "0")}`);
}

/** Both coordinates of a point. */
export function point([x, y]: readonly [string, string]): Html {
  return html`${fieldElement(x)}<br />${fieldElement(y)}`;
}
