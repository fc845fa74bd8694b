/** Where log lines end up: standard output or a file. */
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { KerbError } from '../errors.ts';

/** The most that waits for a slow reader; lines beyond it are dropped and counted. 16 MiB. */
export const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;

/** Where lines go. */
export type LineTarget =
  { readonly kind: 'stdout' } | { readonly kind: 'off' } | { readonly kind: 'file'; readonly path: string };

/** Writes batches of lines without ever making the edge wait for their reader. */
export class LineWriter {
  readonly #stream: Writable | null;
  readonly #closes: boolean;
  #dropped = 0;

  private constructor(stream: Writable | null, ownership: 'owned' | 'shared') {
    this.#stream = stream;
    this.#closes = ownership === 'owned';
    stream?.on('error', () => {
      this.#dropped += 1;
    });
  }

  /**
   * A writer to `target`; a file is appended to. Rejects with `not_found` when it cannot be opened.
   */
  static async open(target: LineTarget): Promise<LineWriter> {
    if (target.kind === 'off') return new LineWriter(null, 'shared');
    if (target.kind === 'stdout') return new LineWriter(process.stdout, 'shared');
    const stream = createWriteStream(target.path, { flags: 'a' });
    await new Promise<void>((resolve, reject) => {
      stream.once('open', () => resolve());
      stream.once('error', (error) =>
        reject(new KerbError('not_found', `cannot write the access log to ${target.path}: ${error.message}`)),
      );
    });
    return new LineWriter(stream, 'owned');
  }

  /** Whether lines go anywhere. */
  get enabled(): boolean {
    return this.#stream !== null;
  }

  /** Batches that were dropped because the reader was slow or gone. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Writes whole lines. Never throws and never waits. */
  write(text: string): void {
    if (this.#stream === null) return;
    if (this.#stream.writableLength > MAX_BACKLOG_BYTES) this.#dropped += 1;
    else this.#stream.write(text);
  }

  /** Settles when everything written so far has been handed to the system. */
  close(): Promise<void> {
    const stream = this.#stream;
    if (stream === null) return Promise.resolve();
    return new Promise((resolve) => {
      if (this.#closes) stream.end(() => resolve());
      else stream.write('', () => resolve());
    });
  }
}
