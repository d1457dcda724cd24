import type { SealedAuctionRecord } from "../sealed-auction/record.ts";
import { badge, ether } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Who earned and lost what, act by act: without fees, which have a column of their own. */
export function earningsSection({ money, balances }: SealedAuctionRecord): Html {
  const total = (wei: readonly string[]): bigint => wei.reduce((sum, part) => sum + BigInt(part), 0n);
  return html`<section id="earnings">
    <h2>Who earned and lost what</h2>
    <p class="soft">
      Measured at the end of each auction, over accounts, stake and credit. Every column of the auctions adds
      up to zero.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">party</th>
            ${money.map(({ act }) => html`<th scope="col" class="number">${act}</th>`)}
            <th scope="col" class="number">fees</th>
            <th scope="col" class="number">all together</th>
          </tr>
        </thead>
        <tbody>
          ${balances.map(({ party, feesWei }) => {
            const changes = money.map(({ changesWei }) => changesWei[party]!);
            return html`<tr>
              <td class="tight">${badge(party)}</td>
              ${changes.map((wei) => amount(BigInt(wei)))} ${amount(-BigInt(feesWei))}
              ${amount(total(changes) - BigInt(feesWei))}
            </tr>`;
          })}
          <tr>
            <th scope="row">burned</th>
            ${money.map(({ burnedWei }) => amount(BigInt(burnedWei)))}
            <td></td>
            ${amount(total(money.map(({ burnedWei }) => burnedWei)))}
          </tr>
        </tbody>
      </table>
    </div>
    <p class="note">
      The rival's collateral is burned as a whole: nobody can tell a hopeless model from a test set with wrong
      labels, so the buyer must not gain by it. Of the forger's bond half is burned and half is the prover's;
      of the prover's demand, which was answered, half is burned and half the forger's.
    </p>
  </section>`;
}

function amount(wei: bigint): Html {
  return html`<td class="${wei < 0n ? "number refused" : "number"}">
    ${wei === 0n ? "0" : ether(wei, true)}
  </td>`;
}
