import type { DemoMember, FederationDemoRecord } from "../federation/record.ts";
import { badge, count, ether, roundEther } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Members with their parts of the data, what they earned, and what they lost. */
export function membersSection(record: FederationDemoRecord): Html {
  const { members, dataset, federation } = record;
  const most = Math.max(...members.flatMap(({ classCounts }) => classCounts), 1);
  return html`<section id="members">
    <h2>Members and their data</h2>
    <p class="soft">
      ${count(dataset.trainSamples)} training samples, dealt out without overlap, in parts of uneven size and
      with uneven mixtures of classes. Nobody but its owner sees a part; this page counts samples only. A
      member locks at least ${roundEther(federation.minStakeWei)} of stake; a leader that took the lead and
      does not deliver loses ${roundEther(federation.bondWei)} of it.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">member</th>
            <th scope="col">role</th>
            <th scope="col" class="number">samples</th>
            ${dataset.classNames.map((name) => html`<th scope="col" class="number">${name}</th>`)}
            <th scope="col" class="number">stake</th>
            <th scope="col" class="number">earned</th>
            <th scope="col" class="number">bond lost</th>
          </tr>
        </thead>
        <tbody>
          ${members.map((member) => row(record, member, most))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function row({ rounds, dataset }: FederationDemoRecord, member: DemoMember, most: number): Html {
  const { party, role, sampleCount, classCounts, stakeWei } = member;
  const own = <Entry extends { readonly party: string }>(entries: readonly Entry[]): readonly Entry[] =>
    entries.filter((entry) => entry.party === party);
  const earnedWei = rounds
    .flatMap(({ scores }) => own(scores))
    .reduce((sum, { paidWei }) => sum + BigInt(paidWei), 0n);
  const lostWei = rounds
    .flatMap(({ leaders }) => own(leaders))
    .reduce((sum, { slashedWei }) => sum + BigInt(slashedWei), 0n);
  return html`<tr>
    <td class="tight">${badge(party)}</td>
    <td>${role}</td>
    <td class="number">${sampleCount === 0 ? "none" : count(sampleCount)}</td>
    ${dataset.classNames.map((_, label) => classCell(classCounts[label] ?? 0, most))}
    <td class="number">${roundEther(stakeWei)}</td>
    <td class="number">${earnedWei === 0n ? "0" : ether(earnedWei)}</td>
    <td class="${lostWei === 0n ? "number" : "number refused"}">
      ${lostWei === 0n ? "0" : roundEther(String(lostWei))}
    </td>
  </tr>`;
}

function classCell(samples: number, most: number): Html {
  return html`<td class="number share" style="--share: ${(samples / most).toFixed(3)}">${samples}</td>`;
}
