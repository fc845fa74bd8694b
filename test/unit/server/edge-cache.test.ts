import { setImmediate as turn } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { Generations, hashOf } from '../../../src/cache/generations.ts';
import { urlKey } from '../../../src/cache/key.ts';
import { MAX_ORPHANED_FETCHES } from '../../../src/cache/limits.ts';
import type { Forward, ForwardResponse } from '../../../src/cache/ports.ts';
import {
  BackendError,
  type Backend,
  type BackendRequest,
  type BackendResponse,
} from '../../../src/capability/backend.ts';
import { BodyError, BytesSource } from '../../../src/http/body.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { CachedBackend } from '../../../src/server/cached-backend.ts';
import { EdgeCache } from '../../../src/server/edge-cache.ts';
import { ResponseBody } from '../../../src/upstream/response-body.ts';
import { textOf } from '../upstream/origin.ts';

/** A backend in the test's hands, which all threads reach. */
class Origin {
  calls: { target: string; method: string; signal: AbortSignal; settle: PromiseWithResolvers<ForwardResponse> }[] = [];
  /** Answers at once; `null`: the test does, later. */
  answer: ((target: string) => ForwardResponse) | null = null;

  readonly forward =
    (target: string): Forward =>
    ({ method, signal }) => {
      const settle = Promise.withResolvers<ForwardResponse>();
      this.calls.push({ target, method, signal, settle });
      signal.addEventListener('abort', () => settle.reject(new BackendError('aborted', 'given up')));
      if (this.answer !== null) settle.resolve(this.answer(target));
      return settle.promise;
    };
}

function response(
  body: string | Uint8Array,
  fields: Record<string, string> = { 'Cache-Control': 'max-age=60' },
): ForwardResponse {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return { status: 200, headers: HeaderList.from(Object.entries(fields)), body: new BytesSource(bytes) };
}

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** The caches of two threads, linked as those of a process are. */
function pair(): {
  origin: Origin;
  caches: [EdgeCache, EdgeCache];
  held: { now: number };
  ask: typeof ask;
  outcomes: string[];
} {
  const [origin, generations, held] = [new Origin(), Generations.create().share, { now: 0 }];
  const outcomes: string[] = [];
  const cacheOf = (): EdgeCache =>
    new EdgeCache({
      threads: 2,
      maxBytes: 8e6,
      generations,
      quotaBytes: () => 8e6,
      forwardThrough: ({ deployment, target }) => {
        if (deployment !== 1) return null;
        held.now += 1;
        return { forward: origin.forward(target), leave: () => void (held.now -= 1) };
      },
    });
  const caches: [EdgeCache, EdgeCache] = [cacheOf(), cacheOf()];
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  for (const [at, port] of [port1, port2].entries()) {
    const { hear, peer } = (at === 0 ? caches[0] : caches[1]).link(1 - at, port);
    port.on('message', hear);
    port.on('close', () => peer.close());
  }
  /** Asks as thread `at` does. */
  function ask(
    at: number,
    target: string,
    more: Partial<BackendRequest> = {},
    deployment = 1,
  ): Promise<BackendResponse> {
    const direct: Backend = {
      fetch: async ({ method, headers, signal }) => ({
        ...(await origin.forward(target)({ method, headers, signal })),
        trailers: new HeaderList(),
      }),
    };
    const place = { tenant: 'a', deployment, name: 'main', url: 'http://o.test/' };
    const backend = new CachedBackend(direct, at === 0 ? caches[0] : caches[1], place, (outcome) =>
      outcomes.push(outcome),
    );
    return backend.fetch({ ...requestFor(target), ...more });
  }
  return { origin, caches, held, ask, outcomes };
}

function requestFor(target: string): BackendRequest {
  const forwarded = { for: '192.0.2.1', proto: 'http' as const, host: 'X.test.:80' };
  return { method: 'GET', target, headers: new HeaderList(), body: null, forwarded, signal: AbortSignal.any([]) };
}

