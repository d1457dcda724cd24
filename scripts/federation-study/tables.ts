/** The study's results as tables in Markdown. */
import { estimate, medianOf } from "./auc.ts";
import { ATTACKS, type MembershipResult, QUESTIONS, VIEWS, type ViewName } from "./privacy.ts";
import {
  type AttackName,
  CHOICES,
  DEVIATORS,
  keyOf,
  POISON_NAMES,
  PROBES,
  RIDER_NAMES,
  ROUNDS,
  RULES,
  type Scenario,
  type ScenarioResult,
  SYSTEMS,
  tolerating,
  TOLERANCES,
} from "./robustness.ts";
import { MEMBER_COUNT } from "./setting.ts";
import type { Study } from "./study.ts";

/** A table by its name. */
export type Tables = Readonly<Record<string, string>>;

type Figure = (result: ScenarioResult) => number;

const NO_ATTACK = { attack: "none", deviators: 0 } as const;

/** All tables of a study. */
export function tablesOf(study: Study): Tables {
  return {
    accuracy: systemTable(
      study,
      [NO_ATTACK, ...poisoned(POISON_NAMES)],
      (result) => result.accuracy,
      Math.min,
    ),
    backdoors: systemTable(
      study,
      [NO_ATTACK, ...poisoned(POISON_NAMES.filter((name) => name.startsWith("backdoor")))],
      (result) => result.backdoorSuccess,
      Math.max,
    ),
    refused: refusedTable(study),
    tolerance: probeTable(
      study,
      "`toleranceCount`",
      TOLERANCES.map((tolerance) => ({
        title: `${tolerance}${tolerance === RULES.toleranceCount ? " (as above)" : ""}`,
        choice: tolerating(tolerance),
      })),
    ),
    choices: probeTable(study, "federation", CHOICES),
    earnings: earningsTable(study),
    parts: partsTable(study),
    overfitting: overfittingTable(study),
    membership: membershipTable(study),
    sizes: sizesTable(study),
  };
}

function poisoned(names: readonly AttackName[]): { attack: AttackName; deviators: 1 | 2 }[] {
  return names.flatMap((attack) => ([1, 2] as const).map((deviators) => ({ attack, deviators })));
}

/** Medians, with the worst of all seeds, of one figure for each way to federate. */
function systemTable(
  study: Study,
  rows: readonly Pick<Scenario, "attack" | "deviators">[],
  pick: Figure,
  worst: (...values: number[]) => number,
): string {
  return table(
    ["attack", "poisoners of 7", ...SYSTEMS.map(({ title }) => title)],
    rows.map((row) => [
      row.attack,
      `${row.deviators}`,
      ...SYSTEMS.map(({ system }) => {
        const values = resultsOf(study, { ...system, ...row }).map(pick);
        return `${percent(medianOf(values))} (${percent(worst(...values))})`;
      }),
    ]),
  );
}

function refusedTable(study: Study): string {
  const refused = (scenario: Scenario): string =>
    percent(meanOf(resultsOf(study, scenario).map((result) => result.deviatorsRefused)));
  return table(
    ["attack, one poisoner", "models refused, made as without rules", "models refused, made to pass"],
    POISON_NAMES.map((attack) => {
      const scenario: Scenario = { system: "protocol", attack, deviators: 1 };
      return [attack, refused({ ...scenario, isHeedless: true }), refused(scenario)];
    }),
  );
}

function probeTable(
  study: Study,
  title: string,
  rows: readonly { readonly title: string; readonly choice: Partial<Scenario> }[],
): string {
  const [none, ...attacks] = PROBES as [Scenario, ...Scenario[]];
  return table(
    [
      title,
      "honest models refused",
      "rounds abandoned",
      "accuracy, no poisoner",
      ...attacks.map(({ attack }) =>
        attack === "backdoor" ? "success of 2 backdoors" : `accuracy, 2 ${attack}`,
      ),
    ],
    rows.map((row) => {
      const honest = resultsOf(study, { ...none, ...row.choice });
      return [
        row.title,
        percent(meanOf(honest.map((result) => result.honestRefused))),
        percent(meanOf(honest.map((result) => result.abandonedRounds)) / ROUNDS),
        percent(medianOf(honest.map((result) => result.accuracy))),
        ...attacks.map((probe) => {
          const pick: Figure = (result) =>
            probe.attack === "backdoor" ? result.backdoorSuccess : result.accuracy;
          return percent(medianOf(resultsOf(study, { ...probe, ...row.choice }).map(pick)));
        }),
      ];
    }),
  );
}

