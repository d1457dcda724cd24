/** A game: who plays, what happens when, and what it costs. */
import { keccak_256 } from "@noble/hashes/sha3.js";

import { proofContext } from "../../prover/src/chain/context.ts";
import { GAS_PRICE_WEI, PROVING_WEI, VERIFICATION_GAS } from "./economics.ts";

import type { SeededRandom } from "../../prover/src/data/random.ts";

/** Contracts that can be called, by name. */
export type ContractName = "market" | "vault" | "audit" | "auction" | "draw" | "seal";

/** An account of a game. */
export class Player {
  readonly address: string;
  /** What it spent off the chain and on gas. */
  spentWei = 0n;

  constructor(address: string) {
    this.address = address;
  }

  /** Pays for something that happens off the chain. */
  pay(amountWei: bigint): void {
    this.spentWei += amountWei;
  }
}

/** A call that a player makes. */
export interface Call {
  readonly by: Player;
  readonly to: ContractName;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly valueWei?: bigint;
  /** Proofs whose check must be paid for besides. */
  readonly proofs?: number;
  /** Looks at the chain and costs nothing. */
  readonly isView?: boolean;
  /** Sent although it must fail; any other call must succeed. */
  readonly mayFail?: boolean;
}

export interface Outcome {
  readonly success: boolean;
  /** What the call returned, or why it failed. */
  readonly result: string;
}

/** Calls that are mined in one block, in their order, so many seconds after the game began. */
export interface Scene {
  readonly at: number;
  readonly calls: readonly Call[];
  /** Blocks that must have passed since the scene before. */
  readonly blocks?: number;
}

/** The course of a game: yields scenes in the order of time, is given the outcomes, and returns who earned together. */
export type Play = (game: Game) => Generator<Scene, Coalition, readonly Outcome[]>;

export interface Coalition {
  readonly members: readonly Player[];
  /** What they got besides money, in wei. */
  readonly valueWei?: bigint;
}

/** Where games are played. */
export interface Place {
  address(name: ContractName): string;
}

export interface ProofPoint {
  readonly x: bigint;
  readonly y: bigint;
}

function word(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex");
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

const ZERO = { x: 0n, y: 0n };

/** A proof that carries a hash where the registry of the simulation looks. */
function proofWith(hash: bigint) {
  return {
    a: { x: hash, y: 0n },
    b: { xImag: 0n, xReal: 0n, yImag: 0n, yReal: 0n },
    c: ZERO,
    blockCommitment: ZERO,
    blockKnowledge: ZERO,
  };
}

export type SimulatedProof = ReturnType<typeof proofWith>;

/** What anybody can send without a witness. */
export const JUNK_PROOF = proofWith(1n);

/** Players, chance and clock of one game. */
export class Game {
  readonly index: number;
  /** The same in the games of this number of all strategies of a situation. */
  readonly random: SeededRandom;
  /** Timestamp at which the game begins. */
  readonly start: bigint;
  readonly #addresses: Iterator<string>;
  readonly #chainId: bigint;
  readonly place: Place;

  constructor(options: {
    readonly index: number;
    readonly random: SeededRandom;
    readonly start: bigint;
    readonly addresses: Iterator<string>;
    readonly chainId: bigint;
    readonly place: Place;
  }) {
    this.index = options.index;
    this.random = options.random;
    this.start = options.start;
    this.#addresses = options.addresses;
    this.#chainId = options.chainId;
    this.place = options.place;
  }

  /** A player with coin, and stake that every contract may lock. */
  player(): Player {
    const next = this.#addresses.next();
    if (next.done === true) throw new Error("the game has more players than the theatre has puppets");
    return new Player(next.value);
  }

  /** Whether something with this chance happens. */
  chance(probability: number): boolean {
    return this.random.nextUnit() < probability;
  }

  /** The proof of a statement for a purpose of chain/context.ts, by somebody who has a witness: costs the making of it. */
  prove(
    by: Player,
    purpose: string,
    taskId: bigint,
    round: bigint,
    words: readonly bigint[],
    dataPoint: ProofPoint = ZERO,
  ): SimulatedProof {
    by.pay(PROVING_WEI);
    const market = this.place.address("market");
    const context = proofContext({
      chainId: this.#chainId,
      market,
      taskId,
      round,
      prover: by.address,
      purpose,
    });
    const statement = [context, ...words, dataPoint.x, dataPoint.y];
    return proofWith(toNumber(keccak_256(Buffer.concat(statement.map(word)))));
  }
}

/** What a call costs whoever makes it, given the gas it took inside. */
export function costOf(call: Call, gasUsed: bigint, calldataGas: bigint): bigint {
  if (call.isView === true) return 0n;
  return (gasUsed + calldataGas + BigInt(call.proofs ?? 0) * VERIFICATION_GAS) * GAS_PRICE_WEI;
}
