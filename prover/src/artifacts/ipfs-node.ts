import { rm } from "node:fs/promises";

import { CID } from "multiformats/cid";

import { writeChunksAtomically } from "../files.ts";
import { ArtifactError } from "./artifact-error.ts";
import { parseArtifactUri } from "./artifact-uri.ts";
import { carOf, importCar, maxCarBytes, type TransferredArtifact } from "./car.ts";
import { type ReadLimits, tooLarge } from "./file-dag.ts";
import { notWritten } from "./file-errors.ts";
import type { ArtifactStore, StoredArtifact } from "./store.ts";

/** How long a node may take for the next MIN_PROGRESS_BYTES: it may have to search the network. */
const IDLE_MS = 60_000;
/** What a node must send or take within IDLE_MS, so that one which sends a byte now and then is given up too. */
const MIN_PROGRESS_BYTES = 65_536;
/** Characters of a node's own error message that are shown. */
const MAX_REASON_LENGTH = 200;

/** How an IPFS node is reached. */
export interface IpfsNodeOptions {
  /** Milliseconds without progress after which a node is given up; default one minute. */
  readonly idleMs?: number;
}

/**
 * An IPFS node by kubo's RPC interface, in which artifacts travel as CAR files both ways. What it sends is checked
 * as a file from a stranger would be.
 */
export class IpfsNode {
  /** Names the node in errors, without what the URL may hold of passwords. */
  readonly name: string;
  readonly #url: URL;
  readonly #headers: Record<string, string>;
  readonly #idleMs: number;

  /** Throws ArtifactError `artifact.invalid-node-url`; `user:password@` in the URL is sent as basic authorization. */
  constructor(rpcUrl: string, { idleMs = IDLE_MS }: IpfsNodeOptions = {}) {
    this.#url = parseUrl(rpcUrl);
    this.#headers = authorizationOf(this.#url);
    this.#url.username = "";
    this.#url.password = "";
    this.#idleMs = idleMs;
    this.name = `IPFS node ${this.#url.origin}`;
  }

  /**
   * Sends an artifact of the store to the node, which pins it. Throws as ArtifactStore.get when the store does not
   * hold it whole, before anything is sent; ArtifactError `artifact.node-failed`.
   */
  async publish(store: ArtifactStore, cid: string, limits: ReadLimits = {}): Promise<StoredArtifact> {
    const stored = await store.check(cid, limits);
    const idle = new IdleSignal(this.#idleMs);
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      for await (const part of carOf(store, cid, limits)) {
        idle.progress(part.length);
        yield part;
      }
    };
    try {
      const client = await this.#client();
      for await (const { root } of client.dag.import(watched(), { pinRoots: true, signal: idle.signal })) {
        if (root.pinErrorMsg) throw new Error(`it did not pin the artifact: ${root.pinErrorMsg}`);
        if (root.cid.toV1().toString() === stored.cid) return stored;
      }
      throw new Error("it did not confirm the artifact");
    } catch (cause) {
      throw this.#failed(`store ${stored.cid}`, cause, idle);
    } finally {
      idle.stop();
    }
  }

  /**
   * Gets an artifact into the store. Throws ArtifactError `artifact.node-failed`, `too-large`, `not-written`, and
   * what importCar throws about what the node sent.
   */
  async fetch(store: ArtifactStore, cid: string, limits: ReadLimits = {}): Promise<TransferredArtifact> {
    const root = parseArtifactUri(cid);
    const file = await store.blocks.newIncoming().catch((cause: unknown) => {
      throw notWritten(store.folder, cause);
    });
    try {
      await this.#download(root, file, maxCarBytes(limits));
      return await importCar(store, file, { ...limits, root, name: `what ${this.name} sent` });
    } finally {
      await rm(file, { force: true });
    }
  }

  async #download(root: string, file: string, maxBytes: number): Promise<void> {
    const idle = new IdleSignal(this.#idleMs);
    let nodeError: ArtifactError | undefined;
    const received = async function* (node: IpfsNode): AsyncGenerator<Uint8Array> {
      let byteLength = 0;
      try {
        const client = await node.#client();
        for await (const chunk of client.dag.export(CID.parse(root), { signal: idle.signal })) {
          idle.progress(chunk.length);
          byteLength += chunk.length;
          if (byteLength > maxBytes) throw tooLarge(root, `at least ${byteLength}`, maxBytes);
          yield chunk;
        }
      } catch (cause) {
        nodeError = cause instanceof ArtifactError ? cause : node.#failed(`send ${root}`, cause, idle);
        throw nodeError;
      }
    };
    try {
      await writeChunksAtomically(file, received(this));
    } catch (cause) {
      throw nodeError ?? notWritten(file, cause);
    } finally {
      idle.stop();
    }
  }

  async #client() {
    const { create } = await import("kubo-rpc-client");
    return create({ url: this.#url, headers: this.#headers });
  }

  #failed(what: string, cause: unknown, idle: IdleSignal): ArtifactError {
    const problem = idle.isOver ? `too little came for ${this.#idleMs / 1000} s` : reasonOf(cause);
    return new ArtifactError(
      "artifact.node-failed",
      `${this.name} did not ${what}: ${problem}`,
      "Check that the node runs and has the artifact (ipfsRpcUrl in zkpot.config.json, --ipfs-rpc, ZKPOT_IPFS_RPC_URL), or pass the artifact on as a CAR file.",
      { node: this.name, problem },
      { cause },
    );
  }
}

/** Aborts when too little happens for a while, and when it is stopped. */
class IdleSignal {
  readonly #controller = new AbortController();
  readonly #idleMs: number;
  #timer: NodeJS.Timeout | undefined;
  #bytes = 0;
  #isOver = false;

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
    this.#restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it aborted because too little happened. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Counts bytes that were sent or received. */
  progress(byteLength: number): void {
    this.#bytes += byteLength;
    if (this.#bytes >= MIN_PROGRESS_BYTES) this.#restart();
  }

  /** Ends the request too, should it still be running. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  #restart(): void {
    clearTimeout(this.#timer);
    this.#bytes = 0;
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort();
    }, this.#idleMs);
  }
}

function parseUrl(rpcUrl: string): URL {
  const url = URL.canParse(rpcUrl) ? new URL(rpcUrl) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  // A password in it stays out of messages.
  const shown = rpcUrl.replace(/\/\/.*@/, "//…@");
  throw new ArtifactError(
    "artifact.invalid-node-url",
    `the address of the IPFS node, "${shown}", is no http or https URL`,
    "Write e.g. http://127.0.0.1:5001 as ipfsRpcUrl in zkpot.config.json, --ipfs-rpc or ZKPOT_IPFS_RPC_URL.",
    { rpcUrl: shown },
  );
}

function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
}

/** What fetch hides behind "fetch failed", or what the node says, as one short line. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error as { cause?: NodeJS.ErrnoException };
  const reason = cause === undefined ? error.message : (cause.code ?? cause.message);
  const line = reason.replace(/[\p{C}\s]+/gu, " ").trim();
  return line.length > MAX_REASON_LENGTH ? `${line.slice(0, MAX_REASON_LENGTH)}…` : line;
}
