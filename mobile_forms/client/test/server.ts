import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Arrived {
  path: string;
  authorization: string;
  body: Buffer;
}

export type Answer = (arrived: Arrived, response: ServerResponse) => void;

/** A server on this machine that keeps what arrives; relative addresses of the program lead to it. */
export interface TestServer {
  arrived: Arrived[];
  answer: Answer;
  close: () => Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export async function startServer(): Promise<TestServer> {
  const state: TestServer = { arrived: [], answer: (_, response) => response.writeHead(404).end(), close: async () => undefined };
  const server = createServer(async (request, response) => {
    const arrived = { path: request.url ?? "", authorization: request.headers.authorization ?? "", body: await bodyOf(request) };
    state.arrived.push(arrived);
    state.answer(arrived, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const real = globalThis.fetch;
  globalThis.fetch = (input, init) => real(new URL(String(input), base), init);
  state.close = async () => {
    globalThis.fetch = real;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return state;
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" }).end(JSON.stringify(body));
}
