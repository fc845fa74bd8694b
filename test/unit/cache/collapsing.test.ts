import { describe, expect, test } from 'vitest';
import { HIT_FOR_PASS_MS } from '../../../src/cache/limits.ts';
import { Rig, settled, textOf, told, type Pairs } from './entries.ts';

const FRESH: Pairs = [['Cache-Control', 'max-age=60']];
const TAGGED: Pairs = [
  ['Cache-Control', 'max-age=60'],
  ['ETag', '"a"'],
];

describe('requests for one answer', () => {
  test('go to the backend once, and all read along as it comes', async () => {
    const rig = new Rig();
    const [one, two] = [rig.ask(), rig.ask()];
    expect(rig.calls.length).toBe(1);
    const body = rig.call().begin(FRESH);
    const [first, second] = [await one, await two];
    const three = await rig.ask();
    expect([first.outcome, second.outcome, three.outcome]).toEqual(['miss', 'collapsed', 'collapsed']);
    expect(second.headers.get('cache-status')).toContain('fwd=uri-miss; ttl=60; collapsed');
    const reading = [first, second, three].map((answer) => textOf(answer.body));
    body.push(Buffer.from('ab'));
    await settled();
    body.push(Buffer.from('cd'));
    body.end();
    expect(await Promise.all(reading)).toEqual(['abcd', 'abcd', 'abcd']);
    expect(await rig.cached()).toMatchObject({ outcome: 'hit', text: 'abcd' });
  });

  test('go on their own when the answer cannot be shared, and nobody waits for the next one', async () => {
    const rig = new Rig();
    const asking = [rig.ask(), rig.ask(), rig.ask()];
    rig.call().answer([['Cache-Control', 'private']], 'one');
    await settled();
    expect(rig.calls.length).toBe(3);
    rig.call(1).answer([['Cache-Control', 'private']], 'two');
    rig.call(2).answer([['Cache-Control', 'private']], 'three');
    const texts = await Promise.all(asking.map(async (answer) => (await told(await answer)).text));
    expect(texts).toEqual(['one', 'two', 'three']);
    const more = [rig.ask(), rig.ask()];
    expect(rig.calls.length).toBe(5);
    rig.pass(HIT_FOR_PASS_MS / 1000);
    const later = [rig.ask(), rig.ask()];
    expect(rig.calls.length).toBe(6);
    for (const call of rig.calls) call.answer(FRESH);
    await Promise.all([...more, ...later].map(async (answer) => told(await answer)));
  });

  test('share again as soon as an answer can be', async () => {
    const rig = new Rig();
    await rig.filled('/', [['Cache-Control', 'private']]);
    await rig.filled('/', FRESH);
    expect(await rig.cached()).toMatchObject({ outcome: 'hit' });
  });

  test('share nothing that has to be validated at each use', async () => {
    const rig = new Rig();
    const asking = [rig.ask(), rig.ask()];
    rig.call().answer([
      ['Cache-Control', 'no-cache'],
      ['ETag', '"a"'],
    ]);
    await settled();
    expect(rig.calls.length).toBe(2);
    rig.call().answer(
      [
        ['Cache-Control', 'no-cache'],
        ['ETag', '"a"'],
      ],
      'mine',
    );
    expect((await Promise.all(asking.map(async (answer) => told(await answer)))).map(({ text }) => text)).toEqual([
      'body',
      'mine',
    ]);
  });

  test('share no answer that their fields do not select', async () => {
    const rig = new Rig();
    const asking = [rig.ask('/', [['Foo', '1']]), rig.ask('/', [['Foo', '2']])];
    rig.call().answer([...FRESH, ['Vary', 'Foo']], 'one');
    await settled();
    expect(rig.call().request.headers.get('foo')).toBe('2');
    rig.call().answer([...FRESH, ['Vary', 'Foo']], 'two');
    expect((await Promise.all(asking.map(async (answer) => told(await answer)))).map(({ text }) => text)).toEqual([
      'one',
      'two',
    ]);
  });

  test('share the failure, too', async () => {
    const rig = new Rig();
    const asking = [rig.ask(), rig.ask()];
    rig.call().fail(new Error('down'));
    for (const answer of asking) await expect(answer).rejects.toThrow('down');
    expect(rig.calls.length).toBe(1);
    expect((await rig.filled('/', FRESH)).outcome).toBe('miss');
  });

  test('wait for one that validates', async () => {
    const rig = new Rig();
    await rig.filled('/', TAGGED);
    rig.pass(60);
    const asking = [rig.ask(), rig.ask()];
    expect(rig.calls.length).toBe(2);
    rig.call().answer(FRESH, '', 304);
    expect((await Promise.all(asking)).map(({ outcome }) => outcome)).toEqual(['revalidated', 'collapsed']);
  });

  test.each<[string, Pairs, number, boolean]>([
    ['it is fresh', [], 59, true],
    ['it is not', [], 60, false],
    ['no-cache', [['Cache-Control', 'no-cache']], 30, false],
    ['a max-age that it has', [['Cache-Control', 'max-age=30']], 30, true],
    ['a max-age that it has not', [['Cache-Control', 'max-age=29']], 30, false],
    ['a min-fresh that it has not', [['Cache-Control', 'min-fresh=31']], 30, false],
  ])('join what is arriving, or do not: %s', async (_name, asked, seconds, joins) => {
    const rig = new Rig();
    const leader = rig.ask();
    rig.call().begin(FRESH);
    await leader;
    rig.pass(seconds);
    const asking = rig.ask('/', asked);
    expect(rig.calls.length).toBe(joins ? 1 : 2);
    rig.call().begin(FRESH);
    expect((await asking).outcome).toBe(joins ? 'collapsed' : 'miss');
  });

  test('do not get what was purged by tag after it was asked for and before they asked', async () => {
    const rig = new Rig();
    const early = rig.ask();
    rig.cache.purgeTag('a', 'x', 'hard');
    const late = rig.ask();
    rig.call().answer([...FRESH, ['Cache-Tag', 'x']], 'old');
    expect(await told(await early)).toMatchObject({ text: 'old' });
    await settled();
    rig.call(1).answer([...FRESH, ['Cache-Tag', 'x']], 'new');
    expect(await told(await late)).toMatchObject({ text: 'new' });
  });

  test('are for one tenant, one host and one target each', async () => {
    const rig = new Rig();
    const asking = [
      rig.ask('/'),
      rig.ask('/', [], { tenant: 'b' }),
      rig.ask('/', [], { host: 'y.test' }),
      rig.ask('/?'),
    ];
    expect(rig.calls.length).toBe(4);
    rig.calls.forEach((call, index) => call.answer(FRESH, `${index}`));
    const texts = await Promise.all(asking.map(async (answer) => (await told(await answer)).text));
    expect(texts).toEqual(['0', '1', '2', '3']);
  });
});

