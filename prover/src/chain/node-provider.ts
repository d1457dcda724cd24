import {
  type EthersError,
  FetchRequest,
  isError,
  type JsonRpcError,
  type JsonRpcPayload,
  JsonRpcProvider,
  type JsonRpcResult,
  Network,
} from "ethers";

import { ChainError } from "./chain-error.ts";
import { redactUrl } from "./redact-url.ts";

/** How long a node may take to answer. */
export const REQUEST_TIMEOUT_MS = 30_000;

/** What a node says of a call that it did run. */
const EXECUTION_FAILURE = /revert|gas|opcode|stack|insufficient|\bevm\b/i;
/** Requests whose answers ethers and toChainError tell apart: funds, numbers, fees. */
const SENDING = ["eth_sendRawTransaction", "eth_sendTransaction"];

/**
 * A node whose failures are ChainErrors, whatever was asked: `chain.unreachable` when it does not answer, `chain.request-failed`
 * when it answers with anything but the answer. Refusals of contracts and of transactions stay errors of ethers.
 */
export class NodeProvider extends JsonRpcProvider {
  readonly #url: string;

  constructor(rpcUrl: string, chainId: bigint) {
    const request = new FetchRequest(rpcUrl);
    request.timeout = REQUEST_TIMEOUT_MS;
    // The chain id was just checked: asking again before every request would double the traffic.
    const network = Network.from(chainId);
    super(request, network, {
      staticNetwork: network,
      batchMaxCount: 1,
      // An answer that is a quarter of a second old may name a transaction number that is used already.
      cacheTimeout: -1,
    });
    this.pollingInterval = 500;
    this.#url = rpcUrl;
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    let answers: JsonRpcResult[];
    try {
      answers = await super._send(payload);
    } catch (cause) {
      if (isError(cause, "SERVER_ERROR") || isError(cause, "UNSUPPORTED_OPERATION")) {
        throw requestFailed(this.#url, cause.shortMessage, cause);
      }
      throw unreachable(this.#url, cause);
    }
    for (const { id, method } of [payload].flat()) {
      if (!answers.some((answer) => answer.id === id)) {
        throw requestFailed(this.#url, `no answer to ${method}`, undefined);
      }
    }
    return answers;
  }

  override getRpcError(payload: JsonRpcPayload, answer: JsonRpcError): Error {
    const found = super.getRpcError(payload, answer) as EthersError;
    if (SENDING.includes(payload.method)) return found;
    const { message = "no reason" } = answer.error;
    const isRefusal = isError(found, "CALL_EXCEPTION")
      ? found.data !== null || EXECUTION_FAILURE.test(message)
      : isError(found, "INSUFFICIENT_FUNDS") || isError(found, "NONCE_EXPIRED");
    return isRefusal ? found : requestFailed(this.#url, `${payload.method}: ${message}`, found);
  }
}

/** The error for a node that does not answer. */
export function unreachable(rpcUrl: string, cause: unknown): ChainError {
  return new ChainError(
    "chain.unreachable",
    `no Ethereum node answers at ${redactUrl(rpcUrl)} (${reasonOf(cause)})`,
    "Start the node (for a local one: `npx anvil`), or correct the RPC URL.",
    { rpcUrl: redactUrl(rpcUrl) },
    { cause },
  );
}

function requestFailed(rpcUrl: string, reason: string, cause: unknown): ChainError {
  return new ChainError(
    "chain.request-failed",
    `the node at ${redactUrl(rpcUrl)} did not do what it was asked (${reason})`,
    "Check the node with `zkpot doctor` and run the command again: finished steps are not repeated.",
    { rpcUrl: redactUrl(rpcUrl) },
    { cause },
  );
}

/** What went wrong, without the request that ethers appends: it may hold an access key. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { shortMessage, code } = cause as { shortMessage?: string; code?: string };
  // Several addresses that all refuse come as one error without words.
  const reason = shortMessage ?? (cause.message === "" ? (code ?? cause.name) : cause.message);
  return cause.cause instanceof Error ? `${reason}: ${cause.cause.message}` : reason;
}
