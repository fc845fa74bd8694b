/** The http-handler ABI, section "Body Functions". */
import { GuestFault } from '../guest-fault.ts';
import type { GuestMemory } from '../guest-memory.ts';
import type { HostModule } from '../host-function.ts';
import { FEATURE } from './features.ts';
import { beforeNext, beforeNextOr, hasFeature, type HttpWasmState } from './state.ts';

/** `body_kind`: which body a call is about. */
const KIND = { request: 0, response: 1 } as const;

/** `eof_len` with the end-of-body bit set. */
const EOF = 1n << 32n;

type Chunk = Uint8Array | null;

/** Takes up to `maxBytes` bytes of the body that a call is about. */
type Read = (maxBytes: number) => Chunk | Promise<Chunk>;

function reader(state: HttpWasmState, kind: number): Read {
  if (kind === KIND.request) {
    const turn = beforeNextOr(state, FEATURE.bufferRequest, 'the request body');
    const keep = hasFeature(turn, FEATURE.bufferRequest) ? 'keep' : 'consume';
    return (maxBytes) => turn.request.read(maxBytes, keep);
  }
  if (kind === KIND.response) {
    const turn = beforeNextOr(state, FEATURE.bufferResponse, 'the response body');
    return (maxBytes) => turn.response.read(maxBytes);
  }
  throw new GuestFault(`unknown body kind ${kind}`);
}

/** A read in progress: fills a range of guest memory and stops short only at the end of the body. */
class BodyRead {
  readonly #memory: GuestMemory;
  readonly #read: Read;
  readonly #buf: number;
  readonly #limit: number;
  #filled = 0;

  constructor(memory: GuestMemory, read: Read, buf: number, limit: number) {
    this.#memory = memory;
    this.#read = read;
    this.#buf = buf;
    this.#limit = limit;
  }

  /** Runs until the range is full, the body ends, or the body has to be waited for. Result: `eof_len`. */
  run(): bigint | Promise<bigint> {
    while (this.#filled < this.#limit) {
      const chunk = this.#read(this.#limit - this.#filled);
      if (chunk instanceof Promise) return this.#wait(chunk);
      const ended = this.#take(chunk);
      if (ended !== null) return ended;
    }
    return BigInt(this.#filled);
  }

  /** Goes on from a first wait. One promise for the whole read: the client chooses in how many pieces its body comes. */
  async #wait(first: Promise<Chunk>): Promise<bigint> {
    let ended = this.#take(await first);
    while (ended === null && this.#filled < this.#limit) {
      const chunk = this.#read(this.#limit - this.#filled);
      ended = this.#take(chunk instanceof Promise ? await chunk : chunk);
    }
    return ended ?? BigInt(this.#filled);
  }

  /** Copies a chunk into the guest, or answers the result when there is none. The range is checked anew each time. */
  #take(chunk: Chunk): bigint | null {
    if (chunk === null) return EOF | BigInt(this.#filled);
    this.#memory.write(this.#buf + this.#filled, chunk);
    this.#filled += chunk.length;
    return null;
  }
}

function write(state: HttpWasmState, kind: number, chunk: Uint8Array): void | Promise<void> {
  if (kind === KIND.request) return beforeNext(state, 'the request body').request.write(chunk);
  if (kind === KIND.response) {
    const turn = beforeNextOr(state, FEATURE.bufferResponse, 'the response body');
    return turn.response.write(chunk, hasFeature(turn, FEATURE.bufferResponse) ? 'hold' : 'stream');
  }
  throw new GuestFault(`unknown body kind ${kind}`);
}

/** `read_body`, `write_body`. */
export const BODY_FUNCTIONS: HostModule<HttpWasmState> = {
  /**
   * Reads the next `buf_limit` bytes of a body, waiting for the client or holding them; a second call goes on where this
   * one stopped. Result: `eof_len`, the end-of-body bit in the high and the length in the low 32 bits. Ends the guest when
   * `buf_limit` is 0, the body breaks off or passes its cap, and after "next" unless that body's buffering is enabled.
   */
  read_body: {
    signature: 'iii->I',
    suspends: true,
    bind: (state) => (kind: number, buf: number, limit: number) => {
      if (limit === 0) throw new GuestFault('read_body with a buf_limit of 0');
      const { memory } = state.host;
      memory.checkRange(buf, limit);
      return new BodyRead(memory, reader(state, kind), buf >>> 0, limit >>> 0).run();
    },
  },
  /**
   * Adds to a body; the first call replaces what was there. A response body that grows large streams to the client, and
   * the call then waits while the client is slow. Ends the guest when the message is past changing.
   */
  write_body: {
    signature: 'iii->',
    suspends: true,
    bind: (state) => (kind: number, body: number, length: number) =>
      write(state, kind, state.host.memory.read(body, length)),
  },
};
