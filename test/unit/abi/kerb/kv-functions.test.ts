import { beforeEach, describe, expect, it } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import type { Scalar } from '../../../../src/abi/host-function.ts';
import { ERRNO } from '../../../../src/abi/kerb/errno.ts';
import { MAX_KV_OPERATIONS, MAX_OPEN_STORES, SIZES, TTL_SECONDS } from '../../../../src/abi/kerb/limits.ts';
import type { KvFault } from '../../../../src/capability/kv.ts';
import { BUFFER, KerbHost, type MemoryKv } from './kerb-host.ts';

let host: KerbHost;
let kv: MemoryKv;
let handle: number;
beforeEach(async () => {
  host = new KerbHost();
  kv = host.kvStore;
  handle = await host.open();
});

function get(key: string | Uint8Array, limit = 1000, of = handle): Promise<Scalar | void> {
  return host.call('kerb_kv.get', of, ...host.text(key), BUFFER, limit);
}

/** What may differ from an unconditional write of `v` under `k`. */
interface Written {
  readonly key?: string;
  readonly value?: string;
  readonly metadata?: string;
  readonly ttl?: number;
  readonly mode?: number;
  readonly generation?: bigint;
}

function put({
  key = 'k',
  value = 'v',
  metadata = '',
  ttl = 0,
  mode = 0,
  generation = 0n,
}: Written): ReturnType<typeof get> {
  const texts = [...host.text(key), ...host.text(value), ...host.text(metadata)];
  return host.call('kerb_kv.put', handle, ...texts, ttl, mode, generation);
}

describe('open', () => {
  it('answers a handle for a store that is granted, and no other', async () => {
    expect(handle).toBeGreaterThan(0);
    expect(await host.call('kerb_kv.open', ...host.text('other'))).toBe(ERRNO.not_granted);
    expect(await host.call('kerb_kv.open', ...host.text('constructor'))).toBe(ERRNO.not_granted);
    expect(await host.call('kerb_kv.open', 0, 0)).toBe(ERRNO.invalid);
    expect(await host.call('kerb_kv.open', ...host.text('x'.repeat(SIZES.name + 1)))).toBe(ERRNO.too_large);
  });

  it('opens so many at a time', async () => {
    for (let more = 1; more < MAX_OPEN_STORES; more++) expect(await host.open()).toBeGreaterThan(0);
    expect(await host.open()).toBe(ERRNO.quota);
    expect(await host.call('kerb_kv.close', handle)).toBe(0);
    expect(await host.open()).toBeGreaterThan(0);
  });

  it.each([0, -1, 1, 2 ** 24, 2 ** 31 - 1, -(2 ** 31)])(
    'a handle that was never given, %i, is none',
    async (forged) => {
      for (const path of ['kerb_kv.get', 'kerb_kv.metadata'] as const)
        expect(await host.call(path, forged, ...host.text('k'), BUFFER, 9)).toBe(ERRNO.bad_handle);
      expect(await host.call('kerb_kv.close', forged)).toBe(ERRNO.bad_handle);
      expect(await host.call('kerb_kv.generation', forged, ...host.text('k'))).toBe(BigInt(ERRNO.bad_handle));
      expect(await host.call('kerb_kv.delete', forged, ...host.text('k'))).toBe(ERRNO.bad_handle);
      expect(kv.asked).toEqual([]);
    },
  );

  it('a handle of the request before is none, whatever this one opens', async () => {
    host.state.reset();
    expect(await host.open()).not.toBe(handle);
    expect(await get('k')).toBe(ERRNO.bad_handle);
  });
});

