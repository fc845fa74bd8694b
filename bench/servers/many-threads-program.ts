/**
 * node:http with a Worker thread per tenant, each started at its tenant's first request and kept. Takes the folder of modules, `<tenant>.wasm`
 * for each. Prints its port. The same file is the thread's program.
 */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { handle, imports } from './http-handler-glue.js';

/** What crosses from a thread: the answer to request `id`. */
interface Reply {
  readonly id: number;
  readonly contentType: string;
  readonly answer: Uint8Array;
}

function answerRequests(path: string): void {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), imports);
  parentPort?.on('message', (id: number) => parentPort?.postMessage({ id, ...handle(instance, null) }));
}

function serve(folder: string): void {
  const threads = new Map<string, Worker>();
  const waiting = new Map<number, ServerResponse>();
  let ids = 0;
  const answer = ({ id, contentType, answer: body }: Reply): void => {
    const response = waiting.get(id);
    waiting.delete(id);
    response?.writeHead(200, ['content-type', contentType, 'content-length', `${body.length}`]).end(body);
  };
  const threadOf = (tenant: string): Worker => {
    const known = threads.get(tenant);
    if (known !== undefined) return known;
    const made = new Worker(new URL(import.meta.url), { workerData: join(folder, `${tenant}.wasm`) });
    made.on('message', answer);
    threads.set(tenant, made);
    return made;
  };
  const server = createServer((request, response) => {
    const host = request.headers.host ?? '';
    ids += 1;
    waiting.set(ids, response);
    threadOf(host.slice(0, host.indexOf('.'))).postMessage(ids);
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
  });
}

if (isMainThread) serve(process.argv[2] ?? '');
else answerRequests(workerData as string);
