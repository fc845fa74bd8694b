import { describe, expect, test } from 'vitest';
import { Rig, settled, told, type Pairs } from './entries.ts';

const FRESH: Pairs = [['Cache-Control', 'max-age=60']];

describe('between tenants', () => {
  test('nothing is shared, found, purged or told, though host, target and fields are the same', async () => {
    const rig = new Rig();
    await rig.filled('/', [...FRESH, ['Surrogate-Key', 'x'], ['ETag', '"secret"']]);
    const asking = rig.ask('/', [['If-None-Match', '"secret"']], { tenant: 'b' });
    expect(rig.calls.length).toBe(2);
    rig.call().answer(FRESH, 'theirs');
    const answer = await told(await asking);
    expect(answer).toMatchObject({ status: 200, text: 'theirs' });
    expect(answer.headers.get('cache-status')).toContain('fwd=uri-miss');
    const theirs = { tenant: 'b', scheme: 'http', host: 'x.test', target: '/' } as const;
    rig.cache.purgeTag('b', 'x', 'hard');
    rig.cache.purgeUrl(theirs, 'hard');
    rig.cache.purgeAll('b', 'hard');
    expect(await rig.cached()).toMatchObject({ text: 'body' });
    expect([rig.cache.usage('a').entries, rig.cache.usage('b').entries]).toEqual([1, 0]);
  });

  test('an unsafe method of one ends nothing of the other, whatever its Location and groups name', async () => {
    const rig = new Rig();
    await rig.filled('/', [...FRESH, ['Cache-Groups', '"x"']]);
    const asking = rig.ask('/', [], { tenant: 'b', method: 'POST' });
    rig.call().answer([
      ['Location', '/'],
      ['Cache-Group-Invalidation', '"x"'],
    ]);
    await asking;
    expect(await rig.cached()).toMatchObject({ outcome: 'hit' });
  });

  test('one that fills its quota evicts nothing of the other', async () => {
    const rig = new Rig({ quotaBytes: () => 10_000 });
    await rig.filled('/', FRESH);
    for (let i = 0; i < 50; i++) {
      const asking = rig.ask(`/${i}`, [], { tenant: 'b' });
      rig.call().answer(FRESH, 'x'.repeat(1000));
      await told(await asking);
    }
    expect(rig.cache.usage('b').bytes).toBeLessThanOrEqual(10_000);
    expect(await rig.cached()).toMatchObject({ outcome: 'hit' });
  });

  test('what the status tells is the URL that was asked for, not what the app added to its key', async () => {
    const rig = new Rig();
    const asked = { tenant: 'a', scheme: 'http', host: 'x.test', target: '/', method: 'GET', extra: 'user=7' } as const;
    const { headers } = await rig.cache.handle(
      { ...asked, headers: (await rig.filled('/z', FRESH)).headers },
      async () => {
        const asking = rig.ask('/y');
        rig.call().answer(FRESH);
        return asking;
      },
    );
    expect(headers.getAll('cache-status').at(-1)).toContain('key="x.test/"');
    expect(headers.getAll('cache-status').join()).not.toContain('user=7');
  });
});

