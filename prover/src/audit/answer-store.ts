import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { type DocumentKind, loadDocument, saveDocument } from "../data/document.ts";
import type { Groth16Proof } from "../proof/challenge.ts";
import { decodeVerifyingKey } from "../proof/keys/verifying-key.ts";
import type { KeySet } from "../proof/keys/key-set.ts";
import { decodeProof, encodeProof, PROOF_SCHEMA } from "../proof/proof-text.ts";
import { verifyProof } from "../proof/verify.ts";

/** A proof that was made for a stage; nothing in it is secret. */
interface SavedAnswer {
  readonly keyId: string;
  readonly statement: readonly bigint[];
  readonly proof: Groth16Proof;
}

const ANSWER_SCHEMA = z
  .object({
    keyId: z.string().regex(/^0x[0-9a-f]{64}$/),
    statement: z.array(z.string().regex(/^(0|[1-9]\d{0,77})$/)),
    proof: PROOF_SCHEMA,
  })
  .strict();

const SAVED_ANSWER: DocumentKind<SavedAnswer, z.infer<typeof ANSWER_SCHEMA>> = {
  format: "zkpot.stage-proof",
  version: 1,
  isSecret: false,
  schema: ANSWER_SCHEMA,
  encode: ({ keyId, statement, proof }) => ({
    keyId,
    statement: statement.map(String),
    proof: encodeProof(proof),
  }),
  decode: ({ keyId, statement, proof }) => ({
    keyId,
    statement: statement.map(BigInt),
    proof: decodeProof(proof),
  }),
};

/** Training circuits have no dataset block: infinity stands for it. */
const NO_DATA_POINT = { x: 0n, y: 0n } as const;

/** Proofs of stages in a folder: what a crash must not cost, since each takes seconds to minutes. */
export class AnswerStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * The proof of a statement, from the folder if a valid one lies there, else from `prove`, which is then saved.
   *
   * A saved proof for another statement or key is replaced: it was made for a chain or task that is gone.
   */
  async proofOf(
    name: "init" | `step-${number}`,
    { keyId, manifest }: KeySet,
    statement: readonly bigint[],
    prove: () => Promise<Groth16Proof>,
  ): Promise<Groth16Proof> {
    const file = path.join(this.folder, `${name}.json`);
    if (existsSync(file)) {
      const saved = await loadDocument(file, SAVED_ANSWER);
      const isSame = saved.keyId === keyId && saved.statement.join() === statement.join();
      const key = decodeVerifyingKey(manifest.verifyingKey);
      if (isSame && verifyProof(key, keyId, statement, NO_DATA_POINT, saved.proof)) return saved.proof;
    }
    const proof = await prove();
    await mkdir(this.folder, { recursive: true });
    await saveDocument(file, SAVED_ANSWER, { keyId, statement, proof });
    return proof;
  }
}
