import type { MemberStages } from "../../../prover/src/federation/member-stages.ts";
import { trainLocal } from "../../../prover/src/federation/local-training.ts";
import type { LocalTraining } from "./local-training.ts";
import type { FederationSetting, Player } from "./setting.ts";

/** What everybody trains with. */
export function localTraining({ scenario, files, backend }: FederationSetting): LocalTraining {
  return { training: scenario.training, weightScales: files.document.weightScales, backend };
}

/** Trains on a player's own samples as the toolkit does, with the demo's seed. */
export function trainHonestly(
  { seed, files, data, backend }: FederationSetting,
  { party, part }: Player,
): MemberStages["train"] {
  return async ({ place }, globalModel) => {
    const { model } = await trainLocal({
      document: files.document,
      globalModel,
      samples: part!.integer,
      testSamples: data.testSet.samples,
      seed: `${seed}, ${party} in round ${place.round}`,
      openBackend: () => Promise.resolve(backend),
    });
    return model;
  };
}
