/** One backend body that several clients read as it arrives, and that is kept whole when it can be. */
import { BodyError, type BodySource } from '../http/body.ts';
import { MAX_LAG_BYTES, MAX_ORPHAN_MS, READ_BYTES } from './limits.ts';
import { SharedBodyReader, type End, type Link } from './shared-body-reader.ts';

/** What becomes of the body; exactly one of `whole` and `lost` is called, once. */
export interface BodyFate {
  /** The body is complete: all of its bytes, in memory of their own. */
  whole(bytes: Uint8Array): void;
  /** The body is not to be stored: it broke off, is of another length than it said, is too large, or nobody wants it. */
  lost(): void;
  /** Asks for room for more bytes; `false` when there is none. What was given is given back by whoever hears the fate. */
  reserve(bytes: number): boolean;
  /** The monotonic clock. */
  nowMs(): number;
}

/** What is known of a body before it comes. */
export interface BodyTerms {
  /** What Content-Length says, or `null`. */
  readonly expectedBytes: number | null;
  /** A larger one goes through without being kept. */
  readonly maxBytes: number;
}

/**
 * Reads a source once for many readers.
 *
 * While it may be kept it is read as fast as it comes, so that no client's pace holds up the others, and readers may join.
 * Once it turns out too large nothing more is kept: it is read at the pace of its fastest reader, nobody may join, and a
 * reader that trails by more than {@link MAX_LAG_BYTES} over the cap is cut off. When the last reader has left, a body that
 * may be kept is read on for {@link MAX_ORPHAN_MS}; another is cancelled.
 */
export class SharedBody {
  readonly #source: BodySource;
  readonly #terms: BodyTerms;
  readonly #fate: BodyFate;
  readonly #readers = new Set<SharedBodyReader>();
  #last: Link = { chunk: new Uint8Array(0), next: null };
  /** The beginning, from which readers can join; `null` once the body will not be kept. */
  #kept: Link | null = this.#last;
  #bytes = 0;
  #end: End = 'open';
  #isReading = false;
  #orphanedAtMs: number;

  constructor(source: BodySource, terms: BodyTerms, fate: BodyFate) {
    this.#source = source;
    this.#terms = terms;
    this.#fate = fate;
    this.#orphanedAtMs = fate.nowMs();
  }

  /** Begins to read. What is at hand is taken before it returns. */
  start(): void {
    void this.#gather();
  }

  /** A source of the whole body for one more client, or `null` when its beginning is gone or it broke off. */
  reader(): BodySource | null {
    if (this.#kept === null || this.#end instanceof Error) return null;
    const reader = new SharedBodyReader(this.#kept, {
      end: () => this.#end,
      wanted: () => this.#pull(),
      left: (gone) => this.#leave(gone),
    });
    this.#readers.add(reader);
    return reader;
  }

  /** Reads all of it while it may be kept. */
  async #gather(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#kept !== null && this.#end === 'open') {
        const read = this.#source.read(READ_BYTES);
        this.#take(read instanceof Promise ? await read : read);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isReading = false;
    if (this.#end === 'open') for (const reader of this.#readers) reader.wake();
  }

  /** Reads one more chunk of a body that is not kept. */
  #pull(): void {
    if (this.#isReading || this.#end !== 'open' || this.#kept !== null) return;
    this.#isReading = true;
    const read = async (): Promise<void> => {
      try {
        this.#take(await this.#source.read(READ_BYTES));
      } catch (error) {
        this.#fail(error);
      }
      this.#isReading = false;
      if (this.#end === 'open') for (const reader of this.#readers) reader.wake();
    };
    void read();
  }

  #take(chunk: Uint8Array | null): void {
    if (this.#end !== 'open') return;
    if (chunk === null) return this.#finish();
    if (chunk.length === 0) return;
    this.#bytes += chunk.length;
    const link: Link = { chunk, next: null };
    this.#last.next = link;
    this.#last = link;
    if (this.#kept !== null && !this.#mayKeep(chunk.length)) this.#lose();
    for (const reader of this.#readers) this.#offer(reader);
  }

  #offer(reader: SharedBodyReader): void {
    const lag = this.#bytes - reader.takenBytes;
    if (this.#kept === null && lag > this.#terms.maxBytes + MAX_LAG_BYTES) reader.cut();
    else reader.wake();
  }

  #mayKeep(chunkBytes: number): boolean {
    const { expectedBytes, maxBytes } = this.#terms;
    if (this.#bytes > Math.min(maxBytes, expectedBytes ?? Infinity)) return false;
    if (this.#readers.size === 0 && this.#fate.nowMs() - this.#orphanedAtMs > MAX_ORPHAN_MS) return false;
    return this.#fate.reserve(chunkBytes);
  }

  /** Keeps it no longer. Without readers it is not wanted at all. */
  #lose(): void {
    if (this.#kept === null) return;
    this.#kept = null;
    this.#fate.lost();
    if (this.#readers.size === 0) this.#fail(new BodyError('closed'));
  }

  #finish(): void {
    const { expectedBytes } = this.#terms;
    if (expectedBytes !== null && this.#bytes !== expectedBytes) return this.#fail(new BodyError('closed'));
    this.#end = 'ended';
    for (const reader of this.#readers) reader.wake();
    if (this.#kept !== null) this.#fate.whole(gathered(this.#kept, this.#bytes));
  }

  #fail(error: unknown): void {
    if (this.#end !== 'open') return;
    this.#end = error instanceof Error ? error : new BodyError('closed', { cause: error });
    this.#source.cancel();
    this.#lose();
    for (const reader of this.#readers) reader.wake();
  }

  #leave(reader: SharedBodyReader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return;
    this.#orphanedAtMs = this.#fate.nowMs();
    if (this.#kept === null) this.#fail(new BodyError('closed'));
  }
}

function gathered(first: Link, bytes: number): Uint8Array {
  // Memory of its own: chunks are views that would hold the buffers of their sockets.
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (let link = first.next; link !== null; link = link.next) {
    whole.set(link.chunk, at);
    at += link.chunk.length;
  }
  return whole;
}
