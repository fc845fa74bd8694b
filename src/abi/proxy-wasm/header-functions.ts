/** The Proxy-Wasm ABI, section "HTTP fields". */
import { MAX_HEAD_BYTES } from '../../http/limits.ts';
import type { HostModule } from '../host-function.ts';
import type { FieldMap } from './field-map.ts';
import { MAX_NAME_BYTES, MAX_PAIRS_BYTES } from './limits.ts';
import { parse, serialize, serializedSize } from './pairs.ts';
import { answerU32, give, readableMap, take, takeText, writableMap, type ProxyWasmState } from './state.ts';
import { STATUS, type Status } from './types.ts';

/** A function that puts a name and a value into a map. */
function changing(change: (map: FieldMap, name: string, value: string) => boolean): HostModule<ProxyWasmState>[string] {
  return {
    signature: 'iiiii->i',
    bind: (state) => (id: number, name: number, nameSize: number, value: number, valueSize: number) => {
      const map = writableMap(state, id);
      if (map === null) return STATUS.badArgument;
      const key = takeText(state, name, nameSize, MAX_NAME_BYTES);
      if (typeof key === 'number') return key;
      const text = takeText(state, value, valueSize, MAX_HEAD_BYTES);
      if (typeof text === 'number') return text;
      return change(map, key, text) ? STATUS.ok : STATUS.badArgument;
    },
  };
}

function withReadable(state: ProxyWasmState, id: number, use: (map: FieldMap) => Status): Status {
  const map = readableMap(state, id);
  return map === null ? STATUS.badArgument : use(map);
}

/**
 * Names are read without regard to case and given in lower case. Every function answers `bad_argument` for a map that is not there
 * now, and for one that is past changing; for a name that is no token, a value with CR, LF, NUL or another control, pseudo-fields
 * that are not of the map or whose value cannot be sent, and more than 200 fields or 64 KiB of them.
 */
export const HEADER_FUNCTIONS: HostModule<ProxyWasmState> = {
  /** Bytes of all pairs as they are serialized. */
  proxy_get_header_map_size: {
    signature: 'ii->i',
    bind: (state) => (id: number, sizeAt: number) =>
      withReadable(state, id, ({ list }) => answerU32(state, sizeAt, serializedSize(list))),
  },
  /** All pairs, serialized. */
  proxy_get_header_map_pairs: {
    signature: 'iii->i',
    bind: (state) => (id: number, pointerAt: number, sizeAt: number) =>
      withReadable(state, id, ({ list }) => give(state, serialize(list), pointerAt, sizeAt)),
  },
  /** Puts other pairs in place of all. */
  proxy_set_header_map_pairs: {
    signature: 'iii->i',
    bind: (state) => (id: number, pointer: number, size: number) => {
      const map = writableMap(state, id);
      if (map === null) return STATUS.badArgument;
      const bytes = take(state, pointer, size, MAX_PAIRS_BYTES);
      if (typeof bytes === 'number') return bytes;
      const pairs = parse(bytes);
      return pairs !== null && map.replaceAll(pairs) ? STATUS.ok : STATUS.badArgument;
    },
  },
  /** The values of a name, joined by commas. `not_found` when there is none. */
  proxy_get_header_map_value: {
    signature: 'iiiii->i',
    bind: (state) => (id: number, name: number, nameSize: number, pointerAt: number, sizeAt: number) =>
      withReadable(state, id, (map) => {
        const key = takeText(state, name, nameSize, MAX_NAME_BYTES);
        if (typeof key === 'number') return key;
        const value = map.get(key);
        return value === undefined ? STATUS.notFound : give(state, Buffer.from(value), pointerAt, sizeAt);
      }),
  },
  /** Adds a value to a name. */
  proxy_add_header_map_value: changing((map, name, value) => map.add(name, value)),
  /** Puts a value in place of all others of a name. */
  proxy_replace_header_map_value: changing((map, name, value) => map.replace(name, value)),
  /** Removes every value of a name, if there is one. */
  proxy_remove_header_map_value: {
    signature: 'iii->i',
    bind: (state) => (id: number, name: number, nameSize: number) => {
      const map = writableMap(state, id);
      if (map === null) return STATUS.badArgument;
      const key = takeText(state, name, nameSize, MAX_NAME_BYTES);
      if (typeof key === 'number') return key;
      map.remove(key);
      return STATUS.ok;
    },
  },
};
