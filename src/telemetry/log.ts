/** Kerb's own log: what an operator reads on standard error. */
import { LOG_LEVELS, type LogLevel } from '../log-level.ts';

/** Whether a line of `level` is kept when `threshold` is the least that is. */
export function keepsLevel(threshold: LogLevel, level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold);
}

/** Writes lines of one process to one place. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** A log that writes `time level message` lines; several lines of one message are indented under the first. */
export function textLog(threshold: LogLevel, write: (text: string) => void): Log {
  const at =
    (level: LogLevel) =>
    (message: string): void => {
      if (!keepsLevel(threshold, level)) return;
      write(`${new Date().toISOString()} ${level.padEnd(5)} ${message.replaceAll('\n', '\n  ')}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
