import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { link, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";

import type { RoundPlace } from "../chain/context.ts";
import { decodeDocument, type DocumentKind, encodeDocument } from "../data/document.ts";
import { writeFileAtomically } from "../files.ts";
import { makeFolder, syncFolder } from "../folders.ts";
import { FederationError } from "./federation-error.ts";

const CIPHER = "aes-256-gcm";
const HEADER = Buffer.from("zkpot.round-folder.v1\n");
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Is public, and may be what the next round starts from. */
const KEPT_FILE = "global-model.sealed";

/** What a member has done: a file of its folder for a round. */
export type StageName =
  | "local-model"
  | "local-score"
  | "average"
  | "global-model"
  | "global-score"
  | "own-score"
  | `mask-${number}`;

/**
 * What an account keeps of a round until it has ended, so that a run that is killed goes on where it was: its model with the
 * salt of its commitment, and the result of each stage before it is sent. All files are encrypted (AES-256-GCM) under a key
 * that the account's key gives, each bound to account, round and name.
 */
export class RoundFolder {
  readonly folder: string;
  readonly #key: Uint8Array;
  readonly #binding: string;
  readonly #round: bigint;

  /** @param key 32 bytes; see deriveMemberSecrets. */
  constructor(workingFolder: string, place: RoundPlace, account: string, key: Uint8Array) {
    const { chainId, address, federationId, round } = place;
    const federation = `${chainId}-${address.toLowerCase()}-${federationId}`;
    const parts = [federation, account.toLowerCase(), `round-${round}`];
    this.folder = path.join(workingFolder, ".zkpot", "federations", ...parts);
    this.#binding = parts.join("/");
    this.#key = key;
    this.#round = round;
  }

  /** The file of a stage. */
  fileOf(name: StageName): string {
    return path.join(this.folder, `${name}.sealed`);
  }

  /**
   * What was saved of a stage, undefined without it. Throws FederationError `federation.folder-damaged` for a file that is
   * damaged, or another account's, round's or stage's; `federation.folder-unreadable`.
   */
  async load<Value, Content>(
    name: StageName,
    kind: DocumentKind<Value, Content>,
  ): Promise<Value | undefined> {
    const file = this.fileOf(name);
    let bytes: Buffer;
    try {
      bytes = await readFile(file);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new FederationError(
        "federation.folder-unreadable",
        `cannot read ${file}: ${reason(cause)}`,
        "Make it readable for this user, and run the command again.",
        { file },
        { cause },
      );
    }
    return decodeDocument(kind, this.#decrypt(name, file, bytes), file);
  }

  /** Saves a stage, in place of what was saved before; throws FederationError `federation.folder-not-written`. */
  async save<Value, Content>(
    name: StageName,
    kind: DocumentKind<Value, Content>,
    value: Value,
  ): Promise<void> {
    const file = this.fileOf(name);
    await this.#write(file, this.#encrypt(name, encodeDocument(kind, value)));
  }

  /** Saves a stage unless it was saved before, by this process or another one; throws as save. */
  async saveFirst<Value, Content>(
    name: StageName,
    kind: DocumentKind<Value, Content>,
    value: Value,
  ): Promise<void> {
    const file = this.fileOf(name);
    const own = `${file}.${randomBytes(6).toString("hex")}`;
    await this.#write(own, this.#encrypt(name, encodeDocument(kind, value)));
    try {
      // Unlike a rename, a link never replaces what is there.
      await link(own, file).catch((cause: unknown) => {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      });
      // Whoever put it there: what it commits to is sent next.
      await syncFolder(this.folder);
    } catch (cause) {
      throw notWritten(file, cause);
    } finally {
      await rm(own, { force: true });
    }
  }

  /** Removes what was kept of the federation's earlier rounds, but for their global models. */
  async forgetEarlier(): Promise<void> {
    const rounds = path.dirname(this.folder);
    for (const name of await readdir(rounds)) {
      const round = /^round-(\d+)$/.exec(name)?.[1];
      if (round === undefined || BigInt(round) >= this.#round) continue;
      for (const file of await readdir(path.join(rounds, name))) {
        if (file !== KEPT_FILE) await rm(path.join(rounds, name, file), { force: true });
      }
    }
  }

  async #write(file: string, content: Buffer): Promise<void> {
    try {
      await makeFolder(this.folder, 0o700);
      await writeFileAtomically(file, content, 0o600);
    } catch (cause) {
      throw notWritten(file, cause);
    }
  }

  #encrypt(name: StageName, text: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(this.#boundTo(name));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([HEADER, nonce, cipher.getAuthTag(), sealed]);
  }

  #decrypt(name: StageName, file: string, bytes: Buffer): string {
    const sealedAt = HEADER.length + NONCE_BYTES + TAG_BYTES;
    try {
      if (!bytes.subarray(0, HEADER.length).equals(HEADER) || bytes.length < sealedAt) {
        throw new Error("it is no file of a round folder");
      }
      const nonce = bytes.subarray(HEADER.length, HEADER.length + NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(this.#boundTo(name))
        .setAuthTag(bytes.subarray(HEADER.length + NONCE_BYTES, sealedAt));
      return Buffer.concat([decipher.update(bytes.subarray(sealedAt)), decipher.final()]).toString("utf8");
    } catch (cause) {
      throw new FederationError(
        "federation.folder-damaged",
        `${file} cannot be decrypted: it is damaged, or belongs to another account, round or stage`,
        "Put back the file that was there. Without it this round is lost: move the file away and wait for the next.",
        { file },
        { cause },
      );
    }
  }

  #boundTo(name: StageName): Buffer {
    return Buffer.from(`${this.#binding}/${name}`);
  }
}

function reason(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}

const NO_ROOM = "Make room on the disk, or work in a folder on another one.";
const NO_LINKS =
  "Work in a folder on another file system, with hard links, which FAT, exFAT and some network drives lack.";

/** What helps when a file cannot be written, by the system's error code. */
const WRITING_ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: NO_ROOM,
  EDQUOT: NO_ROOM,
  EPERM: NO_LINKS,
  ENOTSUP: NO_LINKS,
  EOPNOTSUPP: NO_LINKS,
  ENOSYS: NO_LINKS,
};

function notWritten(file: string, cause: unknown): FederationError {
  const code = reason(cause);
  return new FederationError(
    "federation.folder-not-written",
    `cannot write ${file}: ${code}`,
    WRITING_ADVICE[code] ?? "Work in a folder that you may write to, or make this one writable.",
    { file },
    { cause },
  );
}
