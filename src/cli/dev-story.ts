/** The server's own log as `kerb dev` tells it: where the app is, which version serves, why one was refused. */
import { styled, type Line } from './output.ts';

/** What the story is about. */
export interface StoryOptions {
  /** The app's folder as the server calls it, and as the user does. */
  readonly serverFolder: string;
  readonly folder: string;
  /** Whether the address of the control API is of use. */
  readonly showsControl: boolean;
}

/** A version that serves: `routes` as the log has them, `a.localhost/ b.localhost/x`, and a sentence on it. */
interface Version {
  readonly routes: string;
  readonly version: string;
}

const LOG_LINE = /^\S+Z (debug|info|warn|error) +(.*)$/;
const VERSION = /^[^:]+: (version \S+) serves (.+?) \((.*?)\)(?:; (.+))?$/;
const READY = /^ready: \d+ apps? on http:\/\/.*:(\d+), control on (\S+)$/;

/** Turns lines of the server's log into what the user reads; nothing for what is of no interest to one app's author. */
export class DevStory {
  readonly #options: StoryOptions;
  /** The version that serves; known before the port is. */
  #now: Version | null = null;
  #port: number | null = null;
  #ending = false;

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** Whether the server has begun to serve. */
  get isServing(): boolean {
    return this.#port !== null;
  }

  /** The user has asked for the end: what the server says of it is not shown. */
  end(): void {
    this.#ending = true;
  }

  /** What to show for a line. */
  tell(line: string): Line[] {
    const { serverFolder, folder } = this.#options;
    const [, level, message] = LOG_LINE.exec(line) ?? [];
    if (level === undefined || message === undefined) return [line.replaceAll(serverFolder, folder)];
    if (level === 'info') return this.#ending ? [] : this.#news(message);
    return [[styled(level === 'error' ? 'red' : 'yellow', level), ` ${message.replaceAll(serverFolder, folder)}`]];
  }

  #news(message: string): Line[] {
    const [, port, control] = READY.exec(message) ?? [];
    if (port !== undefined && control !== undefined) return this.#ready(Number(port), control);
    const [, version, routes, facts, more] = VERSION.exec(message) ?? [];
    if (version === undefined || routes === undefined || facts === undefined) return [message];
    const before = this.#now?.routes;
    this.#now = { routes, version: `${version} serves (${facts})${more === undefined ? '' : `; ${more}`}` };
    if (this.#port === null) return [];
    if (before === routes) return [[styled('green', this.#now.version)]];
    return this.#serving(this.#now, this.#port);
  }

  #ready(port: number, control: string): Line[] {
    this.#port = port;
    const { folder, showsControl } = this.#options;
    const waiting = `nothing to serve yet: ${folder} is served on port ${port} as soon as it is sound`;
    return [
      ...(this.#now === null ? [waiting] : this.#serving(this.#now, port)),
      ...(showsControl ? [`control on ${control}`] : []),
    ];
  }

  #serving({ routes, version }: Version, port: number): Line[] {
    return [[styled('green', urlsOf(routes, port)), `  ${version}`], ...elsewhere(routes, port)];
  }
}

/** `a.localhost/ b.localhost/` as addresses to open. */
function urlsOf(routes: string, port: number): string {
  return routes
    .split(' ')
    .map((route) => `http://${route.replace('/', `:${port}/`)}`)
    .join(' ');
}

/** How to reach a host that does not lead to this machine by itself. */
function elsewhere(routes: string, port: number): Line[] {
  const route = routes.split(' ').find((candidate) => !/^([^/]+\.)?localhost\//.test(candidate));
  if (route === undefined) return [];
  const [host = '', ...path] = route.replace(/^\*\./, 'any.').split('/');
  return [`  curl -H 'host: ${host}' http://127.0.0.1:${port}/${path.join('/')}  reaches ${host} on this machine`];
}