function earningsTable(study: Study): string {
  const [member] = DEVIATORS as [number];
  const attacks: readonly AttackName[] = ["none", ...RIDER_NAMES, ...POISON_NAMES];
  return table(
    ["one member of middling size", "its part of all rewards", "least … most", "accuracy"],
    attacks.map((attack) => {
      const deviators = attack === "none" ? 0 : 1;
      const results = resultsOf(study, { system: "protocol", attack, deviators });
      const parts = results.map(({ earnings }) => earnings[member]!);
      return [
        attack === "none" ? "honest" : attack,
        percent(medianOf(parts)),
        `${percent(Math.min(...parts))} … ${percent(Math.max(...parts))}`,
        percent(medianOf(results.map(({ accuracy }) => accuracy))),
      ];
    }),
  );
}

function partsTable(study: Study): string {
  const results = resultsOf(study, { system: "protocol", ...NO_ATTACK });
  const members = Array.from({ length: MEMBER_COUNT }, (_, member) => member);
  return table(
    ["all honest; part of the samples", ...members.map(ordinal)],
    [
      [
        "part of all rewards, median",
        ...members.map((member) => percent(medianOf(results.map(({ earnings }) => earnings[member]!)))),
      ],
    ],
  );
}

function overfittingTable({ overfitting }: Study): string {
  return table(
    ["models handed in", "accuracy on their own samples", "on the test set"],
    [
      [
        "mean of members",
        percent(meanOf(overfitting.map(({ ownAccuracy }) => ownAccuracy))),
        percent(meanOf(overfitting.map(({ testAccuracy }) => testAccuracy))),
      ],
    ],
  );
}

function membershipTable(study: Study): string {
  const columns = QUESTIONS.flatMap((question) => ATTACKS.map((attack) => ({ question, attack })));
  return table(
    ["what is seen", ...columns.map(({ question, attack }) => `${attack}, against samples ${question}`)],
    (Object.keys(VIEWS) as ViewName[]).map((view) => [
      view,
      ...columns.map(({ question, attack }) => {
        const aucs = aucsOf(
          study,
          (result) => result.view === view && result.question === question && result.attack === attack,
        ).flat();
        const { mean, lower, upper } = estimate(aucs, "interval");
        return `${mean.toFixed(3)} [${lower.toFixed(3)}, ${upper.toFixed(3)}]`;
      }),
    ]),
  );
}

function sizesTable(study: Study): string {
  const view: ViewName = "protocol: the global models";
  const members = Array.from({ length: MEMBER_COUNT }, (_, member) => member);
  return table(
    ["global models, loss threshold", ...members.map(ordinal)],
    QUESTIONS.map((question) => {
      const lists = aucsOf(
        study,
        (result) =>
          result.view === view && result.question === question && result.attack === "loss threshold",
      );
      return [
        `against samples ${question}`,
        ...members.map((member) => meanOf(lists.map((aucs) => aucs[member]!)).toFixed(3)),
      ];
    }),
  );
}

/** Areas under the curve of one kind: by seed, then by member. */
function aucsOf(study: Study, isWanted: (result: MembershipResult) => boolean): (readonly number[])[] {
  return study.membership.map((results) => results.find(isWanted)!.aucs);
}

function resultsOf(study: Study, scenario: Scenario): readonly ScenarioResult[] {
  return study.robustness[keyOf(scenario)]!;
}

function ordinal(member: number): string {
  if (member === 0) return "smallest";
  return member === MEMBER_COUNT - 1 ? "largest" : `${member + 1}.`;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = `|---|${"--:|".repeat(header.length - 1)}`;
  return [line(header), rule, ...rows.map(line)].join("\n");
}
