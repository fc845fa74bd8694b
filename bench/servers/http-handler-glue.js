/**
 * The part of the http-wasm handler ABI that `hello` and `echo` use, as small and as fast as it can be: what somebody would
 * write who runs just these guests in workerd or Node. Runs in both, so it uses nothing but the language.
 *
 * @typedef {object} Turn one request at a guest
 * @property {WebAssembly.Instance} instance
 * @property {Uint8Array | null} body the request's
 * @property {string} contentType
 * @property {Uint8Array | null} answer
 */

const decoder = new TextDecoder();
const END_OF_BODY = 1n << 32n;

/** @type {Turn | null} the request whose guest runs: guests run to completion, so one at a time */
let turn = null;

/** @param {number} at @param {number} length */
const bytesAt = (at, length) => new Uint8Array(memoryOf(turn).buffer, at, length);

/** @param {Turn | null} of @returns {WebAssembly.Memory} */
const memoryOf = (of) => /** @type {WebAssembly.Memory} */ (of?.instance.exports['memory']);

/** @type {WebAssembly.Imports} */
export const imports = {
  http_handler: {
    /** @type {(kind: number, name: number, nameLength: number, value: number, length: number) => void} */
    set_header_value: (_kind, _name, _nameLength, value, length) => {
      // Both guests set content-type only.
      if (turn !== null) turn.contentType = decoder.decode(bytesAt(value, length));
    },
    /** @type {(kind: number, at: number, length: number) => void} */
    write_body: (_kind, at, length) => {
      if (turn !== null) turn.answer = bytesAt(at, length).slice();
    },
    /** @type {(kind: number, at: number, limit: number) => bigint} */
    read_body: (_kind, at, limit) => {
      const body = turn?.body ?? null;
      if (body === null || body.length > limit) return END_OF_BODY;
      bytesAt(at, body.length).set(body);
      return END_OF_BODY | BigInt(body.length);
    },
  },
};

/**
 * Runs a request through a guest.
 *
 * @param {WebAssembly.Instance} instance
 * @param {Uint8Array | null} body
 * @returns {{ contentType: string, answer: Uint8Array }}
 */
export function handle(instance, body) {
  const own = { instance, body, contentType: '', answer: /** @type {Uint8Array | null} */ (null) };
  turn = own;
  /** @type {() => bigint} */ (instance.exports['handle_request'])();
  turn = null;
  return { contentType: own.contentType, answer: own.answer ?? new Uint8Array() };
}
