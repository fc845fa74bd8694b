import { expect, test } from 'vitest';
import { BackendError, type Backend, type BackendRequest } from '../../../src/capability/backend.ts';
import { BytesSource } from '../../../src/http/body.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { NO_BACKENDS, RequestBackends } from '../../../src/server/subrequests.ts';

const request = (body: BackendRequest['body'] = null): BackendRequest => ({
  method: 'GET',
  target: '/',
  headers: new HeaderList(),
  body,
  signal: new AbortController().signal,
});

/** A backend that answers nothing but counts. */
function counting(): { backend: Backend; count: () => number } {
  let calls = 0;
  const backend: Backend = {
    fetch: () => {
      calls += 1;
      const head = { status: 204, headers: new HeaderList(), trailers: new HeaderList() };
      return Promise.resolve({ ...head, body: new BytesSource(new Uint8Array(0)) });
    },
  };
  return { backend, count: () => calls };
}

/** One backend under two names, the first the origin. */
function backendsOf(backend: Backend, limit: number): RequestBackends {
  return new RequestBackends(
    {
      issuers: new Map(),
      kept: new Map(),
      signers: new Map(),
      backends: new Map([
        ['main', backend],
        ['other', backend],
      ]),
    },
    'main',
    limit,
  );
}

test('requests within the budget reach the backend', async () => {
  const { backend, count } = counting();
  const budgeted = backendsOf(backend, 2).origin as Backend;
  await budgeted.fetch(request());
  expect((await budgeted.fetch(request())).status).toBe(204);
  expect(count()).toBe(2);
});

test.each([0, 1])('a request beyond a budget of %i fails and never leaves', async (limit) => {
  const { backend, count } = counting();
  const budgeted = backendsOf(backend, limit).origin as Backend;
  for (let used = 0; used < limit; used++) await budgeted.fetch(request());
  const body = new BytesSource(Uint8Array.of(1));
  const refused = budgeted.fetch(request(body));
  await expect(refused).rejects.toBeInstanceOf(BackendError);
  await expect(refused).rejects.toMatchObject({ fault: 'budget' });
  await expect(refused).rejects.toThrow(`${limit} subrequests`);
  expect(count()).toBe(limit);
  expect(body.read(1)).toBeNull();
});

test('the origin and the named backends share one budget', async () => {
  const { backend, count } = counting();
  const backends = backendsOf(backend, 2);
  await backends.origin?.fetch(request());
  await backends.backend('other')?.fetch(request());
  await expect(backends.backend('main')?.fetch(request())).rejects.toMatchObject({ fault: 'budget' });
  expect(count()).toBe(2);
});

test('a name that was not granted is nobody', () => {
  const backends = backendsOf(counting().backend, 1);
  expect([backends.backend('none'), backends.backend('constructor'), NO_BACKENDS.backend('main')]).toEqual([
    null,
    null,
    null,
  ]);
});
