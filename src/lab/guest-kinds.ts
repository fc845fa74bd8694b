/**
 * The guests that the lab's tenants run: sample apps in five languages over three ABIs that answer without a backend. All but one in thirty
 * say whose their answer is, by the host, the configuration, a file or the request, so that another tenant's is found out.
 */
import { join } from 'node:path';
import { ROOT } from '../setup/places.js';
import { requestText, type Exchange } from './exchange.ts';
import { PICTURES, pictureTarget } from './pictures.ts';

/** A tenant as its guest is configured for it. */
export interface GuestSelf {
  readonly name: string;
  readonly host: string;
  /** Its place among the lab's tenants, from 0 on. */
  readonly place: number;
}

/** A well-behaved guest. */
export interface GuestKind {
  /** Of the app. */
  readonly name: string;
  readonly language: string;
  /** How many tenants run it, beside the weights of the others. */
  readonly weight: number;
  /** What of the answer is the tenant's own. */
  readonly tells: 'host' | 'config' | 'file' | 'request' | 'nothing' | 'not known';
  /** Where its module is. */
  readonly module: string;
  /** Its kerb.toml. */
  readonly manifest: (self: GuestSelf) => string;
  /** Files beside the manifest. */
  readonly files?: (self: GuestSelf) => ReadonlyMap<string, Uint8Array>;
  readonly exchange: (self: GuestSelf) => Exchange;
}

/** A mebibyte, as tiny apps ask for it. */
const SMALL = '[limits]\nmemory_mb = 1\n';
const CGI = `abi = "wasi-cgi"\n${SMALL}`;
/** A middleware names its origin; what the lab asks for never goes there. */
const WITH_ORIGIN = '[limits]\nmemory_mb = 2\n\n[backends.site]\nurl = "http://origin.invalid"\n';

function get({ host }: GuestSelf, target: string): string {
  return requestText({ method: 'GET', target, host });
}

/** An answer of 200 with that body. */
function fine(request: string, body: Exchange['body']): Exchange {
  return { request, status: 200, field: null, body };
}

/** A sample app, `tenants/<name>/<name>.wasm`, with the lines of its kerb.toml after `name` and `main`. */
type Sample = Omit<GuestKind, 'module'>;

const SAMPLES: readonly Sample[] = [
  {
    name: 'site',
    language: 'C',
    weight: 18,
    tells: 'host',
    manifest: () => SMALL,
    exchange: (self) => fine(get(self, '/headers'), `host: ${self.host}\n`),
  },
  {
    name: 'page',
    language: 'Rust',
    weight: 14,
    tells: 'host',
    manifest: () => SMALL,
    exchange: (self) => fine(get(self, '/'), { sha256: PAGE_SHA256, own: (from) => [self.host, from] }),
  },
  {
    name: 'json-api',
    language: 'Rust',
    weight: 14,
    tells: 'request',
    manifest: () => SMALL,
    exchange: quote,
  },
  {
    name: 'basic-auth',
    language: 'C',
    weight: 12,
    tells: 'config',
    manifest: ({ name }) => `origin = "site"\nconfig = "realm = ${name}\\nuser = ada:engine"\n${WITH_ORIGIN}`,
    exchange: (self) => ({
      request: get(self, '/'),
      status: 401,
      field: ['www-authenticate', `Basic realm="${self.name}", charset="UTF-8"`],
      body: '401 Unauthorized: a user name and a password are needed.\n',
    }),
  },
  {
    name: 'redirector',
    language: 'AssemblyScript',
    weight: 12,
    tells: 'config',
    manifest: ({ name }) => `origin = "site"\nconfig = "/go/* https://${name}.example/:rest 301"\n${WITH_ORIGIN}`,
    exchange: (self) => {
      const target = `https://${self.name}.example/there?x=1`;
      return {
        request: get(self, '/go/there?x=1'),
        status: 301,
        field: ['location', target],
        body: `Moved to ${target}\n`,
      };
    },
  },
  {
    name: 'docs',
    language: 'C',
    weight: 11,
    tells: 'file',
    manifest: () => `${CGI}\n[files]\n"/public" = "./public"\n`,
    files: ({ name }) => new Map([['public/index.html', Buffer.from(fileText(name))]]),
    exchange: (self) => fine(get(self, '/'), fileText(self.name)),
  },
  {
    name: 'feedback',
    language: 'Zig',
    weight: 6,
    tells: 'request',
    manifest: () => CGI,
    exchange: feedback,
  },
  {
    name: 'tally',
    language: 'AssemblyScript',
    weight: 5,
    tells: 'request',
    manifest: () => CGI,
    exchange: tally,
  },
  {
    name: 'ticker',
    language: 'Rust',
    weight: 2,
    tells: 'request',
    manifest: () => CGI.replace('= 1', '= 2'),
    exchange: (self) => {
      const count = 1 + (self.place % 4);
      const lines = Array.from({ length: count }, (_, at) => `data: ${at + 1} of ${count}\n\n`);
      return fine(get(self, `/?count=${count}&every=1`), lines.join(''));
    },
  },
  {
    name: 'hello',
    language: 'WAT',
    weight: 2,
    tells: 'nothing',
    manifest: () => SMALL,
    exchange: (self) => fine(get(self, '/'), 'Hello from wasm, in a sandbox of its own.\n'),
  },
  {
    name: 'fractal',
    language: 'C',
    weight: 2,
    tells: 'request',
    manifest: () => '[limits]\ncpu_ms = 1000\nmemory_mb = 2\n',
    exchange: (self) => {
      const [size, sha256] = PICTURES[self.place % PICTURES.length] as (typeof PICTURES)[number];
      return fine(get(self, pictureTarget(size)), { sha256, own: () => [] });
    },
  },
  {
    name: 'counter-fresh',
    language: 'Zig',
    weight: 1,
    tells: 'nothing',
    manifest: () => `isolation = "request"\n${SMALL}`,
    exchange: (self) => fine(get(self, '/'), 'Requests answered by this instance: 1\n'),
  },
  {
    name: 'turnstile',
    language: 'C, Proxy-Wasm',
    weight: 1,
    tells: 'request',
    manifest: ({ name }) => `origin = "site"\nconfig = "${name} lab 0"\n${WITH_ORIGIN}`,
    exchange: pass,
  },
];

