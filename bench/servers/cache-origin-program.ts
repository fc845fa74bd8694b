/** The origin of benchmark `cache`: content that may be stored for an hour, and how often it was asked for. Prints its port. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { contentOf, etagOf, STORM_WAIT_MS, TAG } from '../cache-cases.ts';

/** Tells how many requests there were; is none itself. */
const COUNT_PATH = '/count';

let asked = 0;

function answer(response: ServerResponse, path: string, content: Buffer): void {
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': content.length,
    'cache-control': 'max-age=3600',
    etag: etagOf(path),
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    'surrogate-key': TAG,
  });
  response.end(content);
}

const server = createServer((request, response) => {
  const path = request.url ?? '/';
  if (path === COUNT_PATH) return void response.end(`${asked}`);
  asked += 1;
  const content = contentOf(path);
  if (content === null) return void response.writeHead(404).end();
  if (path.startsWith('/slow/')) return void setTimeout(() => answer(response, path, content), STORM_WAIT_MS);
  return answer(response, path, content);
});
server.keepAliveTimeout = 0;
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
