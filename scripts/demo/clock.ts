import type { Connection } from "../../prover/src/chain/connect.ts";

/** Moves the clock of the local chain on; on a public one time does that. */
export async function passSeconds({ provider }: Connection, seconds: number): Promise<void> {
  await provider.send("evm_increaseTime", [seconds]);
  await provider.send("evm_mine", []);
}

/** Moves the clock of the local chain on to a time, in seconds since 1970, unless it is past it. */
export async function passUntil(connection: Connection, timestamp: bigint): Promise<void> {
  const latest = (await connection.provider.getBlock("latest"))!;
  const seconds = Number(timestamp) - latest.timestamp;
  if (seconds <= 0) return;
  await connection.provider.send("evm_setNextBlockTimestamp", [Number(timestamp)]);
  await connection.provider.send("evm_mine", []);
}
