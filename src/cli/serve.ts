/** `kerb serve`: the edge itself, from its command line to its drain. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig, usage, type Config } from '../config.ts';
import { serve as startServing, type Serving } from '../serve.ts';
import { ROOT } from '../setup/places.js';
import { textLog, type Log } from '../telemetry/log.ts';
import { EXIT, type Command, type CommandIo } from './command.ts';

/** What a supervisor sees when the process ends because something in it died, or draining did not end. */
const DIED = 70;

/** Package managers and terminals both pass a signal on: what comes again within this time is the same one. */
const ONE_SIGNAL_MS = 1_000;

/** How much later than its deadline a drain may end before the process ends without it. */
const LATE_MS = 3_000;

/** The command. What it throws is a `KerbError`: `bad_config`, or what `serve` of `../serve.ts` rejects with. */
export const serve: Command = {
  name: 'serve',
  summary: 'run the edge',
  usage: usage().trimEnd().replaceAll('npm start --', 'kerb serve').split('\n'),
  options: {},
  positionals: [{ name: 'FLAG', optional: true, repeatable: true, help: 'as listed above' }],
  unread: true,
  ownsSignals: true,
  run: async ({ positionals, env, io }) => {
    const invocation = parseConfig(positionals, { ...env });
    if (invocation.kind === 'run') return serveUntilDrained(invocation.config, io);
    io.stdout.write(invocation.kind === 'help' ? invocation.text : await versionText());
    return EXIT.ok;
  },
};

async function versionText(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return `kerb ${version}\n`;
}

/** Why it ends: for good, or to be replaced by itself. */
type Ending = 'end' | 'start anew';

/** Serves until a signal has it drain. Where it cannot, the process ends at once, with {@link DIED}. */
async function serveUntilDrained(config: Config, io: CommandIo): Promise<number> {
  const log = textLog(config.logLevel, (text) => io.stderr.write(text));
  const { promise: asked, resolve: ask } = Promise.withResolvers<{ reason: string; ending: Ending }>();
  const serving = await startServing(config, log, {
    onDeath: (error) => {
      log.error(`a thread died; ending the process: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
      process.exit(DIED);
    },
    onWornOut: (reason) => ask({ reason: `recycling: ${reason}`, ending: 'start anew' }),
  });
  const signals = new Signals((reason, ending) => ask({ reason, ending }));
  announce(config, serving, log);
  const { reason, ending } = await asked;
  log.info(`${reason}: draining, at most ${config.drainMs} ms`);
  signals.drainBegins(ending);
  await drain(serving, config.drainMs, log);
  if (signals.ending === 'start anew') startAnew(log);
  return EXIT.ok;
}

/** Comes last: whoever waits for this line may signal at once. */
function announce({ host }: Config, { deployments, edgePort, controlPort }: Serving, log: Log): void {
  const name = host.includes(':') ? `[${host}]` : host;
  log.info(`ready: ${deployments} apps on http://${name}:${edgePort}, control on http://${name}:${controlPort}`);
}

async function drain(serving: Serving, drainMs: number, log: Log): Promise<void> {
  setTimeout(() => {
    log.error('draining does not end; ending without it');
    process.exit(DIED);
  }, drainMs + LATE_MS).unref();
  try {
    await serving.drain();
    log.info('drained');
  } catch (error) {
    log.error(`draining failed: ${String(error)}`);
    process.exit(DIED);
  }
}

/**
 * The signals that a server answers: SIGTERM and SIGINT end it, SIGUSR2 has it start anew. Told to end while it drains to start anew it
 * ends. Told to end again it does so at once, but for a signal that came twice.
 */
class Signals {
  readonly #ask: (reason: string, ending: Ending) => void;
  #drain: { ending: Ending; readonly sinceMs: number } | null = null;

  constructor(ask: (reason: string, ending: Ending) => void) {
    this.#ask = ask;
    process.on('SIGTERM', (signal) => this.#on(signal, 'end'));
    process.on('SIGINT', (signal) => this.#on(signal, 'end'));
    process.on('SIGUSR2', (signal) => this.#on(signal, 'start anew'));
  }

  /** What was asked for last. */
  get ending(): Ending {
    return this.#drain?.ending ?? 'end';
  }

  drainBegins(ending: Ending): void {
    this.#drain ??= { ending, sinceMs: performance.now() };
  }

  #on(signal: string, ending: Ending): void {
    if (this.#drain === null) {
      this.drainBegins(ending);
      this.#ask(signal, ending);
      return;
    }
    const again = ending === 'end' && this.#drain.ending === 'end';
    if (again && performance.now() - this.#drain.sinceMs > ONE_SIGNAL_MS) process.exit(DIED);
    if (ending === 'end') this.#drain.ending = 'end';
  }
}

/** Replaces this program by itself, as it was started, in the same process: for supervisors nothing ends. */
function startAnew(log: Log): never {
  log.info('starting anew');
  try {
    process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], process.env);
  } catch (error) {
    log.error(`cannot start anew: ${String(error)}`);
  }
  process.exit(DIED);
}
