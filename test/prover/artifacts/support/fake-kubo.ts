import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** A request the node got. */
export interface ReceivedRequest {
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

/** What the node answers to a request. */
export type Answer = (request: ReceivedRequest, response: ServerResponse) => void | Promise<void>;

/** An HTTP server in the place of a kubo node: it answers whatever a test wants. */
export class FakeKubo {
  readonly requests: ReceivedRequest[] = [];
  answer: Answer;
  readonly #server: Server;

  private constructor(answer: Answer) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      void this.#handle(request, response);
    });
  }

  static async start(answer: Answer): Promise<FakeKubo> {
    const kubo = new FakeKubo(answer);
    kubo.#server.listen(0, "127.0.0.1");
    await once(kubo.#server, "listening");
    return kubo;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      // The client went away.
      return;
    }
    const received: ReceivedRequest = {
      url: new URL(request.url!, this.url),
      authorization: request.headers.authorization,
      body: Buffer.concat(parts),
    };
    this.requests.push(received);
    await this.answer(received, response);
  }
}

/** Answers with bytes, as `dag/export` does. */
export function sends(bytes: Uint8Array): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/vnd.ipld.car" });
    response.end(bytes);
  };
}

/** Answers with an error, as kubo words them. */
export function fails(status: number, message: string): Answer {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ Message: message, Code: 0, Type: "error" }));
  };
}

/** Answers that it pinned a root, as `dag/import` does. */
export function pins(cid: string, pinErrorMsg = ""): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(`${JSON.stringify({ Root: { Cid: { "/": cid }, PinErrorMsg: pinErrorMsg } })}\n`);
  };
}

/** The only file of a multipart body. */
export function uploadedFile({ body }: ReceivedRequest): Buffer {
  const start = body.indexOf("\r\n\r\n") + 4;
  const boundary = body.subarray(0, body.indexOf("\r\n"));
  return body.subarray(start, body.indexOf(Buffer.concat([Buffer.from("\r\n"), boundary]), start));
}
