/** `kerb dev`: serves one app while its author works on it, under the budgets of production. */
import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { ServerProcess } from '../process/server-process.ts';
import { EXIT, UsageError, type Command, type CommandContext } from './command.ts';
import { makeHome, type AppView, type DevHome } from './dev-home.ts';
import { choosePort } from './dev-port.ts';
import { parseRecord, recordLine } from './dev-record.ts';
import { startDevServer } from './dev-server.ts';
import { DevStory } from './dev-story.ts';
import { print, printJson, remark } from './output.ts';

/** Terminals and package managers both pass a signal on: what comes again within this time is the same one. */
const ONE_SIGNAL_MS = 1_000;

/** The command. */
export const dev: Command = {
  name: 'dev',
  summary: 'serve one app while you work on it',
  usage: [
    'kerb dev                this folder on http://<name>.localhost:8080, or the next free port',
    'kerb dev hello -p 9000  another folder, another port',
    'kerb dev --json         the access log as it is, one JSON object per request',
    '',
    'Each request is shown with its cost and outcome, each line that the app logs after it. A new build serves at once; one',
    'that is refused is explained, and the version before keeps serving. Backends on this machine are permitted.',
  ],
  options: {
    port: { value: 'PORT', short: 'p', help: 'port to serve on; 0 takes any free one' },
    watch: { help: 'serve a new version as soon as files change; the default' },
    'no-watch': { help: 'serve the app as it is now, whatever happens to its files' },
    data: { value: 'DIR', help: 'folder that keeps state; by default it is thrown away at the end' },
  },
  positionals: [{ name: 'FOLDER', optional: true, help: 'the folder with the kerb.toml; this one by default' }],
  ownsSignals: true,
  run: async (context) => {
    const folder = await folderOf(context);
    const wanted = context.options.whole('port', 0, 65_535);
    const port = await choosePort(wanted);
    if (wanted === undefined && port !== 8080) remark(context, `port 8080 is taken; using ${port}`);
    const home = await makeHome(folder, viewOf(context));
    try {
      return await serveApp(context, { folder, home, port });
    } finally {
      await home.remove();
    }
  },
};

async function folderOf({ positionals, cwd }: CommandContext): Promise<string> {
  const folder = resolve(cwd, positionals[0] ?? '.');
  const manifest = await stat(join(folder, 'kerb.toml')).catch(() => null);
  if (manifest !== null) return folder;
  const shown = relative(cwd, folder) || 'this folder';
  throw new UsageError(`${shown} has no kerb.toml; name the folder of an app, or make one with kerb init`);
}

function viewOf({ options }: CommandContext): AppView {
  if (!options.has('no-watch')) return 'live';
  if (options.has('watch')) throw new UsageError('--watch and --no-watch exclude each other; leave one out');
  return 'frozen';
}

interface Place {
  readonly folder: string;
  readonly home: DevHome;
  readonly port: number;
}

/** Serves until a signal comes, which is a good end, or until the server ends by itself, which is not. */
async function serveApp(context: CommandContext, { folder, home, port }: Place): Promise<number> {
  const { cwd, env, json, options } = context;
  const kept = options.text('data');
  const story = new DevStory({
    serverFolder: home.app,
    folder: relative(cwd, folder) || '.',
    showsControl: kept !== undefined,
  });
  const data = kept === undefined ? home.data : resolve(cwd, kept);
  const server = startDevServer(
    { tenants: home.tenants, data, port, env },
    {
      onRecord: (line) => (json ? printJson(context, parseRecord(line) ?? line) : print(context, recordLine(line))),
      onLog: (line) => remark(context, ...story.tell(line)),
    },
  );
  const signals = new StopSignals(server, story);
  try {
    const code = await server.ended;
    if (signals.forced) return EXIT.interrupted;
    if (signals.asked) return EXIT.ok;
    if (story.isServing) remark(context, `the server has ended by itself, with code ${code}`);
    return code === 0 ? EXIT.failed : code;
  } finally {
    signals.forget();
  }
}

/** The first signal has the server drain; another one ends it at once. */
class StopSignals {
  readonly #server: ServerProcess;
  readonly #story: DevStory;
  readonly #onSignal = (): void => this.#stop();
  #askedMs: number | null = null;
  #forced = false;

  constructor(server: ServerProcess, story: DevStory) {
    this.#server = server;
    this.#story = story;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, this.#onSignal);
  }

  /** Whether the user has asked for the end. */
  get asked(): boolean {
    return this.#askedMs !== null;
  }

  /** Whether the server was not waited for. */
  get forced(): boolean {
    return this.#forced;
  }

  forget(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, this.#onSignal);
  }

  #stop(): void {
    if (this.#askedMs === null) {
      this.#askedMs = performance.now();
      this.#story.end();
      this.#server.stop();
    } else if (performance.now() - this.#askedMs > ONE_SIGNAL_MS) {
      this.#forced = true;
      this.#server.kill();
    }
  }
}
