import type { MemberStages } from "../../../prover/src/federation/member-stages.ts";
import { bestStep, type LocalTraining, trainFrom } from "./local-training.ts";
import type { FederationSetting, Player } from "./setting.ts";

/** What everybody trains with. */
export function localTraining({ scenario, files, backend }: FederationSetting): LocalTraining {
  return { training: scenario.training, weightScales: files.document.weightScales, backend };
}

/** Trains on a player's own samples, and goes as far as scores best. */
export function trainHonestly(setting: FederationSetting, { party, part }: Player): MemberStages["train"] {
  return async ({ place }, globalModel) => {
    const seed = `${setting.seed}, ${party} in round ${place.round}`;
    const path = await trainFrom(localTraining(setting), globalModel, part!.samples, seed);
    return bestStep(path, setting.data.testSet.samples).model;
  };
}
