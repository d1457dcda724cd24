import { createHash } from "node:crypto";

import { type MemberStages, memberTrainer } from "../../../prover/src/federation/member-stages.ts";
import type { LocalTraining } from "./local-training.ts";
import type { FederationSetting, Player } from "./setting.ts";

/** What everybody trains with. */
export function localTraining({ scenario, files, backend }: FederationSetting): LocalTraining {
  return { training: scenario.training, weightScales: files.document.weightScales, backend };
}

/** In place of the one that a member's account gives: with accounts that are drawn anew, the demo still repeats for its seed. */
export function demoTrainingKey(seed: string, party: string): Uint8Array {
  return createHash("sha256").update(`${seed}, ${party}`).digest();
}

/** Trains on a player's own samples as the toolkit does, from its training key. */
export function trainHonestly(
  { files, backend }: FederationSetting,
  { part, secrets }: Player,
): MemberStages["train"] {
  return memberTrainer({
    ...{ files, secrets },
    samples: part!.integer,
    openBackend: () => Promise.resolve(backend),
  });
}
