/** What benchmark `cache` asks itself, beside wrk: single answers to compare, many keys to fill a store, a crowd for one key. */
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { contentOf, etagOf, HOST, PURGED_KEYS, type HitCase } from './cache-cases.ts';

const TIMEOUT_MS = 20_000;
/** Requests in flight while a store is filled. */
const FILL_WIDTH = 32;

/** An answer, wholly read. */
export interface CacheAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A client with up to so many kept connections to one port. */
export class CacheClient {
  readonly #port: number;
  readonly #agent: Agent;

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Asks once. Rejects when the connection fails or nothing comes for twenty seconds. */
  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<CacheAnswer> {
    const to = { host: '127.0.0.1', port: this.#port, path, agent: this.#agent, timeout: TIMEOUT_MS };
    return new Promise((resolve, reject) => {
      const asked = request({ ...to, headers: { host: HOST, ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers: fields } = response;
          resolve({ status, headers: fields, body: Buffer.concat(chunks) });
        });
      });
      asked.on('timeout', () => asked.destroy(new Error(`no answer for ${path} in ${TIMEOUT_MS} ms`)));
      asked.on('error', reject);
      asked.end();
    });
  }

  /** Asks for all paths, some at a time. Rejects when one is not answered with its content. */
  async fill(paths: readonly string[]): Promise<void> {
    const queue = paths.values();
    const lane = async (): Promise<void> => {
      for (const path of queue) mustBe(await this.get(path), path);
    };
    await Promise.all(Array.from({ length: FILL_WIDTH }, lane));
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** How often an origin was asked. */
export async function askedOf(originPort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${originPort}/count`);
  return Number(await answer.text());
}

/** How long a crowd waits for one key, each client on a connection that is there already: until the last one has its answer. */
export async function crowdMs(port: number, path: string, warmPath: string, clients: number): Promise<number> {
  const client = new CacheClient(port, clients);
  const all = (at: string): Promise<CacheAnswer[]> =>
    Promise.all(Array.from({ length: clients }, () => client.get(at)));
  try {
    await all(warmPath);
    const startMs = performance.now();
    const answers = await all(path);
    const tookMs = performance.now() - startMs;
    for (const answer of answers) mustBe(answer, path);
    return tookMs;
  } finally {
    client.close();
  }
}

function mustBe({ status, body }: CacheAnswer, path: string): void {
  const content = contentOf(path);
  if (status !== 200 || content === null || !content.equals(body))
    throw new Error(`${path} is answered ${status} with ${body.length} bytes that are not its content`);
}

/** What is wrong with an answer to a case that was asked before, so that it has to be a hit. Empty: nothing. */
export function hitFaultsOf(
  { status, headers, body }: CacheAnswer,
  { path, range, status: wanted }: HitCase,
  { field, hit }: { readonly field: string; readonly hit: RegExp },
): string[] {
  const content = contentOf(path) ?? Buffer.alloc(0);
  const part = range === null ? Buffer.alloc(0) : content.subarray(range.first, range.last + 1);
  const bounds = `bytes ${range?.first ?? 0}-${range?.last ?? 0}/${content.length}`;
  return [
    ...(status === wanted ? [] : [`the status is ${status}, not ${wanted}`]),
    ...(body.equals(part) ? [] : [`the body has ${body.length} bytes that are not the right ${part.length}`]),
    ...(headers.etag === etagOf(path) ? [] : [`etag is ${String(headers.etag)}`]),
    ...(wanted !== 206 || headers['content-range'] === bounds ? [] : [`content-range is not ${bounds}`]),
    ...(hit.test(String(headers[field])) ? [] : [`${field} is ${String(headers[field])}: that is no hit`]),
  ];
}

/** The paths that a purge ends; `serial` tells rounds apart. */
export function purgedPaths(serial: number): string[] {
  return Array.from({ length: PURGED_KEYS }, (_, at) => `/bytes/1024/p${serial}-${at}`);
}
