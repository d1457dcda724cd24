import type { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import type { FederationRecord } from "../../../prover/src/chain/federations.ts";
import type { FloatSamples } from "../../../prover/src/data/dataset.ts";
import type { FederationFiles, FederationProvers } from "../../../prover/src/federation/federation-files.ts";
import type { PairKey } from "../../../prover/src/federation/pair-keys.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import type { TrainingBackend } from "../../../prover/src/training/backend.ts";
import type { FederationParty } from "../record.ts";
import type { Stage } from "../stage.ts";
import type { Ledger } from "./ledger.ts";
import type { FederationData } from "./partition.ts";
import type { MemberRole } from "./record.ts";
import type { FederationScenario } from "./scenarios.ts";

/** A member with what nobody else has. */
export interface Player {
  readonly party: FederationParty;
  readonly role: MemberRole;
  readonly address: string;
  readonly maskKey: PairKey;
  readonly samples: FloatSamples | undefined;
  readonly classCounts: readonly number[];
  readonly stakeWei: bigint;
  /** Weight of its models in averages. */
  readonly factor: number;
}

/** What everybody in a run works with. */
export interface FederationSetting {
  readonly stage: Stage;
  readonly scenario: FederationScenario;
  readonly seed: string;
  readonly data: FederationData;
  readonly provers: FederationProvers;
  readonly files: FederationFiles;
  /** As it was created. */
  readonly federation: FederationRecord;
  /** Where global models and vectors are published. */
  readonly store: ArtifactStore;
  /** Where members keep vectors until they are published. */
  readonly drafts: ArtifactStore;
  readonly players: readonly Player[];
  readonly backend: TrainingBackend;
  readonly ledger: Ledger;
  readonly drawSalt: () => bigint;
}

/** A model that a member has committed to. */
export interface CommittedModel {
  readonly model: IntegerModel;
  readonly salt: bigint;
  /** Test samples that it classifies correctly. */
  readonly correct: number;
}
