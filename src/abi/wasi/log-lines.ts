/** Output of a guest as lines of its tenant's log. */
import { Buffer } from 'node:buffer';
import type { GuestHost } from '../abi.ts';
import type { LogLevel } from '../../log-level.ts';
import { MAX_LINE_BYTES } from './limits.ts';
import { printable } from './printable.ts';

const NEWLINE = 0x0a;

/** The half of {@link GuestHost} that takes lines. */
export type LineSink = Pick<GuestHost, 'log' | 'logs'>;

/**
 * Splits a byte stream at newlines and logs each line at one level. Empty lines are left out, a carriage return before the
 * newline too; ill-formed UTF-8 becomes U+FFFD and controls are escaped ({@link printable}), so that one line of the log is
 * one line of the guest's. A line is cut at {@link MAX_LINE_BYTES}, with a mark that counts what is dropped.
 */
export class LogLines {
  readonly #sink: LineSink;
  readonly #level: LogLevel;
  /** The bytes of the unfinished line are `#held[0 .. #length]`; allocated when a write first ends inside a line. */
  #held: Buffer | null = null;
  #length = 0;
  /** Bytes of the unfinished line beyond those held. */
  #dropped = 0;

  constructor(sink: LineSink, level: LogLevel) {
    this.#sink = sink;
    this.#level = level;
  }

  /** Takes output; what follows the last newline waits for the next write or for {@link flush}. */
  write(bytes: Uint8Array): void {
    if (!this.#sink.logs(this.#level)) return;
    const output = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let start = 0;
    for (let end = output.indexOf(NEWLINE); end !== -1; end = output.indexOf(NEWLINE, start)) {
      this.#finish(output, start, end);
      start = end + 1;
    }
    this.#hold(output, start, output.length);
  }

  /** Logs the unfinished line, if there is one. */
  flush(): void {
    if (this.#held !== null && this.#length > 0) this.#emit(this.#held.toString('utf8', 0, this.#length));
    this.#length = 0;
    this.#dropped = 0;
  }

  /** Ends a line with its last bytes, `output[start .. end]`. A line that comes whole is not copied. */
  #finish(output: Buffer, start: number, end: number): void {
    if (this.#length === 0 && end - start <= MAX_LINE_BYTES) {
      this.#emit(output.toString('utf8', start, end));
      return;
    }
    this.#hold(output, start, end);
    this.flush();
  }

  /** Appends to the unfinished line as far as there is room. */
  #hold(output: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.#held ??= Buffer.allocUnsafe(MAX_LINE_BYTES);
    const kept = output.copy(this.#held, this.#length, start, end);
    this.#length += kept;
    this.#dropped += end - start - kept;
  }

  #emit(line: string): void {
    if (this.#dropped > 0) {
      // The cut may fall inside a character: its half is not text of the guest's.
      this.#sink.log(this.#level, `${printable(line.replace(/\ufffd$/, ''))}… [${this.#dropped} bytes dropped]`);
      return;
    }
    const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (whole !== '') this.#sink.log(this.#level, printable(whole));
  }
}