describe('get', () => {
  it('writes a value that fits, and asks for no more of one that does not', async () => {
    kv.set('k', 'value');
    expect(await get('k', 4)).toBe(5);
    expect(host.at(BUFFER, 5)).toBe('\0'.repeat(5));
    expect(await get('k', 5)).toBe(5);
    expect(host.at(BUFFER, 5)).toBe('value');
    expect(kv.asked).toEqual(['get k 4', 'get k 5']);
  });

  it('never asks for more than may be stored, however large the buffer is said to be', async () => {
    kv.set('k', 'value');
    expect(await get('k', -1)).toBe(5);
    expect(kv.asked).toEqual([`get k ${SIZES.value}`]);
  });

  it('says that there is none, and what is no key', async () => {
    expect(await get('k')).toBe(ERRNO.absent);
    for (const key of ['', '.', '..', Buffer.from([0xff]), Buffer.from([0xed, 0xa0, 0x80])])
      expect(await get(key)).toBe(ERRNO.invalid);
    expect(await get('k'.repeat(SIZES.key + 1))).toBe(ERRNO.too_large);
    expect(kv.asked).toHaveLength(1);
  });

  it('keeps keys apart that look alike', async () => {
    kv.set('\ufeffk', 'with a mark');
    expect(await get('k')).toBe(ERRNO.absent);
    expect(await get('\ufeffk')).toBe(11);
  });

  it('ends the guest for a key or a buffer out of its memory, also after the wait', async () => {
    kv.set('k', 'value');
    await expect(host.call('kerb_kv.get', handle, 65_535, 2, BUFFER, 9)).rejects.toThrow(GuestFault);
    await expect(host.call('kerb_kv.get', handle, -1, -1, BUFFER, 9)).rejects.toThrow(GuestFault);
    await expect(host.call('kerb_kv.get', handle, ...host.text('k'), 65_533, 9)).rejects.toThrow(GuestFault);
  });

  it('writes into memory that has grown meanwhile', async () => {
    kv.set('k', 'value');
    const answer = host.call('kerb_kv.get', handle, ...host.text('k'), 65_536 + 8, 9);
    host.pages.grow(1);
    expect(await answer).toBe(5);
    expect(host.at(65_536 + 8, 5)).toBe('value');
  });

  it.each([
    ['busy', ERRNO.busy],
    ['unavailable', ERRNO.unavailable],
    ['conflict', ERRNO.conflict],
    ['full', ERRNO.quota],
  ] as const satisfies [KvFault, number][])('says that the store is %s', async (fault, errno) => {
    kv.fault = fault;
    expect(await get('k')).toBe(errno);
    expect(await put({})).toBe(BigInt(errno));
    expect(await host.call('kerb_kv.generation', handle, ...host.text('k'))).toBe(BigInt(errno));
  });
});

describe('metadata and generation', () => {
  it('are those of the value that was read, whatever was written since', async () => {
    kv.set('k', 'old', 'm', 7);
    await get('k');
    kv.set('k', 'new', 'other', 8);
    expect(await host.call('kerb_kv.generation', handle, ...host.text('k'))).toBe(7n);
    expect(await host.call('kerb_kv.metadata', handle, ...host.text('k'), BUFFER, 9)).toBe(1);
    expect(host.at(BUFFER, 1)).toBe('m');
    expect(kv.asked).toHaveLength(1);
    await get('k');
    expect(await host.call('kerb_kv.generation', handle, ...host.text('k'))).toBe(8n);
  });

  it('are asked for when another key was read, or this one was written since', async () => {
    kv.set('k', 'v', null, 3);
    expect(await host.call('kerb_kv.generation', handle, ...host.text('k'))).toBe(3n);
    await put({});
    expect(await host.call('kerb_kv.generation', handle, ...host.text('k'))).toBe(4n);
    expect(await host.call('kerb_kv.generation', handle, ...host.text('none'))).toBe(0n);
    expect(await host.call('kerb_kv.metadata', handle, ...host.text('none'), BUFFER, 9)).toBe(ERRNO.absent);
    expect(await host.call('kerb_kv.metadata', handle, ...host.text('k'), BUFFER, 9)).toBe(0);
  });
});

