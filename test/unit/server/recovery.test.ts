import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackendError, type BackendRequest, type BackendResponse } from '../../../src/capability/backend.ts';
import type { FailurePage, FailureRule, Measure } from '../../../src/failure-rule.ts';
import { BodyError, BytesSource, type BodySource } from '../../../src/http/body.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { Task } from '../../../src/runtime/task.ts';
import { Arrival } from '../../../src/server/arrival.ts';
import type { Reach } from '../../../src/server/failure-policy.ts';
import { RECOVERY_LEAST_MS } from '../../../src/server/limits.ts';
import { recourseOf, recover } from '../../../src/server/recovery.ts';
import { RequestBody } from '../../../src/server/request-body.ts';
import { ResponseWriter } from '../../../src/server/response-writer.ts';
import { NO_BACKENDS } from '../../../src/server/subrequests.ts';
import type { TransportRequest } from '../../../src/server/transport.ts';
import { Visit } from '../../../src/server/visit.ts';
import { FakeTransport } from './fake-transport.ts';

const PAGE: FailurePage = { bytes: Buffer.from('sorry'), type: 'text/plain', status: 503 };

let channel: FakeTransport;
let visit: Visit;
let asked: BackendRequest[];

/** A failed visit whose app has a rule with these measures, and may reach this. */
function arrive(serve: readonly Measure[], reach: Partial<Reach> = {}, method = 'GET'): void {
  channel = new FakeTransport();
  Object.assign(channel, { getRemoteAddress: () => Uint8Array.of(192, 0, 2, 1).buffer, getRemotePort: () => 1 });
  const fields = [
    ['host', 'app.test'],
    ['x-client', 'mine'],
  ] as const;
  const request = {
    getCaseSensitiveMethod: () => method,
    getUrl: () => '/t',
    getQuery: () => 'q',
    forEach: (see: (name: string, value: string) => void) => fields.forEach(([name, value]) => see(name, value)),
  };
  const arrival = new Arrival(request as unknown as TransportRequest, channel.response);
  visit = new Visit(arrival, new ResponseWriter(channel.response, method, () => 'keep'));
  channel.onAborted(() => visit.clientGone());
  const rule: FailureRule = { path: '/', on: ['trap', 'budget'], serve, page: PAGE };
  visit.deployment = { onFailure: [rule] } as unknown as Deployment;
  visit.account = new Task({ cpuMs: 1, wallMs: 5_000 }, performance.now(), 0);
  visit.backends = { ...NO_BACKENDS, ...reach };
  visit.keepAsSent();
  visit.failed('guest_trap', 'why');
}

async function recovered(): Promise<boolean> {
  const recourse = recourseOf(visit, visit.outcome);
  return recourse !== null && recover(visit, recourse);
}

function answer(text: string | BodySource, fields: [string, string][] = [], status = 200): BackendResponse {
  const body = typeof text === 'string' ? new BytesSource(Buffer.from(text)) : text;
  return { status, headers: HeaderList.from(fields), body, trailers: new HeaderList() };
}

/** An origin that answers so. */
function origin(fetch: (request: BackendRequest) => Promise<BackendResponse>): Partial<Reach> {
  return {
    origin: {
      fetch: (request) => {
        asked.push(request);
        return fetch(request);
      },
    },
  };
}

/** An origin that waits until it is given up. */
const HANGING = (): Partial<Reach> =>
  origin(({ signal }) => {
    const { promise, reject } = Promise.withResolvers<BackendResponse>();
    signal.addEventListener('abort', () => reject(new BackendError('aborted', 'given up')));
    return promise;
  });

beforeEach(() => void (asked = []));
afterEach(() => vi.useRealTimers());

describe('a stored answer', () => {
  it('is sent, and the client is told why', async () => {
    const stored = (request: BackendRequest): Promise<BackendResponse> => {
      asked.push(request);
      return Promise.resolve(answer('old', [['age', '9']]));
    };
    arrive(['stale', 'origin'], { stored, ...origin(() => Promise.reject(new TypeError('asked'))) });
    expect(await recovered()).toBe(true);
    expect(channel.fields).toEqual([
      ['kerb-outcome', 'guest_trap'],
      ['kerb-served', 'stale'],
      ['age', '9'],
    ]);
    expect(channel.body).toBe('old');
    expect(visit.record()).toMatchObject({ outcome: 'guest_trap', detail: 'why', served: 'stale' });
    expect(asked).toMatchObject([{ method: 'GET', target: '/t?q', body: null }]);
  });

  it('that is not there leaves it to the next measure', async () => {
    arrive(['stale', 'page']);
    expect(await recovered()).toBe(true);
    expect([visit.served, channel.status, channel.body]).toEqual(['page', '503 Service Unavailable', 'sorry']);
  });
});

