import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { MAX_SLEEP_MS, MAX_SUBSCRIPTIONS, MAX_WRITE_BYTES } from '../../../../src/abi/wasi/limits.ts';
import { RIGHTS } from '../../../../src/abi/wasi/typenames.ts';
import { MEMORY_BYTES, TinyHost } from './tiny-host.ts';

const INPUT = 0;
const OUTPUT = 8192;
const COUNT = 16_384;
const MS = 1_000_000n;

let host: TinyHost;

beforeEach(() => {
  vi.useFakeTimers();
  host = new TinyHost();
});

afterEach(() => {
  vi.useRealTimers();
});

interface Clock {
  readonly clock: number;
  readonly ns: bigint;
  readonly absolute?: true;
  readonly flags?: number;
}
type Wanted = Clock | { readonly read: number } | { readonly write: number };

/** Encodes subscriptions at INPUT; the userdata is the index. */
function put(wanted: readonly Wanted[], { bytes, clock } = { bytes: 48, clock: 16 }): void {
  for (const [index, subscription] of wanted.entries()) {
    const record = Buffer.alloc(bytes);
    record.writeBigUInt64LE(BigInt(index), 0);
    if ('clock' in subscription) {
      record.writeUInt32LE(subscription.clock, clock);
      record.writeBigUInt64LE(BigInt.asUintN(64, subscription.ns), clock + 8);
      record.writeUInt16LE(subscription.flags ?? (subscription.absolute ? 1 : 0), clock + 24);
    } else {
      record.writeUInt8('read' in subscription ? 1 : 2, 8);
      record.writeInt32LE('read' in subscription ? subscription.read : subscription.write, 16);
    }
    host.memory.write(INPUT + index * bytes, record);
  }
}

function poll(...wanted: readonly Wanted[]): unknown {
  put(wanted);
  return host.invoke('poll_oneoff', [INPUT, OUTPUT, wanted.length, COUNT]);
}

/** The events that the guest finds: userdata, errno, type, bytes, flags. */
function events(): number[][] {
  return Array.from({ length: host.memory.readU32(COUNT) }, (_, index) => {
    const event = host.bytes(OUTPUT + index * 32, 32);
    return [
      Number(event.readBigUInt64LE(0)),
      event.readUInt16LE(8),
      event.readUInt8(10),
      Number(event.readBigUInt64LE(16)),
      event.readUInt16LE(24),
    ];
  });
}

/** How long a poll sleeps, in milliseconds; it must succeed. */
async function sleptMs(answer: unknown): Promise<number> {
  const start = Date.now();
  const waiting = answer as Promise<number>;
  let done = false;
  void waiting.then(() => (done = true));
  await vi.advanceTimersToNextTimerAsync();
  expect(done).toBe(true);
  expect(await waiting).toBe(0);
  // The timer is set one later than asked: see Sleep.
  return Date.now() - start - 1;
}

