import { beforeEach, describe, expect, it } from 'vitest';
import { LiveTail } from '../../../src/server/live-tail.ts';
import type { ToDataThread } from '../../../src/server/thread-messages.ts';
import type { TailEntry } from '../../../src/telemetry/tail-entry.ts';

let said: ToDataThread[];
let tail: LiveTail;
beforeEach(() => {
  said = [];
  tail = new LiveTail((message) => void said.push(message));
});

function line(tenant: string, text: string): TailEntry {
  return { kind: 'guest', tenant, timeMs: 1, version: 'v', level: 'info', text };
}

function take(tenant: string, entries: readonly string[], dropped = 0): void {
  tail.take([{ tenant, entries: entries.map((text) => line(tenant, text)), dropped }]);
}

/** A listener that keeps the texts it hears. */
function ear(): { readonly heard: string[]; readonly listen: (entry: TailEntry) => void } {
  const heard: string[] = [];
  return { heard, listen: (entry) => void heard.push(entry.kind === 'guest' ? entry.text : entry.record.target) };
}

describe('who follows a tenant', () => {
  it('hears of it, in order, and of nobody else', () => {
    const { heard, listen } = ear();
    tail.follow('acme', listen);
    take('acme', ['1', '2']);
    take('other', ['3']);
    expect(heard).toEqual(['1', '2']);
  });

  it('has the data threads follow once, however many there are, and until the last has stopped', () => {
    const [first, second] = [ear(), ear()];
    const [stopFirst, stopSecond] = [tail.follow('acme', first.listen), tail.follow('acme', second.listen)];
    expect(said).toEqual([{ kind: 'follow', tenant: 'acme' }]);
    stopFirst();
    stopFirst();
    take('acme', ['x']);
    expect([said.length, first.heard, second.heard, tail.following]).toEqual([1, [], ['x'], 1]);
    stopSecond();
    expect([said[1], tail.following]).toEqual([{ kind: 'unfollow', tenant: 'acme' }, 0]);
    stopSecond();
    expect(said).toHaveLength(2);
  });

  it('twice with the same function is told twice, and stops each on its own', () => {
    const { heard, listen } = ear();
    const stop = tail.follow('acme', listen);
    tail.follow('acme', listen);
    take('acme', ['a']);
    stop();
    stop();
    take('acme', ['b']);
    expect(heard).toEqual(['a', 'a', 'b']);
  });

  it('begins anew after an end', () => {
    tail.follow('acme', () => undefined)();
    tail.follow('acme', () => undefined);
    expect(said.map(({ kind }) => kind)).toEqual(['follow', 'unfollow', 'follow']);
  });

  it('hears nothing after stopping in the middle of a batch, and others go on', () => {
    const [first, second] = [ear(), ear()];
    const stop = tail.follow('acme', (entry) => {
      first.listen(entry);
      stop();
    });
    tail.follow('acme', second.listen);
    take('acme', ['1', '2']);
    expect([first.heard, second.heard]).toEqual([['1'], ['1', '2']]);
  });

  it('is told of a gap where it is, in words', () => {
    const { heard, listen } = ear();
    tail.follow('acme', listen);
    take('acme', ['1'], 12);
    take('acme', ['2'], 3);
    expect(heard).toEqual(['1', expect.stringMatching(/^12 entries were dropped/), '2', expect.stringMatching(/^3 /)]);
    expect(tail.dropped).toBe(15);
  });
});

it('what arrives after everybody has stopped is nobody’s', () => {
  tail.follow('acme', () => {
    throw new Error('told after the end');
  })();
  take('acme', ['late'], 1);
  expect(tail.dropped).toBe(1);
});