describe('the origin', () => {
  it('is asked what the client asked, whatever the guest made of it', async () => {
    arrive(
      ['origin'],
      origin(() => Promise.resolve(answer('direct'))),
    );
    visit.request.headers.set('x-client', 'guest');
    visit.request.headers.set('host', 'forged');
    expect(await recovered()).toBe(true);
    expect(asked[0]?.headers.get('x-client')).toBe('mine');
    expect(asked[0]?.forwarded).toMatchObject({ host: 'app.test', for: '192.0.2.1' });
    expect([channel.body, visit.served]).toEqual(['direct', 'origin']);
  });

  it('gets a body that nobody has read, with its length', async () => {
    const body = new RequestBody(100, { pause: () => false, resume: () => undefined });
    body.push(Uint8Array.from(Buffer.from('text')).buffer, true);
    arrive(
      ['origin', 'page'],
      origin(() => Promise.resolve(answer('ok'))),
      'POST',
    );
    visit.body = body;
    expect(await recovered()).toBe(true);
    expect(asked[0]?.body).toBe(body);
  });

  it.each(['read', 'cancelled', 'failed'])('gets no body that was %s', async (fate) => {
    const body = new RequestBody(100, { pause: () => false, resume: () => undefined });
    arrive(
      ['origin', 'page'],
      origin(() => Promise.resolve(answer('ok'))),
      'POST',
    );
    visit.body = body;
    if (fate === 'read') void body.read(1);
    else if (fate === 'cancelled') body.cancel();
    else body.fail('too_large');
    expect(await recovered()).toBe(true);
    expect([asked, visit.served]).toEqual([[], 'page']);
  });

  it('that fails leaves it to the next measure, and to the error', async () => {
    const refusing = origin(() => Promise.reject(new BackendError('connect', 'refused')));
    arrive(['origin', 'page'], refusing);
    expect([await recovered(), visit.served]).toEqual([true, 'page']);
    arrive(['origin'], refusing);
    expect([await recovered(), visit.served, visit.writer.instead, channel.calls]).toEqual([false, null, null, []]);
  });

  it('that is not granted leaves it to the error', async () => {
    arrive(['origin']);
    expect(await recovered()).toBe(false);
  });

  it('whose head is no sound HTTP leaves it to the next measure, and its body is given up', async () => {
    const body = new BytesSource(Buffer.from('x'));
    const cancel = vi.spyOn(body, 'cancel');
    arrive(
      ['origin', 'page'],
      origin(() => Promise.resolve(answer(body, [['x', 'a\r\nb']]))),
    );
    expect([await recovered(), visit.served]).toEqual([true, 'page']);
    expect(cancel).toHaveBeenCalled();
  });

  it('that breaks off is noted as what was served, and nothing else is tried', async () => {
    const pieces: (Buffer | null)[] = [Buffer.from('half')];
    const read = (): Buffer => {
      const piece = pieces.shift();
      if (piece === undefined || piece === null) throw new BodyError('closed');
      return piece;
    };
    arrive(
      ['origin', 'page'],
      origin(() => Promise.resolve(answer({ read, cancel: () => undefined }))),
    );
    expect([await recovered(), visit.served, channel.body]).toEqual([false, 'origin', 'half']);
  });

  it('has the rest of the wall time, and at least a second', async () => {
    for (const [leftMs, waits] of [
      [5_000, 5_000],
      [-3, RECOVERY_LEAST_MS],
    ] as const) {
      vi.useFakeTimers();
      arrive(['origin', 'page'], HANGING());
      visit.account = new Task({ cpuMs: 1, wallMs: leftMs }, performance.now(), 0);
      const done = recovered();
      await vi.advanceTimersByTimeAsync(waits - 1);
      expect(visit.recovery).not.toBeNull();
      await vi.advanceTimersByTimeAsync(2);
      expect([await done, visit.served, visit.recovery]).toEqual([true, 'page', null]);
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});

describe('a client that leaves', () => {
  it('ends what is asked for it, and nothing more is tried', async () => {
    arrive(['origin', 'page'], HANGING());
    const done = recovered();
    channel.abort();
    expect([await done, visit.served, channel.calls]).toEqual([false, null, []]);
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(visit.record()).toMatchObject({ outcome: 'guest_trap', served: null, status: 0 });
  });

  it('has an answer that comes too late given up', async () => {
    const { promise, resolve } = Promise.withResolvers<BackendResponse>();
    const body = new BytesSource(Buffer.from('late'));
    const cancel = vi.spyOn(body, 'cancel');
    arrive(
      ['origin'],
      origin(() => promise),
    );
    const done = recovered();
    channel.abort();
    resolve(answer(body));
    expect([await done, channel.calls, cancel.mock.calls.length > 0]).toEqual([false, [], true]);
  });

  it('or has got a part of a response is not answered again', async () => {
    arrive(['page']);
    visit.writer.open({ status: 200, headers: new HeaderList() });
    expect(recourseOf(visit, 'guest_trap')).toBeNull();
    arrive(['page']);
    channel.abort();
    expect(recourseOf(visit, 'guest_trap')).toBeNull();
  });
});

describe('a page', () => {
  it('is sent whole, without content to HEAD', async () => {
    arrive(['page'], {}, 'HEAD');
    expect(await recovered()).toBe(true);
    expect([channel.body, channel.ended?.length]).toEqual(['', 5]);
    expect(channel.fields).toEqual([
      ['kerb-outcome', 'guest_trap'],
      ['kerb-served', 'page'],
      ['content-type', 'text/plain'],
      ['cache-control', 'no-store'],
      ['x-content-type-options', 'nosniff'],
    ]);
  });

  it('lets go of the request’s body before', async () => {
    const body = new RequestBody(100, { pause: () => false, resume: () => undefined });
    arrive(['page'], {}, 'POST');
    visit.body = body;
    expect(await recovered()).toBe(true);
    expect(body.untouched).toBe(false);
  });
});

it('faults of Kerb’s own are not taken for an answer that failed', async () => {
  arrive(
    ['origin', 'page'],
    origin(() => Promise.reject(new TypeError('a mistake'))),
  );
  await expect(recovered()).rejects.toThrow('a mistake');
});
