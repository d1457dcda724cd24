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

/** Hashes and addresses by which the run can be checked against its chain; `extra` rows come before the transactions. */
export function identitySection(
  { chain, task, keys, model, proof, balances, transactions }: Identity,
  extra: readonly (readonly [name: string, value: Html])[] = [],
): Html {
  const hexadecimal = (decimal: string): string => `0x${BigInt(decimal).toString(16).padStart(64, "0")}`;
  const point = ([x, y]: readonly [string, string]): Html =>
    html`${code(hexadecimal(x))}<br />${code(hexadecimal(y))}`;
  const row = (name: string, value: Html): Html =>
    html`<tr>
      <th scope="row">${name}</th>
      <td>${value}</td>
    </tr>`;
  return html`<section id="identity">
    <h2>Hashes and addresses of this run</h2>
    <div class="wide">
      <table class="facts">
        <tbody>
          ${row("chain", code(chain.chainId))} ${row("circuit registry", code(chain.circuitRegistry))}
          ${row("stake vault", code(chain.stakeVault))} ${row("task market", code(chain.taskMarket))}
          ${balances.map(({ party, address }) => row(party, code(address)))} ${row("task", code(task.taskId))}
          ${row("task document (keccak256)", code(task.documentHash))}
          ${row("test set (keccak256)", code(task.testSetHash))}
          ${row("key id (keccak256 of the verifying key)", code(keys.keyId))}
          ${row("data point (x, y)", point(task.dataPoint))}
          ${row("model commitment", code(hexadecimal(model.modelCommitment)))}
          ${row("context of the proof", code(hexadecimal(proof.context)))}
          ${row("block commitment D (x, y)", point(proof.blockCommitment))}
          ${extra.map(([name, value]) => row(name, value))}
          ${transactions.map(({ party, action, hash }) => row(`${party}: ${action}`, code(hash)))}
        </tbody>
      </table>
    </div>
  </section>`;
}
