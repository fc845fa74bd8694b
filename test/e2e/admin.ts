/** The admin API of an edge under test, as a client of it sees it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Edge } from './edge.ts';

/** An answer of the API. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Its JSON, or its text where it is none. */
  readonly body: unknown;
}

/** What is sent beside method and path. */
export interface AdminRequest {
  readonly json?: unknown;
  readonly module?: Uint8Array;
  readonly archive?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client with the operator's token. */
export class Admin {
  readonly #edge: Edge;
  readonly #token: string;

  constructor(edge: Edge, token: string) {
    this.#edge = edge;
    this.#token = token;
  }

  /** The client of an edge that is ready. */
  static async of(edge: Edge): Promise<Admin> {
    const token = await readFile(join(edge.folder, 'data', 'operator.token'), 'utf8');
    return new Admin(edge, token.trim());
  }

  /** Sends a request; `path` is below `/v1`. */
  async ask(
    method: string,
    path: string,
    { json, module, archive, headers = {} }: AdminRequest = {},
  ): Promise<AdminAnswer> {
    const body = json === undefined ? (module ?? archive ?? null) : JSON.stringify(json);
    const type =
      json !== undefined ? 'application/json' : module !== undefined ? 'application/wasm' : 'application/gzip';
    const response = await fetch(`http://127.0.0.1:${this.#edge.controlPort}/v1${path}`, {
      method,
      body: body as string | Uint8Array<ArrayBuffer> | null,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === null ? {} : { 'content-type': type }),
        ...headers,
      },
    });
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** The same, for changes that must succeed. Throws with the answer when they do not. */
  async change(method: string, path: string, request: AdminRequest = {}): Promise<AdminAnswer> {
    const answer = await this.ask(method, path, request);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}
