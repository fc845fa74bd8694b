/** Standard output of a program as the response to its request. */
import { Buffer } from 'node:buffer';
import type { BodySink } from '../../http/body.ts';
import { fromBytes } from '../../http/fields.ts';
import { declaredLength } from '../../http/framing.ts';
import type { ResponseHead } from '../../http/message.ts';
import { bodyAllowed } from '../../http/response-rules.ts';
import type { Exchange, Reply } from '../abi.ts';
import { GuestFault } from '../guest-fault.ts';
import { CollectedBytes, type Hold } from '../collected-bytes.ts';
import { ERRNO, type Errno } from '../wasi/errno.ts';
import { OutputStream } from '../wasi/standard-streams.ts';
import { endOfBlock, parseHeaderBlock } from './header-block.ts';
import { MAX_HEADER_BLOCK_BYTES, MAX_OUTPUT_BYTES, STREAM_FROM_BYTES } from './limits.ts';

const NOTHING = new Uint8Array(0);

/**
 * Takes a header block, then a body. The body is kept for a moment: until the program ends, which makes a whole response of it; until
 * it is long; or until the thread's next turn, which comes when the program waits or has had its slice. From then on it streams.
 */
export class ResponseOutput extends OutputStream {
  override readonly writeBytes = MAX_OUTPUT_BYTES;
  readonly #exchange: Exchange;
  readonly #block: CollectedBytes;
  readonly #kept: CollectedBytes;
  #head: ResponseHead | null = null;
  #sink: BodySink | null = null;
  /** The turn in which what is kept is sent. */
  #turn: NodeJS.Immediate | null = null;
  /** What was sent in a turn of its own and has not been taken yet. */
  #sending: Promise<void> | null = null;
  /** Why sending it failed. */
  #fault: { readonly error: unknown } | null = null;

  /** @param hold - Accounts for what is kept. */
  constructor(exchange: Exchange, hold: Hold) {
    super();
    this.#exchange = exchange;
    this.#block = new CollectedBytes(hold);
    this.#kept = new CollectedBytes(hold);
  }

  /** Throws {@link GuestFault} `no_response` for a header block that is none or has no end, and what sending throws. */
  override write(bytes: Uint8Array): Errno | Promise<Errno> {
    if (this.#fault !== null) throw this.#fault.error;
    const body = this.#head === null ? this.#takeHead(bytes) : bytes;
    if (body.length === 0) return ERRNO.success;
    if (this.#sink !== null) return done(this.#send(this.#sink, body));
    this.#kept.add(body);
    if (this.#kept.length >= STREAM_FROM_BYTES) return done(this.#open());
    this.#turn ??= setImmediate(() => this.#openInTurn());
    return ERRNO.success;
  }

  /**
   * The response, now that the program has ended. Rejects with {@link GuestFault} `no_response` when there is no whole header block, or
   * the body is not as long as it says.
   */
  async finish(): Promise<Reply> {
    this.#cancelTurn();
    if (this.#fault !== null) throw this.#fault.error;
    if (this.#sending !== null) await this.#sending;
    if (this.#head === null)
      throw new GuestFault('the program ended before the blank line behind its header block', 'no_response');
    if (this.#sink !== null) return { kind: 'streamed' };
    this.#checkLength(this.#head);
    return { kind: 'whole', head: this.#head, body: this.#kept.bytes };
  }

  /** Says that there will be no response: nothing is sent any more. */
  abandon(): void {
    this.#cancelTurn();
  }

  #cancelTurn(): void {
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
  }

  /** Takes the header block; answers what follows it. */
  #takeHead(bytes: Uint8Array): Uint8Array {
    const looked = Math.max(this.#block.length - 2, 0);
    this.#block.add(bytes);
    const block = this.#block.bytes;
    const end = endOfBlock(block, looked);
    if ((end === -1 ? block.length : end) > MAX_HEADER_BLOCK_BYTES)
      throw new GuestFault(
        `the header block passes ${MAX_HEADER_BLOCK_BYTES} bytes without a blank line`,
        'no_response',
      );
    if (end === -1) return NOTHING;
    this.#head = parseHeaderBlock(fromBytes(block.subarray(0, end)));
    const rest = Buffer.from(block.subarray(end));
    this.#block.clear();
    return rest;
  }

  /** Begins to stream with what is kept. */
  #open(): void | Promise<void> {
    this.#cancelTurn();
    if (this.#head === null) throw new TypeError('a response is opened without its head');
    const kept = this.#kept.bytes;
    this.#sink = this.#exchange.stream(this.#head);
    const sent = this.#sink.write(kept);
    this.#kept.clear();
    return sent;
  }

  /** As {@link #open} while nobody waits: what fails is told by the next write, or at the end. */
  #openInTurn(): void {
    this.#turn = null;
    try {
      const sending = this.#open();
      if (sending === undefined) return;
      sending.catch(() => undefined);
      this.#sending = sending;
    } catch (error) {
      this.#fault = { error };
    }
  }

  /** One write at a time: what was sent before has to be taken first. */
  #send(sink: BodySink, bytes: Uint8Array): void | Promise<void> {
    const before = this.#sending;
    this.#sending = null;
    return before === null ? sink.write(bytes) : before.then(() => sink.write(bytes));
  }

  /** A body of another length than it says is cut or has garbage behind it. */
  #checkLength({ status, headers }: ResponseHead): void {
    const length = declaredLength(headers);
    if (length === null || length === this.#kept.length || !bodyAllowed(this.#exchange.request.method, status)) return;
    throw new GuestFault(
      `the body has ${this.#kept.length} bytes, and its Content-Length says ${length}`,
      'no_response',
    );
  }
}

function done(sending: void | Promise<void>): Errno | Promise<Errno> {
  return sending === undefined ? ERRNO.success : sending.then(() => ERRNO.success);
}