/** The kinds, those that are most of the tenants first. */
export const GUEST_KINDS: readonly GuestKind[] = Object.freeze(
  SAMPLES.map((sample) => ({
    ...sample,
    module: join(ROOT, 'tenants', sample.name, `${sample.name}.wasm`),
    manifest: (self: GuestSelf) => manifestText(self.name, sample.manifest(self)),
  })),
);

/** A kerb.toml whose module lies beside it, with more lines. */
export function manifestText(name: string, lines: string): string {
  return `name = "${name}"\nmain = "handler.wasm"\n${lines}`;
}

/** Of the answer of `page`, whoever's it is: it changes when the app is built anew. */
const PAGE_SHA256 = 'd79affce2860aa2cebea677b843616cfa10030f6e92ab1559fbc0c475cb6e8d5';

function fileText(name: string): string {
  return `<!doctype html>\n<title>${name}</title>\n<p>A file of ${name}.</p>\n`;
}

/** A price of its own for each tenant, in cents. */
function quote({ host, name, place }: GuestSelf): Exchange {
  const cents = 100 + (place % 900);
  const money = (value: number): string => `${Math.floor(value / 100)}.${String(value % 100).padStart(2, '0')}`;
  const items = `[{"name":"${name}","price":${money(cents)},"quantity":3}]`;
  const body = `{"currency":"EUR","tax_percent":0,"items":${items}}`;
  const request = requestText({ method: 'POST', target: '/quote', host, type: 'application/json', body });
  const total = money(3 * cents);
  const lines = `[{"name":"${name}","quantity":3,"total":"${total}"}]`;
  const sums = `"subtotal":"${total}","discount":"0.00","tax":"0.00","total":"${total}"`;
  return fine(request, `{"currency":"EUR","lines":${lines},${sums}}\n`);
}

function feedback({ host, name }: GuestSelf): Exchange {
  const body = `name=${name}&words=well+done`;
  const request = requestText({ method: 'POST', target: '/', host, type: 'application/x-www-form-urlencoded', body });
  const list = `<dt>name</dt><dd>${name}</dd>\n<dt>words</dt><dd>well done</dd>\n`;
  return fine(request, `<!doctype html><title>Feedback</title>\n<h1>Thank you</h1>\n<dl>\n${list}</dl>\n`);
}

/** No key, one that nobody has, or its own, which has no requests left: only its own configuration knows it. */
function pass({ host, name, place }: GuestSelf): Exchange {
  const [key, status, body] = [
    [null, 401, 'send your key as x-api-key\n'] as const,
    ['nobody', 403, 'nobody has this key\n'] as const,
    [name, 429, 'this key has no requests left\n'] as const,
  ][place % 3] as readonly [string | null, number, string];
  const fields = key === null ? [] : [`X-Api-Key: ${key}`];
  return { request: requestText({ method: 'GET', target: '/', host, fields }), status, field: null, body };
}

/** As many words as its place says. */
function tally({ host, name, place }: GuestSelf): Exchange {
  const words = 1 + (place % 50);
  const body = `${name} `.repeat(words);
  const request = requestText({ method: 'POST', target: '/', host, type: 'text/plain', body });
  return fine(request, `{"lines":0,"words":${words},"bytes":${body.length}}\n`);
}