describe('what one client sends does not choose what others get', () => {
  test.each([
    ['X-Forwarded-Host', 'evil.test'],
    ['X-Forwarded-Scheme', 'nothttps'],
    ['X-Original-URL', '/admin'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['Forwarded', 'host=evil.test'],
  ])('%s does not reach a backend whose answer may be shared', async (name, value) => {
    const rig = new Rig();
    await rig.filled('/', FRESH, [[name, value]]);
    expect(rig.call().request.headers.has(name)).toBe(false);
    expect(await rig.cached()).toMatchObject({ outcome: 'hit' });
  });

  test('a field that the URL varies on goes out, and has an entry for each value', async () => {
    const rig = new Rig();
    const varied: Pairs = [...FRESH, ['Vary', 'X-Forwarded-Host']];
    await rig.filled('/', varied, [['X-Forwarded-Host', 'evil.test']], 'plain');
    expect(await rig.cached()).toMatchObject({ text: 'plain' });
    await rig.filled('/', varied, [['X-Forwarded-Host', 'evil.test']], 'evil');
    expect(rig.call().request.headers.get('x-forwarded-host')).toBe('evil.test');
    expect(await rig.cached()).toMatchObject({ text: 'plain' });
    expect(await rig.cached('/', [['X-Forwarded-Host', 'evil.test']])).toMatchObject({ text: 'evil' });
  });

  test.each<[string, Pairs]>([
    ['a body of a GET', [['Content-Length', '4']]],
    ['a body in chunks', [['Transfer-Encoding', 'chunked']]],
    ['a precondition', [['If-Match', '"x"']]],
    ['a range of what is not stored', [['Range', 'bytes=0-0']]],
    ['credentials', [['Authorization', 'Basic x']]],
    ['no-store', [['Cache-Control', 'no-store']]],
  ])('the answer to %s is stored for nobody', async (_name, asked) => {
    const rig = new Rig();
    await rig.filled('/', FRESH, asked);
    expect(rig.cache.usage().entries).toBe(0);
  });

  test('conditions of a client do not turn the answer for all into a 304', async () => {
    const rig = new Rig();
    await rig.filled('/', FRESH, [
      ['If-None-Match', '*'],
      ['If-Modified-Since', 'Sat, 21 Nov 2026 00:00:00 GMT'],
    ]);
    expect(rig.call().request.headers.names()).toEqual([]);
    expect(await rig.cached()).toMatchObject({ status: 200, text: 'body' });
  });

  test.each([
    ['/a', '/a?'],
    ['/a', '/%61'],
    ['/a', '/A'],
    ['/a', '/a/'],
    ['/a', '//a'],
    ['/a', '/b/../a'],
    ['/a?x=1&y=2', '/a?y=2&x=1'],
    ['/a', '/a;x=1'],
    ['/account', '/account/x.css'],
  ])('%s and %s share nothing', async (one, other) => {
    const rig = new Rig();
    await rig.filled(one, FRESH, [], 'one');
    expect(await rig.filled(other, FRESH, [], 'other')).toMatchObject({ outcome: 'miss', text: 'other' });
    expect(await rig.cached(one)).toMatchObject({ text: 'one' });
  });

  test('an answer to HTTP is not one to HTTPS', async () => {
    const rig = new Rig();
    await rig.filled('/', [...FRESH, ['Location', 'https://x.test/']]);
    const asked = { tenant: 'a', scheme: 'https', host: 'x.test', target: '/', method: 'GET' } as const;
    const own = rig.filled('/own', FRESH, [], 'secure');
    const { headers } = await own;
    const answer = await rig.cache.handle({ ...asked, headers }, () => rig.ask('/own'));
    expect((await told(answer)).text).toBe('secure');
  });

  test('a URL with thousands of variants leaves room for others', async () => {
    const rig = new Rig();
    await rig.filled('/other', FRESH);
    for (let i = 0; i < 500; i++) await rig.filled('/', [...FRESH, ['Vary', 'X']], [['X', `${i}`]]);
    expect(rig.cache.usage().entries).toBeLessThan(100);
    expect(await rig.cached('/other')).toMatchObject({ outcome: 'hit' });
  });
});

/** Repeats from a seed, so that a failure can be repeated. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/**
 * The oracle: the backend writes into each body whose it is, for which fields, when it was asked for it and until when it is
 * fresh. Whatever happens, nobody gets a body that is another's, that has expired, or that was asked for before a purge
 * which came before their own request.
 */
describe('whatever happens in whatever order', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => [seed]))('seed %d', async (seed) => {
    const roll = dice(seed);
    const world = new World();
    const tenantOf = (): string => (roll(2) === 0 ? 'a' : 'b');
    for (let step = 0; step < 200; step++) {
      const action = roll(10);
      if (action < 5) world.ask(tenantOf(), `/${roll(2)}`, `${roll(2)}`);
      else if (action < 9) world.answer(roll(9) === 0 ? 'private' : 'public', roll(4) * 10);
      else if (roll(2) === 0) world.wait(roll(10));
      else world.purge(tenantOf(), roll(2) === 0 ? 'all' : 'tag');
      await settled();
      world.step();
      expect(world.largest).toBeLessThanOrEqual(QUOTA);
    }
    expect(await world.end()).toBeGreaterThan(0);
  });
});

/** Bytes: room for a few entries. */
const QUOTA = 8000;

interface Said {
  readonly tenant: string;
  readonly target: string;
  readonly foo: string;
  readonly step: number;
  readonly expires: number;
}

class World {
  readonly #rig = new Rig({ quotaBytes: () => QUOTA });
  readonly #purgedAt = new Map<string, number>();
  readonly #asking: Promise<void>[] = [];
  /** When each call of the backend came. */
  readonly #cameAt: number[] = [];
  #step = 0;
  #second = 0;
  #answered = 0;
  #hits = 0;

  ask(tenant: string, target: string, foo: string): void {
    const [purgedAt, second] = [this.#purgedAt.get(tenant) ?? -1, this.#second];
    const check = async (): Promise<void> => {
      const { text, outcome } = await told(await this.#rig.ask(target, [['Foo', foo]], { tenant }));
      const said = JSON.parse(text) as Said;
      expect(said).toMatchObject({ tenant, target, foo });
      expect(said.step).toBeGreaterThan(purgedAt);
      if (outcome !== 'hit') return;
      expect(said.expires).toBeGreaterThan(second);
      this.#hits++;
    };
    this.#asking.push(check());
  }

  /** Answers the oldest request that waits. */
  answer(scope: 'private' | 'public', lifetime: number): void {
    const index = this.#answered;
    if (index >= this.#rig.calls.length) return;
    this.#answered++;
    const call = this.#rig.call(index);
    const foo = call.request.headers.get('foo');
    const said = {
      tenant: call.tenant,
      target: call.target,
      foo,
      step: this.#cameAt[index],
      expires: this.#second + lifetime,
    };
    const control = scope === 'private' ? 'private' : `max-age=${lifetime}`;
    call.answer(
      [
        ['Cache-Control', control],
        ['Vary', 'Foo'],
        ['Surrogate-Key', 'k'],
      ],
      JSON.stringify(said),
    );
  }

  wait(seconds: number): void {
    this.#second += seconds;
    this.#rig.pass(seconds);
  }

  purge(tenant: string, what: 'all' | 'tag'): void {
    this.#purgedAt.set(tenant, this.#step);
    if (what === 'all') this.#rig.cache.purgeAll(tenant, 'hard');
    else this.#rig.cache.purgeTag(tenant, 'k', 'hard');
  }

  /** Dates the calls that have come meanwhile. */
  step(): void {
    while (this.#cameAt.length < this.#rig.calls.length) this.#cameAt.push(this.#step);
    this.#step++;
  }

  /** Bytes of the tenant that holds most. */
  get largest(): number {
    return Math.max(this.#rig.cache.usage('a').bytes, this.#rig.cache.usage('b').bytes);
  }

  /** Answers all that still waits. Says how often the store answered. */
  async end(): Promise<number> {
    while (this.#answered < this.#rig.calls.length) {
      this.answer('private', 0);
      await settled();
      this.step();
    }
    await Promise.all(this.#asking);
    return this.#hits;
  }
}
