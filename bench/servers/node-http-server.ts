/** The program behind the node:http peers: the constant answer and the echo, with or without a guest. Prints its port. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXCHANGES } from '../workload.ts';
import { handle, imports } from './http-handler-glue.js';
import { MODULES } from './server.ts';

type Answer = (body: Uint8Array | null) => { readonly contentType: string; readonly answer: Uint8Array };

const mode = process.argv[2] ?? 'plain';

function guest(path: string): Answer {
  const module = new WebAssembly.Module(readFileSync(path));
  const make = (): WebAssembly.Instance => new WebAssembly.Instance(module, imports);
  if (mode === 'fresh') return (body) => handle(make(), body);
  const kept = make();
  return (body) => handle(kept, body);
}

const greeting = Buffer.from(EXCHANGES.hello.responseBody);
const plainHello: Answer = () => ({ contentType: EXCHANGES.hello.contentType, answer: greeting });
const plainEcho: Answer = (body) => ({ contentType: EXCHANGES.echo.contentType, answer: body ?? greeting });
const hello = mode === 'plain' ? plainHello : guest(MODULES.hello);
const echo = mode === 'plain' ? plainEcho : guest(MODULES.echo);

function send(response: ServerResponse, { contentType, answer }: ReturnType<Answer>): void {
  response.writeHead(200, ['content-type', contentType, 'content-length', `${answer.length}`]);
  response.end(answer);
}

function collect(request: IncomingMessage, then: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => then(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
}

const server = createServer((request, response) => {
  if (request.method === 'POST') collect(request, (body) => send(response, echo(body)));
  else send(response, hello(null));
});
// Without a keep-alive timeout there is neither a timer nor a field for it: node:http at its quickest.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
