/** The response as one http-wasm guest writes, reads and changes it. */
import { PrefixedSource, type BodySink, type BodySource } from '../../http/body.ts';
import { HeaderList } from '../../http/headers.ts';
import type { ResponseHead } from '../../http/message.ts';
import type { BackendResponse } from '../../capability/backend.ts';
import type { Exchange, Reply } from '../abi.ts';
import { GuestFault } from '../guest-fault.ts';
import { CollectedBytes, type Hold } from '../collected-bytes.ts';
import { MAX_BUFFERED_BODY_BYTES, READ_STEP_BYTES, STREAM_FROM_BYTES } from './limits.ts';

/** The media type of server-sent events (HTML standard, section 9.2), perhaps with parameters. */
const EVENT_STREAM = /^text\/event-stream[ \t]*(;|$)/i;

/** A response in the making: the guest's own, or the next handler's. */
export class ResponseDraft {
  status = 200;
  headers = new HeaderList();
  readonly #exchange: Exchange;
  readonly #held: CollectedBytes;
  /** Set once the head is on its way and the guest streams. */
  #sink: BodySink | null = null;
  /** The next handler's body, while nobody has replaced it. */
  #upstream: BodySource | null = null;
  /** How many bytes of the held body the guest has read. */
  #readBytes = 0;
  /** Whether the body at hand is the next handler's: the guest's first write then replaces it. */
  #adopted = false;
  /** The fields of the response that was taken over, and those of the guest's that they stand in for. */
  #taken: { readonly theirs: HeaderList; readonly replaced: HeaderList } | null = null;

  constructor(exchange: Exchange, hold: Hold) {
    this.#exchange = exchange;
    this.#held = new CollectedBytes(hold);
  }

  /** Whether the head is sent, so that nothing but the body can follow. */
  get streaming(): boolean {
    return this.#sink !== null;
  }

  /**
   * Takes over the next handler's response: its fields replace the guest's of the same name, `set-cookie` adds up, and its body
   * follows what the guest had written before. One that was taken over before is given up, and its fields with it: they may be
   * another backend's cookies.
   */
  adopt(response: BackendResponse): void {
    this.#upstream?.cancel();
    this.status = response.status;
    const theirs = response.headers.clone();
    const merged = response.headers.clone();
    const replaced = new HeaderList();
    this.#ownFields().forEach((name, value, lower) => {
      const stays = lower === 'set-cookie' || !theirs.has(lower);
      (stays ? merged : replaced).append(name, value);
    });
    this.#taken = { theirs, replaced };
    // The Content-Length is the next handler's: it says nothing of what the guest wrote before it.
    if (this.#held.length > 0) merged.delete('content-length');
    this.headers = merged;
    this.#upstream = response.body;
    this.#adopted = true;
  }

  /**
   * The guest's own fields: without those of a response that was taken over, as far as they are still as they came, and with
   * those that these stood in for.
   */
  #ownFields(): HeaderList {
    if (this.#taken === null) return this.headers;
    const { theirs, replaced } = this.#taken;
    const left = new Map<string, number>();
    theirs.forEach((_name, value, lower) => left.set(`${lower}:${value}`, (left.get(`${lower}:${value}`) ?? 0) + 1));
    const [own, dropped] = [new HeaderList(), new Set<string>()];
    this.headers.forEach((name, value, lower) => {
      const same = left.get(`${lower}:${value}`) ?? 0;
      left.set(`${lower}:${value}`, same - 1);
      if (same > 0) dropped.add(lower);
      else own.append(name, value);
    });
    replaced.forEach((name, value, lower) => {
      if (dropped.has(lower)) own.append(name, value);
    });
    return own;
  }

  /** Forgets the body so far; the next handler's is given up. */
  discardBody(): void {
    this.#upstream?.cancel();
    this.#upstream = null;
    this.#held.clear();
    this.#readBytes = 0;
    this.#adopted = false;
  }

  /** Loads the next handler's whole body, so that the guest can read and replace it. */
  async buffer(): Promise<void> {
    const upstream = this.#upstream;
    if (upstream === null) return;
    for (;;) {
      const chunk = await upstream.read(READ_STEP_BYTES);
      if (chunk === null) break;
      this.#append(chunk);
    }
    this.#upstream = null;
  }

  /** Reads on in the buffered body: up to `maxBytes`, `null` at its end. */
  read(maxBytes: number): Uint8Array | null {
    const chunk = this.#held.bytes.subarray(this.#readBytes, this.#readBytes + maxBytes);
    this.#readBytes += chunk.length;
    return chunk.length === 0 ? null : chunk;
  }

  /**
   * Adds to the body. A guest that did not ask for buffering streams once it has written {@link STREAM_FROM_BYTES}, or at once where
   * its response is a stream of events, which are of use when they happen; the promise then carries the client's backpressure.
   */
  write(chunk: Uint8Array, mode: 'stream' | 'hold'): void | Promise<void> {
    if (this.#sink !== null) return this.#sink.write(chunk);
    if (this.#adopted) this.discardBody();
    this.#append(chunk);
    if (mode === 'hold' || (this.#held.length < STREAM_FROM_BYTES && !this.#isEventStream())) return undefined;
    const held = this.#held.bytes;
    this.#sink = this.#exchange.stream(this.#head());
    this.discardBody();
    return this.#sink.write(held);
  }

  /** The finished response. */
  reply(): Reply {
    if (this.#sink !== null) return { kind: 'streamed' };
    const upstream = this.#upstream;
    if (upstream !== null) {
      const body = this.#held.length === 0 ? upstream : new PrefixedSource(this.#held.bytes, upstream);
      return { kind: 'relay', head: this.#head(), body };
    }
    return { kind: 'whole', head: this.#head(), body: this.#held.bytes };
  }

  #isEventStream(): boolean {
    return EVENT_STREAM.test(this.headers.get('content-type') ?? '');
  }

  #head(): ResponseHead {
    return { status: this.status, headers: this.headers };
  }

  #append(chunk: Uint8Array): void {
    if (this.#held.length + chunk.length > MAX_BUFFERED_BODY_BYTES) {
      throw new GuestFault(`the response body passes ${MAX_BUFFERED_BODY_BYTES} buffered bytes`, 'memory_limit');
    }
    this.#held.add(chunk);
  }
}
