/** The http-handler ABI, sections "Administrative Functions" and "Logging Functions". */
import type { LogLevel } from '../../log-level.ts';
import type { HostModule } from '../host-function.ts';
import type { HttpWasmState } from './state.ts';

/** The longest message taken by one `log` call; the rest is dropped. 8 KiB. */
export const MAX_LOG_BYTES = 8192;

/** Levels of the ABI from `debug` = -1 upwards; `none` = 3 and anything else is never logged. */
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

function levelOf(code: number): LogLevel | undefined {
  return LEVELS[code + 1];
}

/** `get_config`, `enable_features`, `log`, `log_enabled`. */
export const ADMINISTRATIVE_FUNCTIONS: HostModule<HttpWasmState> = {
  /**
   * Writes the tenant's configuration to `buf` if it fits in `buf_limit` bytes.
   * Result: its length in bytes. Ends the guest when the buffer is not in its memory.
   */
  get_config: {
    signature: 'ii->i',
    bind:
      ({ host }) =>
      (buf: number, limit: number) =>
        host.memory.writeBytes(buf, limit, host.grants.config),
  },
  /** Turns features on, for the request or, from a start function, for the instance. Result: all features that are on. */
  enable_features: {
    signature: 'i->i',
    bind: (state) => (features: number) => state.enableFeatures(features),
  },
  /** Writes a message to the tenant's log. Never fails but for memory out of bounds; unknown levels are ignored. */
  log: {
    signature: 'iii->',
    bind:
      ({ host }) =>
      (code: number, message: number, length: number) => {
        const level = levelOf(code);
        if (level === undefined || !host.logs(level)) return;
        host.memory.checkRange(message, length);
        host.log(level, host.memory.readText(message, Math.min(length >>> 0, MAX_LOG_BYTES)));
      },
  },
  /** Result: 1 when messages of this level are kept, else 0. */
  log_enabled: {
    signature: 'i->i',
    bind:
      ({ host }) =>
      (code: number) => {
        const level = levelOf(code);
        return level !== undefined && host.logs(level) ? 1 : 0;
      },
  },
};
