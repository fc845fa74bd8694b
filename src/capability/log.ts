/** The port to a tenant's log: lines of the guest's own, and lines under the name of an endpoint. */
import type { LogLevel } from '../log-level.ts';

/** The log for one request: so many lines of so many characters are kept; what is beyond is dropped. Never throws. */
export interface GuestLog {
  /** Writes a line to the tenant's log. */
  log(level: LogLevel, message: string): void;
  /** The same, under the name of an endpoint: letters, digits, `.`, `_` and `-`. */
  logTo(endpoint: string, message: string): void;
  /** Whether lines of this level are kept. */
  logs(level: LogLevel): boolean;
}
