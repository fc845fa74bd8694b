import { describe, expect, test } from 'vitest';
import { date, Rig, settled, textOf, told, type Pairs } from './entries.ts';

const FRESH: Pairs = [['Cache-Control', 'max-age=60']];
const TAGGED: Pairs = [
  ['Cache-Control', 'max-age=60'],
  ['ETag', '"a"'],
  ['A', '1'],
];

describe('an answer', () => {
  test('is stored, and serves others with its age and date', async () => {
    const rig = new Rig();
    const first = await rig.filled('/', [...FRESH, ['Age', '10'], ['Date', date(-3)]]);
    expect(first).toMatchObject({ outcome: 'miss', status: 200, text: 'body' });
    expect(first.headers.get('cache-status')).toBe('Kerb; fwd=uri-miss; ttl=50; stored; key="x.test/"');
    rig.pass(5);
    const second = await rig.cached();
    expect(second).toMatchObject({ outcome: 'hit', text: 'body' });
    expect(second.headers.getAll('age')).toEqual(['15']);
    expect(second.headers.get('date')).toBe(date(-3));
    expect(second.headers.get('content-length')).toBe('4');
    expect(second.headers.get('cache-status')).toBe('Kerb; hit; ttl=45; key="x.test/"');
  });

  test('weighs what its entry weighs, and nothing once it is purged', async () => {
    const rig = new Rig();
    await rig.filled('/', FRESH, [], 'x'.repeat(5000));
    const { bytes } = rig.cache.usage('a');
    expect(bytes).toBeGreaterThan(5000);
    expect(bytes).toBeLessThan(8000);
    rig.cache.purgeAll('a', 'hard');
    expect(rig.cache.usage()).toEqual({ bytes: 0, entries: 0 });
  });

  test('straight from its origin has no age of ours', async () => {
    expect((await new Rig().filled('/', FRESH)).headers.has('age')).toBe(false);
  });

  test('may be changed by whoever has it without changing what is stored', async () => {
    const rig = new Rig();
    (await rig.filled('/', FRESH)).headers.set('x', '1');
    (await rig.cached()).headers.set('x', '2');
    expect((await rig.cached()).headers.has('x')).toBe(false);
  });

  test('to HEAD, to a condition and to a range comes from what is stored', async () => {
    const rig = new Rig();
    await rig.filled('/', TAGGED, [], '0123456789');
    expect(await rig.cached('/', [], { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    const unchanged = await rig.cached('/', [['If-None-Match', '"b", W/"a"']]);
    expect(unchanged).toMatchObject({ status: 304, text: '' });
    expect([unchanged.headers.get('etag'), unchanged.headers.has('content-length')]).toEqual(['"a"', false]);
    const part = await rig.cached('/', [['Range', 'bytes=2-4']]);
    expect(part).toMatchObject({ status: 206, text: '234' });
    expect([part.headers.get('content-range'), part.headers.get('content-length')]).toEqual(['bytes 2-4/10', '3']);
    const none = await rig.cached('/', [['Range', 'bytes=10-']]);
    expect(none).toMatchObject({ status: 416, text: '' });
    expect(none.headers.get('content-range')).toBe('bytes */10');
    expect(
      await rig.cached('/', [
        ['Range', 'bytes=2-4'],
        ['If-Range', '"b"'],
      ]),
    ).toMatchObject({ status: 200 });
    expect(
      await rig.cached('/', [
        ['Range', 'bytes=2-4'],
        ['If-None-Match', '"a"'],
      ]),
    ).toMatchObject({ status: 304 });
  });

  test('is not stored with fields of the connection, nor with those that it withholds; its own client has the latter', async () => {
    const rig = new Rig();
    const answer: Pairs = [
      ['Cache-Control', 'max-age=60, private="x"'],
      ['Connection', 'y'],
      ['Keep-Alive', '1'],
      ['X', '1'],
      ['Y', '1'],
      ['Z', '1'],
    ];
    const first = await rig.filled('/', answer);
    expect(['x', 'y', 'z', 'keep-alive'].map((name) => first.headers.has(name))).toEqual([true, false, true, false]);
    const { headers } = await rig.cached();
    expect(['x', 'y', 'z', 'keep-alive'].map((name) => headers.has(name))).toEqual([false, false, true, false]);
  });

  test('504 when a stored one is wanted and there is none', async () => {
    const rig = new Rig();
    expect(await rig.cached('/', [['Cache-Control', 'only-if-cached']])).toMatchObject({
      status: 504,
      outcome: 'only-if-cached',
    });
  });

  test.each<[string, Pairs, string, number]>([
    ['what is private', [['Cache-Control', 'private, max-age=60']], 'body', 200],
    ['what varies on everything', [...FRESH, ['Vary', '*']], 'body', 200],
    ['a part', [...FRESH, ['Content-Range', 'bytes 0-3/9']], 'body', 206],
    ['what is said to be too large', [...FRESH, ['Content-Length', '4']], 'body', 200],
    ['a length that is none', [...FRESH, ['Content-Length', '4, 4']], 'body', 200],
  ])('is not stored: %s', async (_name, pairs, text, status) => {
    const rig = new Rig({ maxBodyBytes: 3 });
    const asking = rig.ask();
    rig.call().answer(pairs, text, status);
    expect(await told(await asking)).toMatchObject({ status, text, outcome: 'pass' });
    expect(rig.cache.usage().entries).toBe(0);
  });

  test.each<[string, Pairs]>([
    ['shorter than said', [...FRESH, ['Content-Length', '5']]],
    ['longer than said', [...FRESH, ['Content-Length', '3']]],
  ])('is not stored, and breaks off: %s', async (_name, pairs) => {
    const rig = new Rig();
    const asking = rig.ask();
    rig.call().answer(pairs);
    await expect(textOf((await asking).body)).rejects.toMatchObject({ fault: 'closed' });
    expect(rig.cache.usage()).toEqual({ bytes: 0, entries: 0 });
  });
});

describe('a stale answer', () => {
  test('is validated with its own conditions, and renewed by a 304', async () => {
    const rig = new Rig();
    await rig.filled('/', [...TAGGED, ['Last-Modified', date(-99)]]);
    rig.pass(60);
    const asking = rig.ask('/', [['If-None-Match', '"mine"']]);
    expect(rig.call().request.headers.getAll('if-none-match')).toEqual(['"a"']);
    expect(rig.call().request.headers.get('if-modified-since')).toBe(date(-99));
    rig.call().answer([['A', '2'], ...FRESH], '', 304);
    const answer = await told(await asking);
    expect(answer).toMatchObject({ status: 200, text: 'body', outcome: 'revalidated' });
    expect(answer.headers.get('a')).toBe('2');
    expect(answer.headers.get('cache-status')).toContain('fwd=stale; fwd-status=304; ttl=60; stored');
    rig.pass(59);
    expect((await rig.cached()).headers.get('a')).toBe('2');
  });

  test('is as young as the 304, whatever age it came with', async () => {
    const rig = new Rig();
    await rig.filled('/', [...TAGGED, ['Age', '50']]);
    rig.pass(20);
    const asking = rig.ask();
    rig.call().answer([], '', 304);
    await asking;
    rig.pass(30);
    expect((await rig.cached()).headers.get('age')).toBe('30');
  });

  test('is replaced by a new one, against which the client condition is judged', async () => {
    const rig = new Rig();
    await rig.filled('/', TAGGED);
    rig.pass(60);
    const asking = rig.ask('/', [['If-None-Match', '"b"']]);
    rig.call().answer([...FRESH, ['ETag', '"b"']], 'new');
    expect(await told(await asking)).toMatchObject({ status: 304, text: '' });
    await settled();
    expect(await rig.cached()).toMatchObject({ text: 'new' });
  });

  test('a 304 that speaks of another one is not believed: it is asked again', async () => {
    const rig = new Rig();
    await rig.filled('/', TAGGED);
    rig.pass(60);
    const asking = rig.ask();
    rig.call().answer([['ETag', '"b"']], '', 304);
    await settled();
    expect(rig.calls.length).toBe(3);
    expect(rig.call().request.headers.has('if-none-match')).toBe(false);
    rig.call().answer([...FRESH, ['ETag', '"b"']], 'new');
    expect(await told(await asking)).toMatchObject({ text: 'new' });
  });

  test('serves while one request renews it', async () => {
    const rig = new Rig();
    await rig.filled('/', [['Cache-Control', 'max-age=60, stale-while-revalidate=10']]);
    rig.pass(61);
    for (let i = 0; i < 3; i++) expect(await rig.cached()).toMatchObject({ outcome: 'stale', text: 'body' });
    expect(rig.calls.length).toBe(2);
    rig.call().answer(FRESH, 'new');
    await settled();
    expect(await rig.cached()).toMatchObject({ outcome: 'hit', text: 'new' });
  });

  test('serves on when renewing fails, and the next one tries again', async () => {
    const rig = new Rig();
    await rig.filled('/', [['Cache-Control', 'max-age=60, stale-while-revalidate=10']]);
    rig.pass(61);
    await rig.cached();
    rig.call().fail(new Error('down'));
    await settled();
    expect(await rig.cached()).toMatchObject({ outcome: 'stale' });
    expect(rig.calls.length).toBe(3);
  });

  test.each([[500], [502], [503], [504]])('serves in place of a %d when it says so', async (status) => {
    const rig = new Rig();
    await rig.filled('/', [['Cache-Control', 'max-age=60, stale-if-error=10']]);
    rig.pass(61);
    const asking = rig.ask();
    const body = rig.call().begin([], status);
    expect(await told(await asking)).toMatchObject({ status: 200, outcome: 'stale-error', text: 'body' });
    expect(body.read(1)).toBeNull();
  });

  test('that was purged meanwhile does not serve in place of an error', async () => {
    const rig = new Rig();
    await rig.filled('/', [['Cache-Control', 'max-age=60, stale-if-error=10']]);
    rig.pass(61);
    const asking = rig.ask();
    rig.cache.purgeAll('a', 'hard');
    rig.call().fail(new Error('down'));
    await expect(asking).rejects.toThrow('down');
  });

  test('does not serve in place of an error that it does not speak of, and outlives a failure', async () => {
    const rig = new Rig();
    await rig.filled('/', FRESH);
    rig.pass(61);
    const asking = rig.ask();
    rig.call().answer([], 'oops', 503);
    expect(await told(await asking)).toMatchObject({ status: 503, text: 'oops' });
    expect(rig.cache.usage().entries).toBe(1);
    const again = rig.ask();
    rig.call().answer([['Cache-Control', 'no-store']], 'gone', 404);
    expect(await told(await again)).toMatchObject({ status: 404 });
    expect(rig.cache.usage().entries).toBe(0);
  });

  test('serves for a while when there is no answer, but not what forbids it', async () => {
    const rig = new Rig();
    await rig.filled('/a', FRESH);
    await rig.filled('/b', [['Cache-Control', 'max-age=60, must-revalidate']]);
    rig.pass(61);
    const [may, mayNot] = [rig.ask('/a'), rig.ask('/b')];
    rig.call(-2).fail(new Error('down'));
    rig.call(-1).fail(new Error('down'));
    expect(await told(await may)).toMatchObject({ outcome: 'stale-error', text: 'body' });
    await expect(mayNot).rejects.toThrow('down');
  });
});

describe('what ends what is stored', () => {
  test('an unsafe method that was carried out, with what it names', async () => {
    const rig = new Rig();
    for (const target of ['/', '/l', '/c', '/z']) await rig.filled(target, [...FRESH, ['Cache-Groups', `"${target}"`]]);
    const asking = rig.ask('/', [], { method: 'POST' });
    rig.call().answer([
      ['Location', '/l'],
      ['Content-Location', 'http://x.test/c'],
      ['Cache-Group-Invalidation', '"/z"'],
    ]);
    expect((await asking).headers.get('cache-status')).toBe('Kerb; fwd=method; key="x.test/"');
    expect(rig.cache.usage().entries).toBe(0);
  });

  test.each([
    ['POST', 500],
    ['POST', 404],
    ['OPTIONS', 200],
  ])('but not %s with %d', async (method, status) => {
    const rig = new Rig();
    await rig.filled('/', FRESH);
    const asking = rig.ask('/', [], { method });
    rig.call().answer([], '', status);
    await asking;
    expect(await rig.cached()).toMatchObject({ outcome: 'hit' });
  });

  test('a purge, also of what is on its way, which nobody joins any more', async () => {
    const rig = new Rig();
    const parts = { tenant: 'a', scheme: 'http', host: 'x.test', target: '/' } as const;
    const early = rig.ask();
    expect(rig.cache.purgeUrl(parts, 'hard')).toBe(0);
    const late = rig.ask();
    expect(rig.calls.length).toBe(2);
    rig.call(1).answer(FRESH, 'new');
    expect(await told(await late)).toMatchObject({ text: 'new' });
    rig.call(0).answer(FRESH, 'old');
    expect(await told(await early)).toMatchObject({ text: 'old' });
    await settled();
    expect(await rig.cached()).toMatchObject({ text: 'new' });
  });

  test('a purge by tag, also of one that has begun to arrive', async () => {
    const rig = new Rig();
    const asking = rig.ask();
    const body = rig.call().begin([...FRESH, ['Surrogate-Key', 'x']]);
    const answer = await asking;
    rig.cache.purgeTag('a', 'x', 'soft');
    const later = rig.ask();
    expect(rig.calls.length).toBe(2);
    body.end();
    await textOf(answer.body);
    expect(rig.cache.usage().entries).toBe(0);
    rig.call().answer(FRESH);
    await told(await later);
  });

  test('a soft purge makes it stale, to be validated', async () => {
    const rig = new Rig();
    await rig.filled('/', TAGGED);
    rig.cache.purgeAll('a', 'soft');
    const asking = rig.ask();
    expect(rig.call().request.headers.get('if-none-match')).toBe('"a"');
    rig.call().answer(FRESH, '', 304);
    expect(await told(await asking)).toMatchObject({ outcome: 'revalidated' });
    expect(await rig.cached()).toMatchObject({ outcome: 'hit' });
  });
});

describe('HEAD', () => {
  test('goes on when nothing fresh is stored, and stores nothing', async () => {
    const rig = new Rig();
    const asking = rig.ask('/', [], { method: 'HEAD' });
    expect(rig.call().request.method).toBe('HEAD');
    rig.call().answer([...FRESH, ['Content-Length', '4']], '');
    expect(await told(await asking)).toMatchObject({ status: 200, outcome: 'pass' });
    expect(rig.cache.usage()).toEqual({ bytes: 0, entries: 0 });
  });

  test.each<[string, Pairs, boolean]>([
    ['renews what it speaks of', [['ETag', '"a"'], ['Content-Length', '4'], ...FRESH], true],
    ['ends what has another tag', [['ETag', '"b"'], ...FRESH], false],
    ['ends what has another length', [['ETag', '"a"'], ['Content-Length', '5'], ...FRESH], false],
  ])('%s (RFC 9111 §4.3.5)', async (_name, pairs, isRenewed) => {
    const rig = new Rig();
    await rig.filled('/', TAGGED);
    rig.pass(60);
    const asking = rig.ask('/', [], { method: 'HEAD' });
    rig.call().answer(pairs, '');
    await asking;
    const next = rig.ask();
    expect(rig.calls.length).toBe(isRenewed ? 2 : 3);
    if (!isRenewed) rig.call().answer(FRESH);
    expect(await told(await next)).toMatchObject({ outcome: isRenewed ? 'hit' : 'miss' });
  });
});