/** A target that belongs to the thread. */
function ownedBy(thread: number, name = ''): string {
  for (let i = 0; ; i++) {
    const target = `/${name}${i}`;
    if (hashOf(urlKey({ tenant: 'a', host: 'x.test', target })) % 2 === thread) return target;
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

const read = async (answer: Promise<BackendResponse>): Promise<string> => textOf((await answer).body);

describe('a URL of another thread', () => {
  it('is fetched and stored there once, and then answered from a copy here', async () => {
    const { origin, caches, ask, outcomes } = pair();
    origin.answer = (target) => response(`at ${target}`);
    const target = ownedBy(1);
    for (let i = 0; i < 4; i++) expect(await read(ask(0, target))).toBe(`at ${target}`);
    expect(origin.calls).toHaveLength(1);
    expect(caches.map((cache) => cache.usage('a').entries)).toEqual([0, 1]);
    expect(outcomes).toEqual(['miss', 'hit', 'hit', 'hit']);
  });

  it('of which a copy is here is asked for again when it was purged, by whichever thread', async () => {
    const { origin, caches, ask } = pair();
    let serial = 0;
    origin.answer = () => response(`${(serial += 1)}`, { 'Cache-Control': 'max-age=60', 'Cache-Tag': 't' });
    const target = ownedBy(1);
    const purges = [
      () => caches[0].purgeUrl({ tenant: 'a', host: 'x.test', target }, 'hard'),
      () => caches[1].purgeOwn({ tenant: 'a', subject: { kind: 'all' }, mode: 'hard' }),
      () => caches[0].purgeTag('a', 't', 'hard'),
    ];
    for (const [at, purge] of purges.entries()) {
      for (let i = 0; i < 3; i++) expect(await read(ask(0, target))).toBe(`${at + 1}`);
      expect(await purge()).toBe(1);
    }
    expect(await read(ask(0, target))).toBe('4');
  });

  it('that many ask for on both threads is fetched once, and read as it comes', async () => {
    const { origin, ask, held } = pair();
    const target = ownedBy(0);
    const answers = [0, 1, 0, 1, 1].map((at) => ask(at, target));
    await until(() => origin.calls.length > 0);
    const body = new ResponseBody({ pause: () => {}, resume: () => {}, abort: () => {} });
    origin.calls[0]?.settle.resolve({ ...response('', { 'Cache-Control': 'max-age=60' }), body });
    const bodies = (await Promise.all(answers)).map((answer) => answer.body);
    body.push(Buffer.from('first '));
    for (const each of bodies) expect(Buffer.from((await each.read(100)) ?? []).toString()).toBe('first ');
    body.push(Buffer.from('last'));
    body.end();
    for (const each of bodies) expect(await textOf(each)).toBe('last');
    expect(origin.calls).toHaveLength(1);
    await until(() => held.now === 0);
  });

  it('larger than a copy may be comes in steps, as fast as it is read', async () => {
    const { origin, ask, caches } = pair();
    const bytes = Buffer.alloc(800_000, 'kerb');
    origin.answer = () => response(bytes);
    const target = ownedBy(1);
    expect(await read(ask(0, target))).toBe(bytes.toString());
    const answer = await ask(0, target);
    await turn();
    await turn();
    expect(caches[1].open).toBe(1);
    expect(await textOf(answer.body)).toBe(bytes.toString());
    expect(origin.calls).toHaveLength(1);
    await until(() => caches[1].open === 0);
  });

  it('whose answer is nobody else’s is sent on from here once that is known', async () => {
    const { origin, ask, held } = pair();
    const target = ownedBy(1);
    origin.answer = () => response('mine', { 'Cache-Control': 'private' });
    for (let i = 0; i < 3; i++) expect(await read(ask(0, target))).toBe('mine');
    expect(origin.calls).toHaveLength(3);
    await until(() => held.now === 0);
  });

  it('of a deployment that is not served there is fetched from here', async () => {
    const { origin, ask, outcomes } = pair();
    origin.answer = () => response('x');
    expect(await read(ask(0, ownedBy(1), {}, 7))).toBe('x');
    expect(outcomes).toEqual(['pass']);
  });

  it('whose thread has ended is fetched from here, also when it ends meanwhile', async () => {
    const { origin, ask, caches } = pair();
    const target = ownedBy(1);
    const waiting = ask(0, target);
    await until(() => origin.calls.length === 1);
    for (const port of ports) port.close();
    await until(() => origin.calls.length === 2);
    origin.calls[1]?.settle.resolve(response('here'));
    expect(await read(waiting)).toBe('here');
    origin.answer = () => response('and here');
    expect(await read(ask(0, target))).toBe('and here');
    expect(await caches[0].purgeUrl({ tenant: 'a', host: 'x.test', target }, 'hard')).toBe(0);
  });

  it('that cannot be fetched fails as its backend did', async () => {
    const { origin, ask, held } = pair();
    const answer = ask(0, ownedBy(1));
    await until(() => origin.calls.length === 1);
    origin.calls[0]?.settle.reject(new BackendError('dns', 'no such host'));
    await expect(answer).rejects.toMatchObject({ fault: 'dns', message: 'no such host' });
    await until(() => held.now === 0);
  });

  it('whose body breaks off is told to who reads it', async () => {
    const { origin, ask } = pair();
    const answer = ask(0, ownedBy(1));
    await until(() => origin.calls.length === 1);
    const body = new ResponseBody({ pause: () => {}, resume: () => {}, abort: () => {} });
    origin.calls[0]?.settle.resolve({ ...response('', { 'Cache-Control': 'max-age=60' }), body });
    const arriving = (await answer).body;
    body.push(Buffer.from('half'));
    expect(Buffer.from((await arriving.read(10)) ?? []).toString()).toBe('half');
    body.fail(new Error('reset'));
    await expect(arriving.read(10)).rejects.toBeInstanceOf(BodyError);
  });
});

describe('a client that leaves', () => {
  it('ends its own wait, and not what is fetched for the next one', async () => {
    const { origin, ask, caches } = pair();
    const target = ownedBy(1);
    const leaving = new AbortController();
    const answer = ask(0, target, { signal: leaving.signal });
    await until(() => origin.calls.length === 1);
    leaving.abort();
    await expect(answer).rejects.toMatchObject({ fault: 'aborted' });
    const next = ask(0, target);
    origin.calls[0]?.settle.resolve(response('for the next'));
    expect(await read(next)).toBe('for the next');
    expect(origin.calls).toHaveLength(1);
    await until(() => caches[1].open === 0);
  });

  it('leaves so many fetches behind, and no more', async () => {
    const { origin, ask } = pair();
    const leaving = new AbortController();
    const answers = Array.from({ length: MAX_ORPHANED_FETCHES + 5 }, (_, i) =>
      ask(1, ownedBy(1, `many${i}-`), { signal: leaving.signal }),
    );
    await until(() => origin.calls.length === answers.length);
    leaving.abort();
    for (const answer of answers) await expect(answer).rejects.toMatchObject({ fault: 'aborted' });
    expect(origin.calls.filter(({ signal }) => signal.aborted)).toHaveLength(5);
  });

  it('gives up at once what would be its own alone', async () => {
    const { origin, ask } = pair();
    const target = ownedBy(1);
    origin.answer = () => response('mine', { 'Cache-Control': 'no-store' });
    await read(ask(1, target));
    origin.answer = null;
    const leaving = new AbortController();
    const answer = ask(1, target, { signal: leaving.signal });
    await until(() => origin.calls.length === 2);
    leaving.abort();
    await expect(answer).rejects.toMatchObject({ fault: 'aborted' });
    expect(origin.calls[1]?.signal.aborted).toBe(true);
  });

  it('while it reads a body of another thread ends that too', async () => {
    const { origin, ask, caches } = pair();
    origin.answer = () => response(Buffer.alloc(800_000));
    const target = ownedBy(1);
    await read(ask(0, target));
    const leaving = new AbortController();
    const { body } = await ask(0, target, { signal: leaving.signal });
    await body.read(10);
    leaving.abort();
    await until(() => caches[1].open === 0);
    expect(await body.read(10)).toBeNull();
  });
});

describe('an answer', () => {
  it('to a request that was given up while it came is given up too', async () => {
    const { origin, caches, ask } = pair();
    origin.answer = () => response(Buffer.alloc(800_000));
    const target = ownedBy(1);
    await read(ask(0, target));
    const nobody: Backend = { fetch: () => Promise.reject(new TypeError('nothing is to be asked')) };
    const place = { tenant: 'a', deployment: 1, name: 'main', url: 'http://o.test/' };
    const backend = new CachedBackend(nobody, caches[0], place, () => undefined);
    const leaving = new AbortController();
    const stored = backend.stored({ ...requestFor(target), signal: leaving.signal });
    leaving.abort();
    expect(await (await stored)?.body.read(10)).toBeNull();
    await until(() => caches[1].open === 0);
  });
});

describe('a request that changes something', () => {
  it('is sent on from where it came, and ends what is stored on the other thread before it is answered', async () => {
    const { origin, ask } = pair();
    let text = 'old';
    origin.answer = () => response(text);
    const target = ownedBy(1);
    expect(await read(ask(0, target))).toBe('old');
    text = 'new';
    await ask(0, target, { method: 'PUT' });
    expect(await read(ask(0, target))).toBe('new');
    expect(origin.calls.map(({ method }) => method)).toEqual(['GET', 'PUT', 'GET']);
  });
});

describe('what is stored', () => {
  it('is given also when it is stale, to who asks for that, and the backend is not asked', async () => {
    const { origin, caches, ask } = pair();
    origin.answer = () => response('kept');
    for (const thread of [0, 1]) {
      const target = ownedBy(thread);
      await read(ask(0, target));
      caches[thread]?.purgeOwn({ tenant: 'a', subject: { kind: 'all' }, mode: 'soft' });
      const request = {
        tenant: 'a',
        scheme: 'http' as const,
        host: 'x.test',
        target,
        extra: 'http://o.test/',
        method: 'GET',
        headers: new HeaderList(),
      };
      const stored = await caches[0].stored(request);
      expect(stored === null ? null : await textOf(stored.body)).toBe('kept');
      expect(await caches[0].stored({ ...request, target: '/nothing' })).toBeNull();
      expect(await caches[0].stored({ ...request, tenant: 'b' })).toBeNull();
    }
    expect(origin.calls).toHaveLength(2);
  });

  it('is given in steps where it is large, and its owner is done when it is read', async () => {
    const { origin, caches, ask } = pair();
    const bytes = Buffer.alloc(800_000, 'kept');
    origin.answer = () => response(bytes);
    const target = ownedBy(1);
    await read(ask(0, target));
    const place = { tenant: 'a', scheme: 'http' as const, host: 'x.test', target, extra: 'http://o.test/' };
    const stored = await caches[0].stored({ ...place, method: 'GET', headers: new HeaderList() });
    expect(stored === null ? null : await textOf(stored.body)).toBe(bytes.toString());
    await until(() => caches[1].open === 0);
  });
});
