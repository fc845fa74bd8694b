/** How far an upload is: one line on a terminal that is drawn over itself. */
import type { CommandIo } from './command.ts';
import { bytes } from './quantity.ts';

/** Milliseconds between two drawings: faster is only flicker. */
const REDRAW_MS = 100;
/** Bytes below which an upload is over before anybody can read. */
const LEAST_BYTES = 256 * 1024;

/** The progress of one piece of work, in bytes. */
export interface Progress {
  /** So many bytes of all are done. */
  at(done: number): void;
  /** Takes the line away. */
  end(): void;
}

/** Draws on standard error when that is a terminal and the work is large enough; otherwise writes nothing at all. */
export function progressOf(io: CommandIo, what: string, total: number): Progress {
  if (!io.showsProgress || total < LEAST_BYTES) return { at: () => undefined, end: () => undefined };
  let drawnMs = -Infinity;
  return {
    at: (done) => {
      if (performance.now() - drawnMs < REDRAW_MS && done < total) return;
      drawnMs = performance.now();
      io.stderr.write(`\r\u001b[K${what} ${bytes(done)} of ${bytes(total)} (${Math.floor((done / total) * 100)} %)`);
    },
    end: () => {
      if (drawnMs > -Infinity) io.stderr.write('\r\u001b[K');
    },
  };
}