/** What a poll rejects with; watched from the start, so that it never counts as unhandled. */
async function failure(answer: unknown): Promise<unknown> {
  return (answer as Promise<unknown>).then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

describe('waiting for a clock', () => {
  test.each([[0], [1]])('clock %i, relative', async (clock) => {
    expect(await sleptMs(poll({ clock, ns: 25n * MS }))).toBe(25);
    expect(events()).toEqual([[0, 0, 0, 0, 0]]);
  });

  test('absolute times are those of their clock', async () => {
    expect(await sleptMs(poll({ clock: 0, ns: host.wallNs + 7n * MS, absolute: true }))).toBe(7);
    expect(await sleptMs(poll({ clock: 1, ns: host.upNs + 9n * MS, absolute: true }))).toBe(9);
  });

  test('a fraction of a millisecond is rounded up', async () => {
    expect(await sleptMs(poll({ clock: 1, ns: 1n }))).toBe(1);
    expect(await sleptMs(poll({ clock: 1, ns: MS + 1n }))).toBe(2);
  });

  test('the earliest of several ends it, with all that are over by then', async () => {
    const answer = poll(
      { clock: 1, ns: 30n * MS },
      { clock: 1, ns: 10n * MS },
      { clock: 0, ns: host.wallNs + 10n * MS - 1n, absolute: true },
    );
    expect(await sleptMs(answer)).toBe(10);
    expect(events().map(([userdata]) => userdata)).toEqual([1, 2]);
  });

  test('a time that is over answers at once, without suspending', () => {
    expect(poll({ clock: 1, ns: 0n })).toBe(0);
    expect(poll({ clock: 1, ns: host.upNs, absolute: true })).toBe(0);
    expect(poll({ clock: 0, ns: 0n, absolute: true })).toBe(0);
    expect(events()).toEqual([[0, 0, 0, 0, 0]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('the largest timeout is no overflow: the guest sleeps to the limit and ends', async () => {
    const failed = failure(poll({ clock: 1, ns: -1n }));
    await vi.advanceTimersByTimeAsync(MAX_SLEEP_MS);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await failed).toMatchObject({ outcome: 'wall_limit' });
  });

  test.each([[2], [3], [4], [0xffff_ffff]])('clock %i is an event that failed', (clock) => {
    expect(poll({ clock, ns: MS }, { clock: 1, ns: MS })).toBe(0);
    expect(events()).toEqual([[0, ERRNO.inval, 0, 0, 0]]);
  });

  test('unknown flags are an event that failed', () => {
    expect(poll({ clock: 1, ns: MS, flags: 2 })).toBe(0);
    expect(events()).toEqual([[0, ERRNO.inval, 0, 0, 0]]);
  });
});

describe('waiting for descriptors', () => {
  test('standard streams are ready at once, whatever the clocks', () => {
    expect(poll({ clock: 1, ns: MS }, { read: 0 }, { write: 1 }, { write: 2 })).toBe(0);
    expect(events()).toEqual([
      [1, 0, 1, 0, 1],
      [2, 0, 2, MAX_WRITE_BYTES, 0],
      [3, 0, 2, MAX_WRITE_BYTES, 0],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('what is not open, or not for that direction, is an event that failed', () => {
    expect(poll({ read: 1 }, { write: 0 }, { read: 3 }, { write: -1 })).toBe(0);
    expect(events().map(([, errno]) => errno)).toEqual([ERRNO.badf, ERRNO.badf, ERRNO.badf, ERRNO.badf]);
  });

  test('a right that was given away is told', () => {
    host.call('fd_fdstat_set_rights', 1, BigInt(RIGHTS.fd_write), 0n);
    host.call('fd_fdstat_set_rights', 0, BigInt(RIGHTS.poll_fd_readwrite), 0n);
    expect(poll({ write: 1 }, { read: 0 })).toBe(0);
    expect(events().map(([, errno]) => errno)).toEqual([ERRNO.notcapable, ERRNO.notcapable]);
  });
});

describe('guest memory and the wait', () => {
  test('the answer is written before it, and no byte after it', async () => {
    const answer = poll({ clock: 1, ns: 50n * MS });
    expect(events()).toEqual([[0, 0, 0, 0, 0]]);
    // The request is cancelled, its memory cleared for another.
    host.memory.write(0, Buffer.alloc(MEMORY_BYTES));
    await sleptMs(answer);
    expect(host.snapshot()).toEqual(Buffer.alloc(MEMORY_BYTES));
  });

  test('a reset ends the wait: nothing is left that could fire', async () => {
    const failed = failure(poll({ clock: 1, ns: 50n * MS }));
    host.guest.reset();
    expect(await failed).toBeInstanceOf(GuestFault);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('events may overwrite the subscriptions', () => {
    put([{ write: 1 }, { write: 2 }]);
    expect(host.invoke('poll_oneoff', [INPUT, INPUT, 2, COUNT])).toBe(0);
    expect(host.bytes(INPUT, 64).readBigUInt64LE(32)).toBe(1n);
    expect(host.bytes(INPUT, 64).readUInt8(42)).toBe(2);
  });
});

describe('hostile arguments', () => {
  test.each([[0], [MAX_SUBSCRIPTIONS + 1], [-1], [0x8000_0000 | 0]])('%i subscriptions are invalid', (count) => {
    const before = host.snapshot();
    expect(host.invoke('poll_oneoff', [INPUT, OUTPUT, count, COUNT])).toBe(ERRNO.inval);
    expect(host.snapshot()).toEqual(before);
  });

  test('as many as the limit are taken', () => {
    host = new TinyHost({ pages: new WebAssembly.Memory({ initial: 4 }) });
    expect(host.invoke('poll_oneoff', [0, 100_000, MAX_SUBSCRIPTIONS, 99_996])).toBe(0);
    expect(host.memory.readU32(99_996)).toBe(MAX_SUBSCRIPTIONS);
  });

  test('an unknown type of event is invalid, and nothing is written', () => {
    put([{ write: 1 }, { write: 1 }]);
    host.memory.writeU8(48 + 8, 3);
    const before = host.snapshot();
    expect(host.invoke('poll_oneoff', [INPUT, OUTPUT, 2, COUNT])).toBe(ERRNO.inval);
    expect(host.snapshot()).toEqual(before);
  });

  test.each([
    ['negative subscriptions', -48, OUTPUT, COUNT],
    ['subscriptions past the end', MEMORY_BYTES - 95, OUTPUT, COUNT],
    ['negative events', INPUT, -32, COUNT],
    ['events past the end', INPUT, MEMORY_BYTES - 63, COUNT],
    ['a negative result', INPUT, OUTPUT, -4],
    ['a result past the end', INPUT, OUTPUT, MEMORY_BYTES - 3],
  ])('%s end the guest, and it does not sleep', (_, input, output, count) => {
    put([
      { clock: 1, ns: MS },
      { clock: 1, ns: MS },
    ]);
    const before = host.snapshot();
    expect(() => host.invoke('poll_oneoff', [input, output, 2, count])).toThrow(GuestFault);
    expect(host.snapshot()).toEqual(before);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('room for fewer events than subscriptions ends the guest, even if fewer happen', () => {
  put([{ write: 1 }, { clock: 1, ns: MS }]);
  expect(() => host.invoke('poll_oneoff', [INPUT, MEMORY_BYTES - 32, 2, COUNT])).toThrow(GuestFault);
});

test('wasi_unstable has its own layout of subscriptions', async () => {
  put(
    [
      { clock: 1, ns: 40n * MS },
      { clock: 1, ns: 20n * MS },
    ],
    { bytes: 56, clock: 24 },
  );
  expect(await sleptMs(host.invoke('poll_oneoff', [INPUT, OUTPUT, 2, COUNT], 'wasi_unstable'))).toBe(20);
  expect(events()).toEqual([[1, 0, 0, 0, 0]]);
});
