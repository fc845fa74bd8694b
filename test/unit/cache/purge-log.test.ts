import { beforeEach, describe, expect, it } from 'vitest';
import { urlKey, type UrlKey } from '../../../src/cache/key.ts';
import { MAX_PENDING_PURGE_CHARS, MAX_PENDING_PURGES } from '../../../src/cache/limits.ts';
import { PurgeLog, type Begun } from '../../../src/cache/purge-log.ts';

let log: PurgeLog;
beforeEach(() => {
  log = new PurgeLog();
});

const NONE: ReadonlySet<string> = new Set();

function urlOf(target: string): UrlKey {
  return urlKey({ tenant: 'a', host: 'a.test', target });
}

function begin(target = '/mine'): Begun {
  return { url: urlOf(target), generation: log.open() };
}

describe('what is on its way', () => {
  it('is purged by its URL, its tags and with everything, and not by what came before', () => {
    log.url(urlOf('/mine'));
    const begun = begin();
    log.url(urlOf('/other'));
    log.tag('other');
    expect(log.hasPurged(begun, new Set(['mine']))).toBe(false);
    log.tag('mine');
    expect([log.hasPurged(begun, NONE), log.hasPurged(begun, new Set(['mine']))]).toEqual([false, true]);
    log.url(urlOf('/mine'));
    expect([log.hasPurged(begun, NONE), log.hasPurged(begin('/new'), NONE)]).toEqual([true, false]);
    log.all();
    expect(log.hasPurged(begin(), NONE)).toBe(false);
  });

  it('is dropped when more was purged than is remembered', () => {
    const begun = begin();
    for (let i = 0; i < MAX_PENDING_PURGES; i++) log.url(urlOf(`/${i}`));
    expect(log.hasPurged(begun, NONE)).toBe(false);
    log.tag('one more');
    expect(log.hasPurged(begun, NONE)).toBe(true);
  });

  it('is dropped when what was purged is too long to be remembered, each counted once until all is forgotten', () => {
    const half = 'x'.repeat(MAX_PENDING_PURGE_CHARS / 2);
    const begun = begin();
    for (let i = 0; i < 4; i++) log.tag(half);
    log.tag(`${half.slice(1)}y`);
    expect(log.hasPurged(begun, NONE)).toBe(false);
    log.close();
    const next = begin();
    log.tag(half);
    expect(log.hasPurged(next, NONE)).toBe(false);
    log.url(urlOf(`/${half}`));
    expect(log.hasPurged(next, NONE)).toBe(true);
  });
});
