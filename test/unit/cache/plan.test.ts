import { describe, expect, test } from 'vitest';
import { DISCONNECTED_MS } from '../../../src/cache/limits.ts';
import { mayServeInstead, planFor, servesOnError } from '../../../src/cache/plan.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { storedEntry, type Pairs } from './entries.ts';

interface Terms {
  readonly stored?: Pairs | null;
  readonly asked?: Pairs;
  readonly method?: string;
  readonly atSeconds?: number;
  readonly purgedAtSeconds?: number;
}

/** `hit`, or `validate: stale`. */
function decided({ stored = [], asked = [], method = 'GET', atSeconds = 0, purgedAtSeconds }: Terms): string {
  const entry = stored === null ? undefined : storedEntry({ pairs: stored });
  if (entry !== undefined && purgedAtSeconds !== undefined) entry.staleSinceMs = purgedAtSeconds * 1000;
  const plan = planFor({ method, headers: HeaderList.from(asked) }, { entry, hasVariants: false }, atSeconds * 1000);
  return 'why' in plan ? `${plan.kind}: ${plan.why}` : plan.kind;
}

const CC = 'Cache-Control';
const tag = ['ETag', '"a"'] as const;

describe('a decision (RFC 9111 §4, §5.2.1; RFC 5861)', () => {
  test.each<[string, Terms, string]>([
    ['fresh', {}, 'hit'],
    ['fresh, HEAD', { method: 'HEAD' }, 'hit'],
    ['a moment before its end', { atSeconds: 59.999 }, 'hit'],
    ['at its end', { atSeconds: 60 }, 'miss: stale'],
    ['stale with a tag', { stored: [tag], atSeconds: 60 }, 'validate: stale'],
    ['nothing', { stored: null }, 'miss: uri-miss'],
    ['another method', { method: 'POST' }, 'pass: method'],
    ['a precondition of the origin', { asked: [['If-Match', '"a"']] }, 'pass: bypass'],
    ['a body', { asked: [['Content-Length', '3']] }, 'pass: bypass'],
    ['a body in chunks', { asked: [['Transfer-Encoding', 'chunked']] }, 'pass: bypass'],
    ['no body', { asked: [['Content-Length', '0']] }, 'hit'],
    ['a part of nothing', { stored: null, asked: [['Range', 'bytes=0-1']] }, 'pass: uri-miss'],
    ['a part of what is stored', { asked: [['Range', 'bytes=0-1']] }, 'hit'],
    ['a part of what cannot be validated', { asked: [['Range', 'bytes=0-1']], atSeconds: 99 }, 'pass: stale'],
    ['a part of what can be', { stored: [tag], asked: [['Range', 'bytes=0-1']], atSeconds: 99 }, 'validate: stale'],
    ['no-cache asked', { stored: [tag], asked: [[CC, 'no-cache']] }, 'validate: request'],
    ['Pragma', { stored: [tag], asked: [['Pragma', 'no-cache']] }, 'validate: request'],
    ['no-cache said', { stored: [tag, [CC, 'max-age=60, no-cache']] }, 'validate: stale'],
    ['no-store asked', { asked: [[CC, 'no-store']] }, 'pass: request'],
    ['no-store asked of nothing', { stored: null, asked: [[CC, 'no-store']] }, 'pass: request'],
    ['max-age that it has', { asked: [[CC, 'max-age=30']], atSeconds: 30 }, 'hit'],
    ['max-age that it has not', { asked: [[CC, 'max-age=30']], atSeconds: 31 }, 'miss: request'],
    ['min-fresh that it has', { asked: [[CC, 'min-fresh=30']], atSeconds: 30 }, 'hit'],
    ['min-fresh that it has not', { asked: [[CC, 'min-fresh=30']], atSeconds: 31 }, 'miss: request'],
    ['max-stale', { asked: [[CC, 'max-stale=30']], atSeconds: 90 }, 'hit'],
    ['max-stale too little', { asked: [[CC, 'max-stale=30']], atSeconds: 91 }, 'miss: stale'],
    ['max-stale without end', { asked: [[CC, 'max-stale']], atSeconds: 1e6 }, 'hit'],
    [
      'max-stale that is forbidden',
      { stored: [[CC, 'max-age=60, must-revalidate']], asked: [[CC, 'max-stale']], atSeconds: 61 },
      'miss: stale',
    ],
    ['max-stale of what was purged', { asked: [[CC, 'max-stale']], purgedAtSeconds: 1, atSeconds: 2 }, 'miss: stale'],
    ['only-if-cached, and it is', { asked: [[CC, 'only-if-cached']] }, 'hit'],
    ['only-if-cached, and it is not', { stored: null, asked: [[CC, 'only-if-cached']] }, 'gateway-timeout'],
    ['only-if-cached, and it is stale', { asked: [[CC, 'only-if-cached']], atSeconds: 60 }, 'gateway-timeout'],
    ['while it is validated', { stored: [[CC, 'max-age=60, stale-while-revalidate=10']], atSeconds: 69 }, 'stale-hit'],
    ['no longer', { stored: [[CC, 'max-age=60, stale-while-revalidate=10']], atSeconds: 70 }, 'miss: stale'],
    [
      'while it is validated, but not for min-fresh',
      { stored: [[CC, 'max-age=60, stale-while-revalidate=10']], asked: [[CC, 'min-fresh=1']], atSeconds: 69 },
      'miss: stale',
    ],
    [
      'while it is validated, after a purge',
      { stored: [[CC, 'max-age=60, stale-while-revalidate=10']], purgedAtSeconds: 5, atSeconds: 14 },
      'stale-hit',
    ],
    ['purged', { stored: [tag], purgedAtSeconds: 5, atSeconds: 5 }, 'validate: stale'],
  ])('%s', (_name, terms, expected) => {
    expect(decided(terms)).toBe(expected);
  });

  test('other variants of a URL are told apart from none', () => {
    const plan = planFor({ method: 'GET', headers: new HeaderList() }, { entry: undefined, hasVariants: true }, 0);
    expect(plan).toMatchObject({ kind: 'miss', why: 'vary-miss' });
  });
});

