import type { Command } from "commander";

import { handle } from "../command.ts";
import { type NetworkOptions, withNetworkOptions } from "../shared-options.ts";

/** `zkpot doctor`: checks what the other commands need, each with what to do about it. */
export function registerDoctor(program: Command): void {
  const command = withNetworkOptions(
    program.command("doctor").description("check machine, packages, keys, configuration and network"),
  );
  handle<NetworkOptions, []>(command, async ({ options }) => {
    const { diagnose } = await import("../doctor.ts");
    const { ProverError } = await import("../../errors.ts");
    const { table } = await import("../text.ts");
    const findings = await diagnose(options);
    const report = {
      data: { healthy: findings.every(({ status }) => status !== "bad"), findings },
      text: [
        table(
          ["", "check", "found"],
          findings.map(({ status, check, found }) => [MARKS[status], check, found]),
        ),
        ...findings.flatMap(({ check, nextStep }) => (nextStep === null ? [] : [`${check}: ${nextStep}`])),
      ].join("\n"),
    };
    const bad = findings.filter(({ status }) => status === "bad");
    if (bad.length === 0) return report;
    if (options.json !== true) process.stderr.write(`${report.text}\n`);
    throw new ProverError(
      "cli.unhealthy",
      `${bad.length} of ${findings.length} checks failed: ${bad.map(({ check }) => check).join(", ")}`,
      bad[0]!.nextStep ?? "See the findings.",
      { findings },
    );
  });
}

const MARKS = { good: "ok", note: "note", bad: "BAD" } as const;
