import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A JSON-RPC request as it arrives. */
export interface NodeRequest {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a node answers: a status and a body, sent as they are. */
export interface NodeReply {
  readonly status: number;
  readonly body: string;
}

/** A node on the chain 31337 that answers as it is told. */
export class FaultyNode {
  readonly rpcUrl: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.rpcUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-key`;
  }

  /** Starts a node that tells its chain and leaves everything else to `reply`. */
  static async start(reply: (request: NodeRequest) => NodeReply | Promise<NodeReply>): Promise<FaultyNode> {
    const server = createServer((incoming, outgoing) => {
      let text = "";
      incoming.on("data", (chunk: Buffer) => (text += chunk.toString()));
      incoming.on("end", () => {
        const request = JSON.parse(text) as NodeRequest;
        const isChainId = request.method === "eth_chainId";
        void Promise.resolve(isChainId ? result(request, "0x7a69") : reply(request)).then(
          ({ status, body }) => {
            outgoing.writeHead(status, { "content-type": "application/json", connection: "close" }).end(body);
          },
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FaultyNode(server);
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The answer that was asked for. */
export function result({ id }: NodeRequest, value: unknown): NodeReply {
  return { status: 200, body: JSON.stringify({ jsonrpc: "2.0", id, result: value }) };
}

/** An error in the words of JSON-RPC. */
export function rpcError({ id }: NodeRequest, code: number, message: string, data?: string): NodeReply {
  return { status: 200, body: JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, data } }) };
}

/** The answer of another node. */
export async function forward(request: NodeRequest, rpcUrl: string): Promise<NodeReply> {
  const response = await fetch(rpcUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  return { status: response.status, body: await response.text() };
}
