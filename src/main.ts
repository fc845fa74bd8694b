/** The program: reads the command line, serves, and ends gracefully on a signal. */
import { parseConfig, type Config } from './config.ts';
import { KerbError } from './errors.ts';
import { serve } from './serve.ts';
import { textLog, type Log } from './telemetry/log.ts';

/** The version of this build. */
const VERSION = '0.1.0';

/** Exit codes: a graceful end, a start that failed, a death in service. */
const EXIT = { ok: 0, cannotStart: 1, died: 70 } as const;

/** Package managers and terminals both pass a signal on: what comes again within this time is the same one. */
const ONE_SIGNAL_MS = 1_000;

/** How much later than its deadline a drain may end before the process ends without it. */
const LATE_MS = 3_000;

async function run(config: Config): Promise<void> {
  const log = textLog(config.logLevel, (text) => process.stderr.write(text));
  let stop: (reason: string, then: 'end' | 'start anew') => void = () => undefined;
  const serving = await serve(config, log, {
    onDeath: (error) => {
      log.error(`a thread died; ending the process: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
      process.exit(EXIT.died);
    },
    onWornOut: (reason) => stop(`recycling: ${reason}`, 'start anew'),
  });
  let last: 'end' | 'start anew' = 'start anew';
  stop = (reason, then): void => {
    const since = performance.now();
    last = then;
    // Told to end while it drains to start anew it ends. Told to end again it does so at once, but for a signal that came twice.
    stop = (_, changed) => {
      if (changed === 'end' && last === 'end' && performance.now() - since > ONE_SIGNAL_MS) process.exit(EXIT.died);
      if (changed === 'end') last = 'end';
    };
    log.info(`${reason}: draining, at most ${config.drainMs} ms`);
    setTimeout(() => {
      log.error('draining does not end; ending without it');
      process.exit(EXIT.died);
    }, config.drainMs + LATE_MS).unref();
    serving.drain().then(
      () => {
        log.info('drained');
        if (last === 'end') process.exit(EXIT.ok);
        startAnew(log);
      },
      (error: unknown) => {
        log.error(`draining failed: ${String(error)}`);
        process.exit(EXIT.died);
      },
    );
  };
  process.on('SIGTERM', (signal) => stop(signal, 'end'));
  process.on('SIGINT', (signal) => stop(signal, 'end'));
  process.on('SIGUSR2', (signal) => stop(signal, 'start anew'));
  // Last: whoever waits for this line may signal at once.
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  log.info(
    `ready: ${serving.deployments} apps on http://${host}:${serving.edgePort}, control on http://${host}:${serving.controlPort}`,
  );
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
