/** The import module `kerb_kv`: key-value stores that the manifest grants. What asks the store suspends the guest. */
import type { KvCondition, KvEntry, KvPut } from '../../capability/kv.ts';
import type { HostModule } from '../host-function.ts';
import { bytesAt, keyAt, nameAt, textAt } from './arguments.ts';
import { ERRNO, errnoOf, type Errno } from './errno.ts';
import { heldWhile } from './held.ts';
import { MAX_LISTED_KEYS, SIZES, TTL_SECONDS } from './limits.ts';
import type { KerbGuest, OpenStore } from './guest.ts';

/** Bytes before each key of a list: its length. */
const LENGTH_BYTES = 4;

/** `mode` of `put`. */
const MODES = [
  () => ({ kind: 'any' }),
  () => ({ kind: 'absent' }),
  () => ({ kind: 'present' }),
  (generation: number) => ({ kind: 'generation', generation }),
] as const satisfies readonly ((generation: number) => KvCondition)[];

/** `open`, `close`, `get`, `metadata`, `generation`, `put`, `delete`, `list`. */
export const KV_FUNCTIONS: HostModule<KerbGuest> = {
  /**
   * `open(name, name_len)`: opens a store for this request. Result: its handle, more than 0, or `not_granted` when the manifest does not
   * grant it, `quota` when {@link ./limits.ts MAX_OPEN_STORES} are open, `invalid`, `too_large`. Never waits.
   */
  open: {
    signature: 'ii->i',
    bind: (state) => (at: number, length: number) => {
      const name = nameAt(state.host.memory, at, length, SIZES.name);
      if (typeof name === 'number') return name;
      const store = state.host.kv(name);
      if (store === null) return ERRNO.not_granted;
      return state.stores.add({ store, seen: null }) ?? ERRNO.quota;
    },
  },
  /** `close(handle)`: forgets a handle; the end of the request does so too. Result: 0 or `bad_handle`. */
  close: {
    signature: 'i->i',
    bind: (state) => (handle: number) => (state.stores.close(handle) ? 0 : ERRNO.bad_handle),
  },
  /**
   * `get(handle, key, key_len, buf, buf_limit)`: reads a value and writes it if it fits in `buf_limit` bytes; a longer one is asked
   * for again with a larger buffer. Result: its length in bytes, or `absent`, `bad_handle`, `invalid`, `too_large`, `quota`,
   * `busy`, `unavailable`.
   */
  get: {
    signature: 'iiiii->i',
    suspends: true,
    bind: (state) => (handle: number, at: number, length: number, buf: number, limit: number) => {
      const asked = keyOf(state, handle, at, length);
      if (typeof asked === 'number') return asked;
      return resultOf(read(asked, Math.min(limit >>> 0, SIZES.value)), (entry) => {
        if (entry === null) return ERRNO.absent;
        if (entry.value !== null) state.host.memory.writeBytes(buf, limit, entry.value);
        return entry.bytes;
      });
    },
  },
  /**
   * `metadata(handle, key, key_len, buf, buf_limit)`: writes the metadata of an entry if it fits: that of the value which `get` read
   * last, or else it is asked for. Result: its length in bytes, 0 for none, or as `get`.
   */
  metadata: {
    signature: 'iiiii->i',
    suspends: true,
    bind: (state) => (handle: number, at: number, length: number, buf: number, limit: number) => {
      const { memory } = state.host;
      const encode = (entry: Seen): number =>
        entry === null ? ERRNO.absent : memory.writeText(buf, limit, entry.metadata ?? '');
      return describe(state, handle, at, length, encode, (errno) => errno);
    },
  },
  /**
   * `generation(handle, key, key_len)`: the generation of an entry: that of the value which `get` read last, or else it is asked for.
   * Result: at least 1, 0 when there is no entry, or as `get`.
   */
  generation: {
    signature: 'iii->I',
    suspends: true,
    bind: (state) => (handle: number, at: number, length: number) =>
      describe(state, handle, at, length, (entry) => BigInt(entry?.generation ?? 0), BigInt),
  },
  /**
   * `put(handle, key, key_len, value, value_len, metadata, metadata_len, ttl_seconds, mode, generation)`: writes an entry; it has
   * reached the disk when this returns. `ttl_seconds` 0: it stays. `mode` 0: whatever there is; 1: only when there is none; 2: only
   * when there is one; 3: only when it has `generation` (0: when there is none); otherwise `generation` is ignored.
   * Result: the new generation, or `conflict` when the mode's condition does not hold, `quota` also when the tenant stores as much as
   * it may, and as `get`.
   */
  put: {
    signature: 'iiiiiiiiiI->I',
    suspends: true,
    bind: (state) => {
      return (
        handle: number,
        at: number,
        length: number,
        value: number,
        valueLength: number,
        metadata: number,
        metadataLength: number,
        ttlSeconds: number,
        mode: number,
        generation: bigint,
      ) => {
        const { memory } = state.host;
        const text = textAt(memory, metadata, metadataLength, SIZES.metadata);
        if (typeof text === 'number') return BigInt(text);
        const ttl = ttlOf(ttlSeconds);
        const condition = conditionOf(mode, generation);
        if (ttl === undefined || condition === undefined) return BigInt(ERRNO.invalid);
        const bytes = bytesAt(memory, value, valueLength, SIZES.value);
        if (typeof bytes === 'number') return BigInt(bytes);
        const asked = keyOf(state, handle, at, length);
        if (typeof asked === 'number') return BigInt(asked);
        return put(state, asked, { value: bytes, metadata: text === '' ? null : text, ttlSeconds: ttl, condition });
      };
    },
  },
  /** `delete(handle, key, key_len)`: removes an entry. Result: 1, 0 when there was none, or as `get`. */
  delete: {
    signature: 'iii->i',
    suspends: true,
    bind: (state) => (handle: number, at: number, length: number) => {
      const asked = keyOf(state, handle, at, length);
      if (typeof asked === 'number') return asked;
      asked.open.seen = null;
      return resultOf(asked.open.store.delete(asked.key), Number);
    },
  },
  /**
   * `list(handle, prefix, prefix_len, after, after_len, buf, buf_limit)`: writes keys that begin with `prefix`, in the order of their
   * bytes and only those after `after` (empty: from the first): each as its length (u32, little-endian) and its bytes, as many as
   * fit, at most {@link ./limits.ts MAX_LISTED_KEYS}. The last one is `after` of the next call.
   * Result: bytes written, 0 when there are no more, `too_small` when the first key does not fit, or as `get`.
   */
  list: {
    signature: 'iiiiiii->i',
    suspends: true,
    bind:
      (state) =>
      (handle: number, at: number, length: number, last: number, lastLength: number, ...buffer) => {
        const [buf, limit] = buffer as [number, number];
        const { memory } = state.host;
        const prefix = textAt(memory, at, length, SIZES.key);
        if (typeof prefix === 'number') return prefix;
        const after = textAt(memory, last, lastLength, SIZES.key);
        if (typeof after === 'number') return after;
        const open = storeOf(state, handle);
        if (typeof open === 'number') return open;
        const most = Math.min(MAX_LISTED_KEYS, Math.max(1, Math.floor((limit >>> 0) / (LENGTH_BYTES + 1))));
        return resultOf(open.store.keys(prefix, after, most), (keys) => {
          const list = encodedKeys(keys, limit >>> 0);
          if (keys.length > 0 && list.length === 0) return ERRNO.too_small;
          return memory.writeBytes(buf, limit, list);
        });
      },
  },
};

