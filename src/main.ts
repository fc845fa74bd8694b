/** The program: reads the command line, serves, and ends gracefully on a signal. */
import { parseConfig, type Config } from './config.ts';
import { KerbError } from './errors.ts';
import { serve } from './serve.ts';
import { textLog } from './telemetry/log.ts';

/** The version of this build. */
const VERSION = '0.1.0';

/** Exit codes: a graceful end, a start that failed, a death in service. */
const EXIT = { ok: 0, cannotStart: 1, died: 70 } as const;

/** How much later than its deadline a drain may end before the process ends without it. */
const LATE_MS = 3_000;

async function run(config: Config): Promise<void> {
  const log = textLog(config.logLevel, (text) => process.stderr.write(text));
  const serving = await serve(config, log, (error) => {
    log.error(`a thread died; ending the process: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
    process.exit(EXIT.died);
  });
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  log.info(
    `ready: ${serving.deployments} apps on http://${host}:${serving.edgePort}, control on http://${host}:${serving.controlPort}`,
  );
  const stop = (signal: NodeJS.Signals): void => {
    log.info(`${signal}: draining, at most ${config.drainMs} ms`);
    setTimeout(() => {
      log.error('draining does not end; ending without it');
      process.exit(EXIT.died);
    }, config.drainMs + LATE_MS).unref();
    serving.drain().then(
      () => {
        log.info('drained');
        process.exit(EXIT.ok);
      },
      (error: unknown) => {
        log.error(`draining failed: ${String(error)}`);
        process.exit(EXIT.died);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
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
