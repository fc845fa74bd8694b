/** The program: reads the command line, serves, and ends gracefully on a signal. */
import { parseConfig, type Config } from './config.ts';
import { KerbError } from './errors.ts';
import { serve } from './serve.ts';
import { textLog, type Log } from './telemetry/log.ts';

/** The version of this build. */
const VERSION = '0.1.0';

/** Exit codes: a graceful end, a start that failed, a death in service. */
const EXIT = { ok: 0, cannotStart: 1, died: 70 } as const;

/** How much later than its deadline a drain may end before the process ends without it. */
const LATE_MS = 3_000;

async function run(config: Config): Promise<void> {
  const log = textLog(config.logLevel, (text) => process.stderr.write(text));
  let stop: (reason: string, then: () => void) => void = () => undefined;
  const serving = await serve(config, log, {
    onDeath: (error) => {
      log.error(`a thread died; ending the process: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
      process.exit(EXIT.died);
    },
    onWornOut: (reason) => stop(`recycling: ${reason}`, () => startAnew(log)),
  });
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  log.info(
    `ready: ${serving.deployments} apps on http://${host}:${serving.edgePort}, control on http://${host}:${serving.controlPort}`,
  );
  stop = (reason, then): void => {
    stop = () => undefined;
    log.info(`${reason}: draining, at most ${config.drainMs} ms`);
    setTimeout(() => {
      log.error('draining does not end; ending without it');
      process.exit(EXIT.died);
    }, config.drainMs + LATE_MS).unref();
    serving.drain().then(
      () => {
        log.info('drained');
        then();
      },
      (error: unknown) => {
        log.error(`draining failed: ${String(error)}`);
        process.exit(EXIT.died);
      },
    );
  };
  const end = (signal: NodeJS.Signals): void => stop(signal, () => process.exit(EXIT.ok));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  process.once('SIGUSR2', (signal) => stop(signal, () => startAnew(log)));
}

/** Replaces this program by itself, as it was started, in the same process: for supervisors nothing ends. */
function startAnew(log: Log): void {
  log.info('starting anew');
  try {
    process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], process.env);
  } catch (error) {
    log.error(`cannot start anew: ${String(error)}`);
  }
  process.exit(EXIT.died);
}

try {
  const [command, ...flags] = process.argv.slice(2);
  const invocation = parseConfig(command === 'serve' ? flags : process.argv.slice(2), process.env);
  if (invocation.kind === 'help') process.stdout.write(invocation.text);
  else if (invocation.kind === 'version') process.stdout.write(`kerb ${VERSION}\n`);
  else await run(invocation.config);
} catch (error) {
  if (!(error instanceof KerbError)) throw error;
  process.stderr.write(`kerb: ${error.explain()}\n`);
  process.exit(EXIT.cannotStart);
}
