import type { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import type { FederationRecord } from "../../../prover/src/chain/federations.ts";
import type { FederationFiles, FederationProvers } from "../../../prover/src/federation/federation-files.ts";
import type { MemberSecrets } from "../../../prover/src/federation/member-key.ts";
import type { TrainingBackend } from "../../../prover/src/training/backend.ts";
import type { FederationParty } from "../record.ts";
import type { Stage } from "../stage.ts";
import type { Ledger } from "./ledger.ts";
import type { FederationData, PrivatePart } from "./partition.ts";
import type { MemberRole } from "./record.ts";
import type { FederationScenario } from "./scenarios.ts";

/** A member with what nobody else has. */
export interface Player {
  readonly party: FederationParty;
  readonly role: MemberRole;
  readonly address: string;
  readonly secrets: MemberSecrets;
  readonly part: PrivatePart | undefined;
  readonly stakeWei: bigint;
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
  /** Every member has a folder of its own below. */
  readonly workFolder: string;
  readonly players: readonly Player[];
  readonly backend: TrainingBackend;
  readonly ledger: Ledger;
  readonly drawSalt: () => bigint;
}
