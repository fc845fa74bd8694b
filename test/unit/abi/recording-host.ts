/** What hosts of guests under test have in common: a log and an account that are kept, and clocks that stand still. */
import type { GuestHost } from '../../../src/abi/abi.ts';
import type { GuestMemory } from '../../../src/abi/guest-memory.ts';
import type { LogLevel } from '../../../src/log-level.ts';

/** A host without memory and grants of its own. */
export abstract class RecordingHost implements GuestHost {
  abstract readonly memory: GuestMemory;
  abstract readonly grants: GuestHost['grants'];
  /** What the guest has logged. */
  readonly lines: [LogLevel, string][] = [];
  /** Levels of which no line is kept. */
  readonly silent = new Set<LogLevel>();
  /** Pages that the host keeps for the request. */
  held = 0;
  /** What the clocks show. */
  wallNs = 0n;
  upNs = 0n;

  hold(pages: number): void {
    this.held += pages;
  }

  log(level: LogLevel, message: string): void {
    this.lines.push([level, message]);
  }

  logs(level: LogLevel): boolean {
    return !this.silent.has(level);
  }

  wallClockNs(): bigint {
    return this.wallNs;
  }

  monotonicNs(): bigint {
    return this.upNs;
  }
}
