import { type Filter, type FilterByBlockHash, isError, type Log } from "ethers";

import { ChainError } from "./chain-error.ts";
import { nodeAnswer, shortReason } from "./decode-error.ts";
import { NodeProvider } from "./node-provider.ts";

/** What most public nodes take at once. */
const FIRST_SPAN = 10_000;
/** With fewer blocks at a time, looking through a chain takes too long to be of use. */
const LEAST_SPAN = 100;

/**
 * A node that is asked for logs block range by block range where it refuses the whole one, as public nodes do. The number of
 * blocks that it takes at once is found by halving, and remembered.
 */
export class RangedProvider extends NodeProvider {
  /** Blocks to ask for at once; undefined while the node has refused nothing. */
  #span: number | undefined;

  /** As NodeProvider; throws ChainError `chain.logs-refused` when the node refuses even short ranges. */
  override async getLogs(filter: Filter | FilterByBlockHash): Promise<Log[]> {
    if ("blockHash" in filter) return await super.getLogs(filter);
    if (this.#span === undefined) {
      try {
        return await super.getLogs(filter);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.#span = FIRST_SPAN;
      }
    }
    return await this.#getLogsInRanges(filter);
  }

  async #getLogsInRanges(filter: Filter): Promise<Log[]> {
    const [first, last] = await Promise.all([
      this.#blockNumber(filter.fromBlock ?? "earliest"),
      this.#blockNumber(filter.toBlock ?? "latest"),
    ]);
    const logs: Log[] = [];
    for (let fromBlock = first; fromBlock <= last;) {
      const span = this.#span ?? FIRST_SPAN;
      const toBlock = Math.min(fromBlock + span - 1, last);
      try {
        logs.push(...(await super.getLogs({ ...filter, fromBlock, toBlock })));
        fromBlock = toBlock + 1;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const half = Math.floor(span / 2);
        if (half < LEAST_SPAN) throw refused(fromBlock, toBlock, error);
        // Of several requests at a time each may find the same limit.
        this.#span = Math.min(this.#span ?? half, half);
      }
    }
    return logs;
  }

  async #blockNumber(tag: Exclude<Filter["fromBlock"], undefined>): Promise<number> {
    if (tag === "earliest") return 0;
    if (typeof tag === "string" && !tag.startsWith("0x")) return await this.getBlockNumber();
    return Number(tag);
  }
}

/** HTTP statuses of nodes that put what they answer into an error of the transport. */
const REFUSING_STATUSES: readonly number[] = [400, 413, 422];

/** Whether the node answered, but with an error, as it does for too many blocks or logs. */
function isRefusal(error: unknown): error is ChainError {
  if (!(error instanceof ChainError) || error.code !== "chain.request-failed") return false;
  const { cause } = error;
  if (isError(cause, "SERVER_ERROR")) return REFUSING_STATUSES.includes(cause.response?.statusCode ?? 0);
  return cause !== undefined && nodeAnswer(cause) !== undefined;
}

function refused(fromBlock: number, toBlock: number, { cause }: ChainError): ChainError {
  return new ChainError(
    "chain.logs-refused",
    `the node does not give the events of blocks ${fromBlock} to ${toBlock}: ${shortReason(cause)}`,
    "Use a node with fewer limits; in a profile that names addresses, name the first block with the contracts in firstBlock, too.",
    { fromBlock, toBlock },
    { cause },
  );
}
