/** Stored responses, a clock and a backend for the tests of the cache: all of them in the test's hands. */
import type { CachedAnswer } from '../../../src/cache/answer.ts';
import { entryOf, storedHead, type CacheEntry } from '../../../src/cache/entry.ts';
import { freshnessOf } from '../../../src/cache/freshness.ts';
import { HttpCache } from '../../../src/cache/http-cache.ts';
import { primaryKey } from '../../../src/cache/key.ts';
import type { CacheOptions, ForwardRequest, ForwardResponse } from '../../../src/cache/ports.ts';
import { tagsOf } from '../../../src/cache/tags.ts';
import { varyNames, varyValues } from '../../../src/cache/vary.ts';
import type { BodySource } from '../../../src/http/body.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { ResponseBody } from '../../../src/upstream/response-body.ts';

export type Pairs = readonly (readonly [string, string])[];

export const NOW = Date.UTC(2026, 10, 21, 12);

/** The HTTP date `seconds` from {@link NOW}. */
export function date(seconds: number): string {
  return new Date(NOW + seconds * 1000).toUTCString();
}

export interface EntryTerms {
  readonly tenant?: string;
  readonly target?: string;
  readonly pairs?: Pairs;
  readonly asked?: Pairs;
  readonly status?: number;
  readonly body?: string;
  readonly storedAtMs?: number;
}

/** An entry as the cache would store it at {@link NOW}; a lifetime of 60 s where the pairs say nothing. */
export function storedEntry(terms: EntryTerms = {}): CacheEntry {
  const { tenant = 'a', target = '/', pairs = [], asked = [], status = 200, body = 'body', storedAtMs = 0 } = terms;
  const isSilent = !pairs.some(([name]) => /control|expires/i.test(name));
  const headers = HeaderList.from(isSilent ? [...pairs, ['Cache-Control', 'max-age=60']] : pairs);
  const times = { requestMs: NOW, responseMs: NOW };
  const freshness = freshnessOf({ method: 'GET', headers: HeaderList.from(asked) }, { status, headers }, times);
  if (typeof freshness === 'string') throw new Error(`not stored: ${freshness}`);
  const names = varyNames(headers) ?? [];
  const place = {
    tenant,
    key: primaryKey({ tenant, scheme: 'http', host: 'x.test', target }),
    varyNames: names,
    varyValues: varyValues(names, HeaderList.from(asked)),
    tags: tagsOf(headers) ?? new Set<string>(),
  };
  const head = storedHead({ status, headers }, freshness, { wallMs: NOW, monotonicMs: storedAtMs });
  return entryOf(place, head, Buffer.from(body));
}

/** A request that reached the backend and waits for the test to answer it. */
export class Call {
  readonly request: ForwardRequest;
  readonly tenant: string;
  readonly target: string;
  readonly #settle = Promise.withResolvers<ForwardResponse>();
  /** Whether the cache gave the body up. */
  isCancelled = false;

  constructor(request: ForwardRequest, tenant: string, target: string) {
    this.request = request;
    this.tenant = tenant;
    this.target = target;
  }

  get response(): Promise<ForwardResponse> {
    return this.#settle.promise;
  }

  /** Answers with a head whose body the test goes on to push, end or break. */
  begin(pairs: Pairs, status = 200): ResponseBody {
    const abort = (): void => {
      this.isCancelled = true;
    };
    const body = new ResponseBody({ pause: () => {}, resume: () => {}, abort });
    this.#settle.resolve({ status, headers: HeaderList.from(pairs), body });
    return body;
  }

  /** Answers wholly. */
  answer(pairs: Pairs, text = 'body', status = 200): void {
    const body = this.begin(pairs, status);
    if (text !== '') body.push(Buffer.from(text));
    body.end();
  }

  fail(error: Error): void {
    this.#settle.reject(error);
  }
}

export interface AskTerms {
  readonly tenant?: string;
  readonly host?: string;
  readonly method?: string;
  readonly signal?: AbortSignal;
  readonly waits?: 'never';
}

/** A cache with a clock that the test turns and a backend that the test plays. */
export class Rig {
  readonly calls: Call[] = [];
  readonly cache: HttpCache;
  #ms = 0;

  constructor(options: Partial<CacheOptions> = {}) {
    const clock = { wallMs: () => NOW + this.#ms, monotonicMs: () => this.#ms };
    this.cache = new HttpCache({ maxBytes: 1e7, quotaBytes: () => 1e7, maxBodyBytes: 1e6, clock, ...options });
  }

  pass(seconds: number): void {
    this.#ms += seconds * 1000;
  }

  ask(target = '/', pairs: Pairs = [], terms: AskTerms = {}): Promise<CachedAnswer> {
    const request = { tenant: 'a', scheme: 'http', host: 'x.test', method: 'GET', ...terms, target } as const;
    return this.cache.handle({ ...request, headers: HeaderList.from(pairs) }, (sent) => {
      const call = new Call(sent, request.tenant, target);
      this.calls.push(call);
      return call.response;
    });
  }

  /** The call of that number, from the end when negative. */
  call(index = -1): Call {
    const call = this.calls.at(index);
    if (call === undefined) throw new Error(`the backend was asked ${this.calls.length} times only`);
    return call;
  }

  /** Asks and has the backend answer, to the end. */
  async filled(target: string, answer: Pairs, asked: Pairs = [], text = 'body'): Promise<Told> {
    const asking = this.ask(target, asked);
    this.call().answer(answer, text);
    return told(await asking);
  }

  /** Asks; the backend must not be needed. */
  async cached(target = '/', asked: Pairs = [], terms: AskTerms = {}): Promise<Told> {
    const before = this.calls.length;
    const answer = await this.ask(target, asked, terms);
    if (this.calls.length > before && answer.outcome !== 'stale') throw new Error('the backend was asked');
    return told(answer);
  }
}

/** An answer read to its end. */
export interface Told {
  readonly status: number;
  readonly outcome: CachedAnswer['outcome'];
  readonly headers: HeaderList;
  readonly text: string;
}

export async function told({ status, outcome, headers, body }: CachedAnswer): Promise<Told> {
  return { status, outcome, headers, text: await textOf(body) };
}

export async function textOf(body: BodySource): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await body.read(4096); chunk !== null; chunk = await body.read(4096)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Lets everything happen that waits for nothing but its turn. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
