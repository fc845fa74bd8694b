/** Standard input that is at its end, and standard outputs that are lines of the tenant's log. */
import { Descriptor, type Direction, type Readiness } from './descriptor.ts';
import { ERRNO, type Errno } from './errno.ts';
import { MAX_WRITE_BYTES } from './limits.ts';
import type { LogLines } from './log-lines.ts';
import { EVENT_HANGUP, EVENT_TYPE, FDFLAGS, FILETYPE, RIGHTS } from './typenames.ts';

const STREAM_RIGHTS =
  RIGHTS.fd_datasync | RIGHTS.fd_fdstat_set_flags | RIGHTS.fd_sync | RIGHTS.fd_filestat_get | RIGHTS.poll_fd_readwrite;

/** What streams share: no position. libc takes it for a terminal and flushes at newlines. */
abstract class Stream extends Descriptor {
  readonly filetype = FILETYPE.character_device;
  readonly kindFlags = FDFLAGS.append | FDFLAGS.nonblock;
}

/** A stream to read from. */
export abstract class InputStream extends Stream {
  override readonly writeBytes = 0;

  constructor() {
    super(STREAM_RIGHTS | RIGHTS.fd_read);
  }
}

/** A stream to write to. */
export abstract class OutputStream extends Stream {
  constructor() {
    super(STREAM_RIGHTS | RIGHTS.fd_write);
  }

  override poll(direction: Direction): Readiness | Errno {
    return direction === EVENT_TYPE.fd_write ? { bytes: this.writeBytes, flags: 0 } : ERRNO.badf;
  }
}

/** A standard input that is at its end. */
export class EmptyInput extends InputStream {
  override read(): Uint8Array {
    return new Uint8Array(0);
  }

  override poll(direction: Direction): Readiness | Errno {
    return direction === EVENT_TYPE.fd_read ? { bytes: 0, flags: EVENT_HANGUP } : ERRNO.badf;
  }
}

/** A standard output whose lines go to the tenant's log. */
export class LogOutput extends OutputStream {
  override readonly writeBytes = MAX_WRITE_BYTES;
  readonly #lines: LogLines;

  constructor(lines: LogLines) {
    super();
    this.#lines = lines;
  }

  override write(bytes: Uint8Array): Errno {
    this.#lines.write(bytes);
    return ERRNO.success;
  }

  override sync(): void {
    this.#lines.flush();
  }
}