describe('when the backend fails', () => {
  test.each<[string, number, 'status' | 'no-answer', boolean]>([
    ['max-age=60, stale-if-error=10', 69, 'status', true],
    ['max-age=60, stale-if-error=10', 70, 'status', false],
    ['max-age=60', 61, 'status', false],
    ['max-age=60', 61, 'no-answer', true],
    ['max-age=60', 60 + DISCONNECTED_MS / 1000, 'no-answer', false],
    ['max-age=60, must-revalidate', 61, 'no-answer', false],
    ['max-age=60, proxy-revalidate', 61, 'no-answer', false],
    ['s-maxage=60', 61, 'no-answer', false],
    ['max-age=60, no-cache', 1, 'no-answer', false],
  ])('%s, after %d s, by %s: %s', (value, seconds, failure, expected) => {
    const entry = storedEntry({ pairs: [[CC, value], tag] });
    expect(servesOnError(entry, failure, seconds * 1000)).toBe(expected);
  });
});

describe('in place of a failure (RFC 9111 §4.2.4)', () => {
  const [FRESH, STALE] = [59, 3_600];

  test.each<[string, number, boolean]>([
    ['max-age=60', STALE, true],
    ['max-age=60, must-revalidate', FRESH, true],
    ['max-age=60, must-revalidate', STALE, false],
    ['max-age=60, must-revalidate, stale-if-error=86400', STALE, false],
    ['max-age=60, proxy-revalidate', FRESH, true],
    ['max-age=60, proxy-revalidate', STALE, false],
    ['s-maxage=60', FRESH, true],
    ['s-maxage=60', STALE, false],
    ['s-maxage=60, stale-if-error=86400', STALE, true],
    ['s-maxage=60, stale-if-error=60', STALE, false],
    ['max-age=60, no-cache', FRESH, false],
    ['max-age=60, no-cache', STALE, false],
    ['max-age=60, no-cache="set-cookie"', STALE, true],
  ])('%s serves after %d s: %s', (control, seconds, expected) => {
    expect(mayServeInstead(storedEntry({ pairs: [[CC, control], tag] }), seconds * 1000)).toBe(expected);
  });

  test('what was made stale by a purge is stale', () => {
    const entry = storedEntry({ pairs: [[CC, 'max-age=60, must-revalidate'], tag] });
    entry.staleSinceMs = 1_000;
    expect(mayServeInstead(entry, 2_000)).toBe(false);
  });
});
