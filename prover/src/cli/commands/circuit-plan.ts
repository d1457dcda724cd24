import type { Command } from "commander";

import { MAX_PLACES, MIN_PLACES } from "../../federation/federation-limits.ts";
import { reportFederationPlan, reportPlan } from "../circuit-plans.ts";
import { handle } from "../command.ts";
import { planShape, type PlanShapeFlags, withPlanShapeOptions } from "../plan-shape.ts";
import { type CommonOptions, withCommonOptions } from "../shared-options.ts";
import { parseInteger } from "../units.ts";

interface PlanOptions extends CommonOptions, PlanShapeFlags {
  readonly members?: string;
  readonly id?: string;
  readonly out?: string;
}

/** `zkpot circuit plan`: the smallest circuit for a model and a number of samples, or a federation's three, and what it costs. */
export function registerCircuitPlan(circuit: Command): void {
  const command = withPlanShapeOptions(
    withCommonOptions(
      circuit
        .command("plan")
        .description(
          "choose a circuit for a model and a test set, or the three of a federation; print rows, memory and time",
        ),
    ),
  )
    .option(
      "--members <count>",
      `plan the circuits of a federation with so many places a round, ${MIN_PLACES} to ${MAX_PLACES}`,
    )
    .option(
      "--id <id>",
      "name of the instance (default: made of its shape); with --members what follows round-, masked- and aggregate-",
    )
    .option(
      "--out <file>",
      "write the instance, for `circuit build`, `keys` and `task post`; with --members a folder for three, for `round create`",
    );
  handle<PlanOptions, []>(command, async ({ options }) => {
    const members =
      options.members === undefined
        ? undefined
        : parseInteger(options.members, "--members", MIN_PLACES, MAX_PLACES);
    const shape = await planShape(options);
    return members === undefined
      ? await reportPlan(shape, options)
      : await reportFederationPlan(shape, members, options);
  });
}
