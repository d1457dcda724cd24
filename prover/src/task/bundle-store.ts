import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";

import { loadDocument, saveDocument } from "../data/document.ts";
import { PROOF_BUNDLE, type ProofBundle } from "../proof/bundle.ts";
import type { OpeningPlace } from "./commitment-opening.ts";

/** The proofs of a prover for a task, in a folder: one file a shard, nothing in them secret. */
export class BundleStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Where the proofs of a prover for a task lie below a working folder. */
  static of(workingFolder: string, { chainId, market, taskId, prover }: OpeningPlace): BundleStore {
    const task = `${chainId}-${market.toLowerCase()}-${taskId}`;
    return new BundleStore(path.join(workingFolder, ".zkpot", "proofs", task, prover.toLowerCase()));
  }

  /** The file of a shard's proof. */
  fileOf(shard: number): string {
    return path.join(this.folder, `shard-${shard}.json`);
  }

  /** The proof of a shard, undefined without one; throws DocumentError for a file that is damaged. */
  async load(shard: number): Promise<ProofBundle | undefined> {
    const file = this.fileOf(shard);
    return existsSync(file) ? await loadDocument(file, PROOF_BUNDLE) : undefined;
  }

  /** Keeps a proof, in place of an earlier one of the same shard. */
  async save(bundle: ProofBundle): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await saveDocument(this.fileOf(bundle.shard), PROOF_BUNDLE, bundle);
  }
}