describe('a client that leaves', () => {
  test('before the head does not stop what others wait for', async () => {
    const rig = new Rig();
    const leaving = new AbortController();
    const leader = rig.ask('/', [], { signal: leaving.signal });
    const other = rig.ask();
    leaving.abort(new Error('left'));
    await expect(leader).rejects.toThrow('left');
    expect(rig.call().request.signal.aborted).toBe(false);
    rig.call().answer(FRESH);
    expect(await told(await other)).toMatchObject({ text: 'body' });
    expect(rig.cache.usage().entries).toBe(1);
  });

  test('amid the body does not stop its storing', async () => {
    const rig = new Rig();
    const asking = rig.ask();
    const body = rig.call().begin(FRESH);
    (await asking).body.cancel();
    body.push(Buffer.from('abc'));
    body.end();
    await settled();
    expect(await rig.cached()).toMatchObject({ text: 'abc' });
  });

  test('gives up an answer that was for it alone', async () => {
    const rig = new Rig();
    const leaving = new AbortController();
    const asking = rig.ask('/', [], { signal: leaving.signal });
    leaving.abort(new Error('left'));
    await expect(asking).rejects.toThrow('left');
    rig.call().begin([['Cache-Control', 'private']]);
    await settled();
    expect(rig.call().isCancelled).toBe(true);
  });

  test('while it waits leaves the others waiting', async () => {
    const rig = new Rig();
    const leaving = new AbortController();
    const [leader, waiter] = [rig.ask(), rig.ask('/', [], { signal: leaving.signal })];
    leaving.abort(new Error('left'));
    await expect(waiter).rejects.toThrow('left');
    rig.call().answer(FRESH);
    expect(await told(await leader)).toMatchObject({ text: 'body' });
  });

  test('ends a request that is for it alone', async () => {
    const rig = new Rig();
    const leaving = new AbortController();
    const asking = rig.ask('/', [], { method: 'POST', signal: leaving.signal });
    expect(rig.call().request.signal).toBe(leaving.signal);
    rig.call().answer([]);
    await asking;
  });
});

