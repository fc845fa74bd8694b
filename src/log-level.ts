/** Severities of log lines: Kerb's own and guests'. */

/** Every level, least severe first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** A severity. */
export type LogLevel = (typeof LOG_LEVELS)[number];