describe('put', () => {
  it('hands on value, metadata, life and condition', async () => {
    expect(await put({ metadata: 'm', ttl: 60 })).toBe(1n);
    await put({ mode: 1 });
    await put({ mode: 2 });
    await put({ mode: 3, generation: 9n });
    expect(kv.written.map(({ condition }) => condition)).toEqual([
      { kind: 'any' },
      { kind: 'absent' },
      { kind: 'present' },
      { kind: 'generation', generation: 9 },
    ]);
    expect(kv.written[0]).toMatchObject({ metadata: 'm', ttlSeconds: 60 });
    expect(kv.written[1]).toMatchObject({ metadata: null, ttlSeconds: null });
  });

  it.each([
    { mode: 4 },
    { mode: -1 },
    { ttl: -1 },
    { ttl: TTL_SECONDS.most + 1 },
    { mode: 3, generation: -1n },
    { mode: 3, generation: 2n ** 62n },
    { key: '..' },
  ])('refuses %o', async (bad) => {
    expect(await put(bad)).toBe(BigInt(ERRNO.invalid));
    expect(kv.asked).toEqual([]);
  });

  it('refuses what is larger than may be stored, before it is copied', async () => {
    host.pages.grow(500);
    const key = host.text('k');
    const tooLong = host.call('kerb_kv.put', handle, ...key, 0, SIZES.value + 1, 0, 0, 0, 0, 0n);
    expect(await tooLong).toBe(BigInt(ERRNO.too_large));
    const longMetadata = host.call('kerb_kv.put', handle, ...key, 0, 1, 0, SIZES.metadata + 1, 0, 0, 0n);
    expect(await longMetadata).toBe(BigInt(ERRNO.too_large));
  });

  it('copies the value before it waits, and has it on the account of the request meanwhile', async () => {
    host.pages.grow(4);
    host.memory.write(70_000, Buffer.alloc(140_000, 'a'));
    const writing = host.call('kerb_kv.put', handle, ...host.text('k'), 70_000, 140_000, 0, 0, 0, 0, 0n);
    expect(host.held).toBe(2);
    host.memory.write(70_000, Buffer.alloc(140_000, 'b'));
    expect(await writing).toBe(1n);
    expect(host.held).toBe(0);
    expect(Buffer.from(kv.written[0]?.value ?? []).includes('b')).toBe(false);
  });

  it('leaves the account alone when the request has ended: it is another one’s then', async () => {
    host.pages.grow(4);
    kv.fault = 'aborted';
    await host.call('kerb_kv.put', handle, ...host.text('k'), 70_000, 140_000, 0, 0, 0, 0, 0n);
    expect(host.held).toBe(2);
  });
});

describe('delete', () => {
  it('says whether there was an entry', async () => {
    kv.set('k', 'v');
    expect(await host.call('kerb_kv.delete', handle, ...host.text('k'))).toBe(1);
    expect(await host.call('kerb_kv.delete', handle, ...host.text('k'))).toBe(0);
  });
});

describe('list', () => {
  function list(prefix: string, after: string, limit: number): ReturnType<typeof get> {
    return host.call('kerb_kv.list', handle, ...host.text(prefix), ...host.text(after), BUFFER, limit);
  }

  it('writes as many whole keys as fit, and goes on after the last', async () => {
    for (const key of ['p/a', 'p/b', 'p/ccc', 'q']) kv.set(key, '');
    expect(await list('p/', '', 15)).toBe(14);
    expect(host.at(BUFFER, 14)).toBe('\x03\0\0\0p/a\x03\0\0\0p/b');
    expect(await list('p/', 'p/b', 100)).toBe(9);
    expect(host.at(BUFFER, 9)).toBe('\x05\0\0\0p/ccc');
    expect(await list('p/', 'p/ccc', 100)).toBe(0);
  });

  it('says when not even the first fits', async () => {
    kv.set('key', '');
    expect(await list('', '', 6)).toBe(ERRNO.too_small);
    expect(await list('', '', 0)).toBe(ERRNO.too_small);
    expect(await list('none', '', 0)).toBe(0);
  });

  it('never asks for more keys than fit, or than a page has', async () => {
    await list('', '', 50);
    await list('', '', -1);
    expect(kv.asked).toEqual(['keys   10', 'keys   1000']);
  });
});

it('a request may ask so many times, and the next one again', async () => {
  for (let asked = 0; asked < MAX_KV_OPERATIONS; asked++) host.state.takeKvOperation();
  expect(await get('k')).toBe(ERRNO.quota);
  expect(await put({})).toBe(BigInt(ERRNO.quota));
  expect(kv.asked).toEqual([]);
  host.state.reset();
  handle = await host.open();
  expect(await get('k')).toBe(ERRNO.absent);
});