describe('an answer that turns out too large', () => {
  test('goes through to all who read it, is not stored, and nobody waits for the next one', async () => {
    const rig = new Rig({ maxBodyBytes: 4 });
    const [one, two] = [rig.ask(), rig.ask()];
    const body = rig.call().begin(FRESH);
    const reading = [one, two].map(async (answer) => textOf((await answer).body));
    for (const part of ['abc', 'def', 'ghi']) {
      body.push(Buffer.from(part));
      await settled();
    }
    body.end();
    expect(await Promise.all(reading)).toEqual(['abcdefghi', 'abcdefghi']);
    expect(rig.cache.usage()).toEqual({ bytes: 0, entries: 0 });
    const next = [rig.ask(), rig.ask()];
    expect(rig.calls.length).toBe(3);
    for (const call of rig.calls) call.answer(FRESH, 'abc');
    await Promise.all(next);
  });

  test('for the quota of its tenant is not stored either, and gives back what it held', async () => {
    const rig = new Rig({ quotaBytes: () => 1000 });
    expect(await rig.filled('/', FRESH, [], 'x'.repeat(2000))).toMatchObject({ text: 'x'.repeat(2000) });
    expect(rig.cache.usage()).toEqual({ bytes: 0, entries: 0 });
  });

  test('breaking off is told to all who read it', async () => {
    const rig = new Rig();
    const [one, two] = [rig.ask(), rig.ask()];
    const body = rig.call().begin(FRESH);
    body.push(Buffer.from('abc'));
    const reading = [one, two].map(async (answer) => textOf((await answer).body));
    body.fail(new Error('reset'));
    for (const text of reading) await expect(text).rejects.toMatchObject({ fault: 'closed' });
    expect(rig.cache.usage()).toEqual({ bytes: 0, entries: 0 });
    expect(await rig.filled('/', FRESH)).toMatchObject({ text: 'body' });
  });
});

describe('a request that came from one that may be waited for', () => {
  test('waits for nobody, and nobody waits for it', async () => {
    const rig = new Rig();
    const outer = rig.ask();
    const inner = rig.ask('/', [], { waits: 'never' });
    const third = rig.ask();
    expect(rig.calls).toHaveLength(2);
    rig.call(1).answer(FRESH, 'inner');
    expect(await textOf((await inner).body)).toBe('inner');
    rig.call(0).answer(FRESH, 'outer');
    for (const answer of [outer, third]) expect(await textOf((await answer).body)).toBe('outer');
  });

  test('is answered from the store like the others', async () => {
    const rig = new Rig();
    await rig.filled('/', FRESH);
    expect((await rig.ask('/', [], { waits: 'never' })).outcome).toBe('hit');
  });
});
