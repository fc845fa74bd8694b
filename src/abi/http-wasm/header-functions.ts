/** The http-handler ABI, section "Header Functions": one set of calls for four kinds of fields. */
import { isFieldValue, isToken } from '../../http/fields.ts';
import { headSizeFault } from '../../http/head-size.ts';
import { HeaderList } from '../../http/headers.ts';
import { GuestFault } from '../guest-fault.ts';
import type { GuestMemory } from '../guest-memory.ts';
import type { HostModule } from '../host-function.ts';
import { FEATURE } from './features.ts';
import { beforeNext, beforeNextOr, type HttpWasmState } from './state.ts';

/** `header_kind`: which fields a call is about. */
const KIND = { request: 0, response: 1, requestTrailers: 2, responseTrailers: 3 } as const;

/** The longest field name and value taken from a guest, so that one call cannot make the host hold the guest's memory. */
const MAX_NAME_BYTES = 1024;
const MAX_VALUE_BYTES = 64 * 1024;

/** Trailers are a feature that this host lacks: reads find none. */
const NO_TRAILERS = new HeaderList();

function readable(state: HttpWasmState, kind: number): HeaderList {
  switch (kind) {
    case KIND.request:
      return state.turn.request.headers;
    case KIND.response:
      return state.turn.response.headers;
    case KIND.requestTrailers:
    case KIND.responseTrailers:
      return NO_TRAILERS;
    default:
      throw new GuestFault(`unknown header kind ${kind}`);
  }
}

function writable(state: HttpWasmState, kind: number): HeaderList {
  switch (kind) {
    case KIND.request:
      return beforeNext(state, 'request headers').request.headers;
    case KIND.response:
      return beforeNextOr(state, FEATURE.bufferResponse, 'response headers').response.headers;
    case KIND.requestTrailers:
    case KIND.responseTrailers:
      throw new GuestFault('the guest sets a trailer, and enable_features said that trailers are not supported');
    default:
      throw new GuestFault(`unknown header kind ${kind}`);
  }
}

function readName(memory: GuestMemory, pointer: number, length: number): string {
  if (length >>> 0 > MAX_NAME_BYTES) throw new GuestFault(`a field name of ${length >>> 0} bytes`);
  const name = memory.readText(pointer, length);
  if (!isToken(name)) throw new GuestFault('a field name is empty or not a token (RFC 9110 section 5.1)');
  return name;
}

function readValue(memory: GuestMemory, pointer: number, length: number): string {
  if (length >>> 0 > MAX_VALUE_BYTES) throw new GuestFault(`a field value of ${length >>> 0} bytes`);
  const value = memory.readText(pointer, length);
  if (!isFieldValue(value))
    throw new GuestFault('a field value holds CR, LF, NUL or another control (RFC 9110 section 5.5)');
  return value;
}

/** Ends the guest whose changes have made a head longer than that of any message may be. */
function checkSize(headers: HeaderList): void {
  const fault = headSizeFault(headers);
  if (fault !== null) throw new GuestFault(`the guest makes a head that is too long: ${fault.detail}`);
}

/**
 * Writes texts, each with a NUL after it, if all fit in `limit` bytes.
 * Result: `count_len`, the count in the high and the length in bytes in the low 32 bits.
 */
function writeTerminated(memory: GuestMemory, buf: number, limit: number, texts: readonly string[]): bigint {
  if (texts.length === 0) return 0n;
  const length = memory.writeText(buf, limit, `${texts.join('\0')}\0`);
  return (BigInt(texts.length) << 32n) | BigInt(length);
}

/** A function that puts a name and a value, both checked, into the fields of a kind. */
function changing(
  change: (headers: HeaderList, name: string, value: string) => void,
): HostModule<HttpWasmState>[string] {
  return {
    signature: 'iiiii->',
    bind: (state) => (kind: number, name: number, nameLength: number, value: number, valueLength: number) => {
      const { memory } = state.host;
      const headers = writable(state, kind);
      change(headers, readName(memory, name, nameLength), readValue(memory, value, valueLength));
      checkSize(headers);
    },
  };
}

/** `get_header_names`, `get_header_values`, `set_header_value`, `add_header_value`, `remove_header`. */
export const HEADER_FUNCTIONS: HostModule<HttpWasmState> = {
  /** Every distinct name, in lower case, NUL-terminated. Result: `count_len`. Ends the guest on an unknown kind. */
  get_header_names: {
    signature: 'iii->I',
    bind: (state) => (kind: number, buf: number, limit: number) =>
      writeTerminated(state.host.memory, buf, limit, readable(state, kind).names()),
  },
  /** Every value of a name, NUL-terminated; no value: 0. Result: `count_len`. Ends the guest on a name that is no token. */
  get_header_values: {
    signature: 'iiiii->I',
    bind: (state) => (kind: number, name: number, nameLength: number, buf: number, limit: number) => {
      const { memory } = state.host;
      return writeTerminated(memory, buf, limit, readable(state, kind).getAll(readName(memory, name, nameLength)));
    },
  },
  /**
   * Replaces every value of a name. Ends the guest on bad names or values, trailers, messages that are past changing, and more
   * fields than a message may have.
   */
  set_header_value: changing((headers, name, value) => headers.set(name, value)),
  /** Adds a value to a name. Ends the guest as `set_header_value`. */
  add_header_value: changing((headers, name, value) => headers.append(name, value)),
  /** Removes every value of a name, if there is one. Ends the guest as `set_header_value`. */
  remove_header: {
    signature: 'iii->',
    bind: (state) => (kind: number, name: number, nameLength: number) => {
      writable(state, kind).delete(readName(state.host.memory, name, nameLength));
    },
  },
};