/** A key of an open store. */
interface Asked {
  readonly open: OpenStore;
  readonly key: string;
}

type Seen = Omit<KvEntry, 'value'> | null;

/** The store of a handle, when the request may ask it once more. */
function storeOf(state: KerbGuest, handle: number): OpenStore | Errno {
  const open = state.stores.get(handle);
  if (open === undefined) return ERRNO.bad_handle;
  return state.takeKvOperation() ? open : ERRNO.quota;
}

function keyOf(state: KerbGuest, handle: number, at: number, length: number): Asked | Errno {
  const key = keyAt(state.host.memory, at, length, SIZES.key);
  if (typeof key === 'number') return key;
  const open = storeOf(state, handle);
  return typeof open === 'number' ? open : { open, key };
}

async function read({ open, key }: Asked, maxBytes: number): Promise<KvEntry | null> {
  open.seen = null;
  const entry = await open.store.get(key, maxBytes);
  open.seen = { key, entry: entry === null ? null : withoutValue(entry) };
  return entry;
}

function withoutValue({ generation, metadata, bytes }: KvEntry): Omit<KvEntry, 'value'> {
  return { generation, metadata, bytes };
}

/** Tells something of an entry: of the one that was read last, when that is it. */
function describe<T extends number | bigint>(
  state: KerbGuest,
  handle: number,
  at: number,
  length: number,
  encode: (entry: Seen) => T,
  failed: (errno: Errno) => T,
): T | Promise<T> {
  const key = keyAt(state.host.memory, at, length, SIZES.key);
  if (typeof key === 'number') return failed(key);
  const seen = state.stores.get(handle)?.seen;
  if (seen?.key === key) return encode(seen.entry);
  const open = storeOf(state, handle);
  if (typeof open === 'number') return failed(open);
  return read({ open, key }, 0).then(encode, (error: unknown) => failed(errnoOf(error)));
}

async function put(state: KerbGuest, { open, key }: Asked, entry: KvPut): Promise<bigint> {
  open.seen = null;
  const written = heldWhile(state.host, entry.value.length, () => open.store.put(key, entry));
  return written.then(BigInt, (error: unknown) => BigInt(errnoOf(error)));
}

/** What the guest gets of an answer, or of its failure. */
function resultOf<T>(answer: Promise<T>, encode: (value: T) => number): Promise<number> {
  return answer.then(encode, errnoOf);
}

/** Seconds of a life, `null` for one without end; `undefined`: out of range. */
function ttlOf(seconds: number): number | null | undefined {
  if (seconds === 0) return null;
  return seconds >= TTL_SECONDS.least && seconds <= TTL_SECONDS.most ? seconds : undefined;
}

/** The condition of a mode; `undefined`: there is no such mode, or no such generation. */
function conditionOf(mode: number, generation: bigint): KvCondition | undefined {
  const wanted = Number(generation);
  if (mode === MODES.length - 1 && !(Number.isSafeInteger(wanted) && wanted >= 0)) return undefined;
  return MODES[mode]?.(wanted);
}

/** As many keys as fit in `limit` bytes, each behind its length. */
function encodedKeys(keys: readonly string[], limit: number): Uint8Array {
  const pieces: Buffer[] = [];
  let size = 0;
  for (const key of keys) {
    const bytes = Buffer.from(key);
    if (size + LENGTH_BYTES + bytes.length > limit) break;
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(bytes.length);
    pieces.push(length, bytes);
    size += LENGTH_BYTES + bytes.length;
  }
  return Buffer.concat(pieces);
}
