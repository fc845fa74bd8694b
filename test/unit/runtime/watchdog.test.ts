import { afterEach, describe, expect, it } from 'vitest';
import { PARKED, Watchdog, WatchdogLink } from '../../../src/runtime/watchdog.ts';

let watchdog: Watchdog | null = null;
afterEach(() => watchdog?.close());

/** Lets the event loop turn until `look` is true. */
async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise(setImmediate);
}

function word(of: Watchdog, thread: number): number {
  const memory = of.share.epochs[thread];
  if (memory === undefined) throw new Error(`no thread ${thread}`);
  return Atomics.load(new Int32Array(memory.buffer, 0, 1), 0);
}

describe('the watchdog', () => {
  it('sets the epoch word of a thread that runs a guest, and of no other', async () => {
    watchdog = new Watchdog(2);
    const [first, second] = [new WatchdogLink(watchdog.share, 0), new WatchdogLink(watchdog.share, 1)];
    const own = watchdog;
    first.arm();
    await until(() => word(own, 0) === 1);
    expect(word(own, 1)).toBe(0);
    first.disarm();
    second.arm();
    await until(() => word(own, 1) === 1);
  });

  it('sets it again after each look', async () => {
    watchdog = new Watchdog(1);
    const own = watchdog;
    const link = new WatchdogLink(own.share, 0);
    link.arm();
    let looks = 0;
    for (; looks < 3; looks++) {
      await until(() => word(own, 0) === 1);
      link.clear();
    }
    expect(looks).toBe(3);
  });

  it('parks while nothing runs, and wakes when something does', async () => {
    watchdog = new Watchdog(1);
    const own = watchdog;
    const link = new WatchdogLink(own.share, 0);
    await until(() => Atomics.load(own.share.control, PARKED) === 1);
    link.arm();
    await until(() => word(own, 0) === 1);
    expect(Atomics.load(own.share.control, PARKED)).toBe(0);
  });
});

describe('a link', () => {
  it("to a thread that does not exist is a caller's mistake", () => {
    watchdog = new Watchdog(1);
    const { share } = watchdog;
    expect(() => new WatchdogLink(share, 1)).toThrow(TypeError);
  });

  it('tells a guest to wait through a word of its own', () => {
    watchdog = new Watchdog(1);
    const link = new WatchdogLink(watchdog.share, 0);
    const words = new Int32Array(link.epoch.buffer, 0, 1024);
    link.setWait();
    expect(words.filter((value) => value === 1)).toHaveLength(1);
    expect(words[0]).toBe(0);
    link.clearWait();
    expect(words.every((value) => value === 0)).toBe(true);
  });
});
