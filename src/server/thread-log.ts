/** What a data thread keeps of its requests and its guests' lines: for the access log, for live tails, for both or neither. */
import type { LogLevel } from '../log-level.ts';
import type { GuestLogSink } from '../runtime/guest-host.ts';
import { accessFields, accessLine, guestLine, type AccessRecord } from '../telemetry/access-log.ts';
import type { LineBatch } from '../telemetry/line-batch.ts';
import { LogQuota } from '../telemetry/log-quota.ts';
import { keepsLevel } from '../telemetry/log.ts';
import type { TailQueue } from '../telemetry/tail-queue.ts';
import type { RequestLog } from './edge.ts';

/** What a thread's log is built on. */
export interface ThreadLogOptions {
  /** Whether there is an access log. Live tails do not depend on it. */
  readonly accessLog: 'keep' | 'off';
  /** The least level of guests' lines that anybody gets. */
  readonly logLevel: LogLevel;
  readonly lines: LineBatch;
  readonly tail: TailQueue;
}

/** The log of one data thread. */
export class ThreadLog implements GuestLogSink, RequestLog {
  readonly #options: ThreadLogOptions;
  readonly #quota = new LogQuota();

  constructor(options: ThreadLogOptions) {
    this.#options = options;
  }

  /** Whether a guest's line of this level may be kept. While somebody is followed, {@link write} decides whose. */
  keeps(level: LogLevel): boolean {
    const { accessLog, logLevel, tail } = this.#options;
    return (accessLog === 'keep' || tail.active) && keepsLevel(logLevel, level);
  }

  /** Takes a line of a guest. The tenant's quota bounds what the access log gets; a tail has bounds of its own. */
  write(tenant: string, level: LogLevel, line: string, version = '', endpoint?: string): void {
    const { accessLog, tail } = this.#options;
    const timeMs = Date.now();
    const text = endpoint === undefined ? line : `${endpoint}: ${line}`;
    if (tail.follows(tenant)) tail.add({ kind: 'guest', tenant, timeMs, version, level, text });
    if (accessLog === 'keep') this.#keep(timeMs, tenant, level, line, endpoint);
  }

  wants(tenant: string | null): boolean {
    return this.#options.accessLog === 'keep' || this.#options.tail.follows(tenant);
  }

  request(record: AccessRecord): void {
    const { accessLog, lines, tail } = this.#options;
    const { tenant } = record;
    if (accessLog === 'keep') lines.add(accessLine(record));
    if (tenant !== null && tail.follows(tenant)) tail.add({ kind: 'request', tenant, record: accessFields(record) });
  }

  /** Hands on what has gathered. */
  flush(): void {
    this.#options.lines.flush();
    this.#options.tail.flush();
  }

  #keep(timeMs: number, tenant: string, level: LogLevel, text: string, endpoint?: string): void {
    const { lines } = this.#options;
    const verdict = this.#quota.take(tenant, text.length, performance.now());
    if (!verdict.kept) return;
    if (verdict.droppedBefore > 0)
      lines.add(guestLine(timeMs, tenant, 'warn', `${verdict.droppedBefore} lines were dropped: too many at once`));
    lines.add(guestLine(timeMs, tenant, level, text, endpoint));
  }
}
