/** How this process is set up: command line and environment, checked as a whole before anything starts. */
import { availableParallelism, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import {
  accessLogTarget,
  filePath,
  listenHost,
  logLevel,
  parseCidr,
  wholeNumber,
  type AccessLogTarget,
  type Cidr,
} from './config-values.ts';
import { KerbError } from './errors.ts';
import { MODULE_LIMITS } from './limits.ts';
import { LOG_LEVELS, type LogLevel } from './log-level.ts';
import { didYouMean } from './spelling.ts';

/** A checked configuration, frozen. Paths are as they were given: relative to the working directory. */
export interface Config {
  /** 0: any free port. */
  readonly edgePort: number;
  /** 0: any free port. Never the edge's port. */
  readonly controlPort: number;
  /** Address or name that both ports are bound to. */
  readonly host: string;
  /** The folder of tenant folders. */
  readonly tenantsFolder: string;
  /** The folder of all durable state. */
  readonly dataFolder: string;
  /** Data threads. */
  readonly threads: number;
  /** Milliseconds that a guest runs before others get a turn. */
  readonly sliceMs: number;
  /** Resident memory, in MiB, that the process aims at. */
  readonly memoryTargetMib: number;
  /** Answers of backends that the process keeps, in MiB. 0: none. */
  readonly cacheMib: number;
  /** The largest module, in MiB, without custom sections. */
  readonly maxModuleMib: number;
  /** Private ranges that backends may be in. Empty: none. */
  readonly allowBackends: readonly Cidr[];
  /** A file that lists other issuers of tokens; `null`: there are none. */
  readonly issuersFile: string | null;
  /** Files that say where addresses are. Empty: there are none. */
  readonly geoFiles: readonly string[];
  readonly accessLog: AccessLogTarget;
  readonly logLevel: LogLevel;
  /** How long requests in flight may go on once the process is told to stop. */
  readonly drainMs: number;
}

/** What the command line asks for. */
export type Invocation =
  | { readonly kind: 'run'; readonly config: Config }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

/** Threads above this only add memory and contention: no machine that Kerb is measured on has more cores. */
const MAX_THREADS = 256;
/** The least memory with which Kerb can do anything: its threads take some 200 MiB before the first request. */
const LEAST_MEMORY_MIB = 320;
/** Above 16 TiB a number is a mistake. */
const MAX_MEMORY_MIB = 16 * 1024 * 1024;
/** A minute: in effect no slices, to see what they do. */
const MAX_SLICE_MS = 60_000;
/** Sizes of modules in MiB: what is admitted, and what an operator can admit. */
const STANDARD_MODULE_MIB = MODULE_LIMITS.bytes / 2 ** 20;
const MAX_MODULE_MIB = MODULE_LIMITS.bytesWithOptIn / 2 ** 20;
/** Longer than ten minutes is no drain: process supervisors kill before. */
const MAX_DRAIN_MS = 600_000;

/** A setting: how it is written, and what the help says. Defaults stand in the same text form as given values. */
interface Setting {
  readonly value: string;
  readonly standard: string;
  readonly help: string;
}

/** Three quarters of what the machine or the container has: the rest is the system's, and room to react in. */
const memoryTargetByDefault = Math.max(
  LEAST_MEMORY_MIB,
  Math.floor((Math.min(process.constrainedMemory() || Infinity, totalmem()) * 0.75) / 2 ** 20),
);
/** An eighth of that: on most edges sandboxes need the rest. */
const cacheByDefault = Math.floor(memoryTargetByDefault / 8);
const threadsByDefault = Math.min(MAX_THREADS, Math.max(1, availableParallelism() - 1));

const SETTINGS = {
  'edge-port': { value: 'PORT', standard: '8080', help: 'port that serves the apps; 0 takes any free one' },
  'control-port': { value: 'PORT', standard: '8081', help: 'port of the control API; 0 takes any free one' },
  host: { value: 'ADDRESS', standard: '127.0.0.1', help: 'address that both ports are bound to' },
  tenants: { value: 'DIR', standard: 'tenants', help: 'folder of apps, each a folder with a kerb.toml' },
  data: { value: 'DIR', standard: '.kerb', help: 'folder that keeps all state' },
  threads: { value: 'N', standard: String(threadsByDefault), help: 'threads that run apps' },
  'slice-ms': { value: 'MS', standard: '1', help: 'how long an app runs before others get a turn' },
  'memory-target': {
    value: 'MIB',
    standard: String(memoryTargetByDefault),
    help: 'resident memory to stay under, in MiB',
  },
  cache: {
    value: 'MIB',
    standard: String(cacheByDefault),
    help: 'memory for answers of backends, in MiB; 0 keeps none',
  },
  'max-module': { value: 'MIB', standard: String(STANDARD_MODULE_MIB), help: 'largest module, in MiB' },
  'allow-backend': { value: 'CIDR', standard: '', help: 'private addresses that apps may reach; repeatable' },
  issuers: { value: 'FILE', standard: '', help: 'JSON list of other issuers whose tokens are taken' },
  geo: { value: 'FILE', standard: '', help: 'address database for kerb_geo, mmdb; repeatable' },
  'access-log': { value: 'PATH', standard: '-', help: 'file for the access log; - is stdout, off is none' },
  'log-level': { value: 'LEVEL', standard: 'info', help: `the least level that is logged: ${LOG_LEVELS.join(', ')}` },
  'drain-ms': { value: 'MS', standard: '10000', help: 'time for requests in flight when the process stops' },
} as const satisfies Record<string, Setting>;

type SettingName = keyof typeof SETTINGS;
/** Those that collect. */
const LISTS: ReadonlySet<SettingName> = new Set(['allow-backend', 'geo']);
const NAMES = Object.keys(SETTINGS) as SettingName[];
const FLAGS: readonly string[] = [...NAMES, 'help', 'version'].map((name) => `--${name}`);

/**
 * Reads the arguments after the program's name, with `env` standing in for flags that are not given (`KERB_EDGE_PORT` for
 * `--edge-port`; lists comma-separated; an empty variable counts as unset). A flag that is given twice keeps its last
 * value; `--allow-backend` and `--geo` collect. `--help` and `--version` win over everything else, faults included.
 *
 * Throws a {@link KerbError} `bad_config` whose details list every fault at once: unknown flags, arguments that are no
 * flag, missing values, values out of range, one port for both listeners.
 */
export function parseConfig(argv: readonly string[], env: NodeJS.ProcessEnv): Invocation {
  const line = readCommandLine(argv);
  if (line.asked.has('help')) return { kind: 'help', text: usage() };
  if (line.asked.has('version')) return { kind: 'version' };
  const values = new Values(line.given, env, line.faults);
  const config = readConfig(values);
  if (values.faults.length === 0) return { kind: 'run', config };
  throw new KerbError(
    'bad_config',
    'the command line or environment is not usable; --help lists every flag',
    values.faults,
  );
}

/** The help: every flag, its variable, its default. */
export function usage(): string {
  const rows = NAMES.map((name) => {
    const { value, standard, help } = SETTINGS[name];
    const left = `  --${name} ${value}`.padEnd(25);
    return `${left} ${help}\n${' '.repeat(26)}[${variableOf(name)}, default ${standard === '' ? 'none' : standard}]`;
  });
  return [
    'Kerb serves a folder of WebAssembly apps over HTTP, each in its own sandbox.',
    '',
    'Usage: kerb serve [flags]',
    '',
    ...rows,
    `${'  --help'.padEnd(25)} print this text and stop`,
    `${'  --version'.padEnd(25)} print the version and stop`,
    '',
    'A flag wins over its environment variable. Lists in a variable are separated by commas.',
    '',
  ].join('\n');
}

interface CommandLine {
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly asked: ReadonlySet<string>;
  readonly faults: string[];
}

/** Splits the arguments. Strictness is here and not in `parseArgs`, which stops at the first fault. */
function readCommandLine(argv: readonly string[]): CommandLine {
  const flags = Object.fromEntries(NAMES.map((name) => [name, { type: 'string' as const, multiple: true }]));
  const switches = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } as const;
  const { tokens } = parseArgs({ args: [...argv], options: { ...flags, ...switches }, strict: false, tokens: true });
  const given = new Map<string, string[]>();
  const asked = new Set<string>();
  const faults: string[] = [];
  let afterFault = false;
  for (const token of tokens) {
    // What follows a faulty flag was most likely meant as its value: a second fault would only distract.
    const fault: string | null = token.kind === 'option' ? flagFault(token) : afterFault ? null : strayFault(token);
    afterFault = token.kind === 'option' && fault !== null;
    if (fault !== null) faults.push(fault);
    if (fault !== null || token.kind !== 'option') continue;
    if (token.value === undefined) asked.add(token.name);
    else given.set(token.name, [...(given.get(token.name) ?? []), token.value]);
  }
  return { given, asked, faults };
}

/** An argument that is no flag; `--` alone ends the flags and is allowed. */
function strayFault(token: { kind: string; value?: string | undefined }): string | null {
  return token.kind === 'positional' ? `${shown(token.value ?? '')}: is not a flag; flags begin with --` : null;
}

/** What is wrong with one flag of the command line as such, or `null`. */
function flagFault(token: {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}): string | null {
  const { name, rawName, value } = token;
  if (name === 'help' || name === 'version')
    return value === undefined ? null : `${rawName}: takes no value; leave it out`;
  if (!(NAMES as readonly string[]).includes(name)) {
    const close = didYouMean(rawName, FLAGS);
    return `${clip(rawName)}: is an unknown flag; ${close === null ? '--help lists all' : `did you mean ${close}?`}`;
  }
  const next = value !== undefined && token.inlineValue !== true && /^-./.test(value);
  if (value !== undefined && !next) return null;
  return `${rawName}: has no value; write ${rawName} ${SETTINGS[name as SettingName].value}`;
}

/** Text of settings by name, with where each came from, and the faults found so far. */
class Values {
  readonly faults: string[];
  readonly #given: ReadonlyMap<string, readonly string[]>;
  readonly #env: NodeJS.ProcessEnv;

  constructor(given: ReadonlyMap<string, readonly string[]>, env: NodeJS.ProcessEnv, faults: readonly string[]) {
    this.#given = given;
    this.#env = env;
    this.faults = [...faults];
  }

  /** The value of `name` as `read` takes it; where that answers `null`, a fault is noted and the default stands in. */
  one<T>(name: SettingName, read: (text: string) => T | null, need: string): T {
    const { from, texts } = this.#textsOf(name);
    const text = texts.at(-1) ?? SETTINGS[name].standard;
    const value = read(text);
    if (value !== null) return value;
    this.#note(from, text, need);
    return read(SETTINGS[name].standard) as T;
  }

  /** Every value of a setting that collects; those that `read` answers `null` for are noted and left out. */
  all<T>(name: SettingName, read: (text: string) => T | null, need: string): T[] {
    const { from, texts } = this.#textsOf(name);
    return texts.flatMap((text) => {
      const value = read(text);
      if (value === null) this.#note(from, text, need);
      return value === null ? [] : [value];
    });
  }

  #textsOf(name: SettingName): { from: string; texts: readonly string[] } {
    const given = this.#given.get(name);
    if (given !== undefined) return { from: `--${name}`, texts: given };
    const from = variableOf(name);
    const text = this.#env[from] ?? '';
    if (text === '') return { from, texts: [] };
    return { from, texts: LISTS.has(name) ? text.split(',').map((part) => part.trim()) : [text] };
  }

  #note(from: string, text: string, need: string): void {
    this.faults.push(`${from}: ${shown(text)} is not ${need}`);
  }
}

function readConfig(values: Values): Config {
  const port = wholeNumber(0, 65_535);
  const portNeed = 'a port from 0 to 65535; choose one, 0 for any free port';
  const folderNeed = 'a folder; write its path';
  const config: Config = {
    edgePort: values.one('edge-port', port, portNeed),
    controlPort: values.one('control-port', port, portNeed),
    host: values.one('host', listenHost, 'an address or host name; e.g. 127.0.0.1, or 0.0.0.0 for every interface'),
    tenantsFolder: values.one('tenants', filePath, folderNeed),
    dataFolder: values.one('data', filePath, folderNeed),
    threads: values.one('threads', wholeNumber(1, MAX_THREADS), `a whole number from 1 to ${MAX_THREADS}; choose one`),
    sliceMs: values.one(
      'slice-ms',
      wholeNumber(1, MAX_SLICE_MS),
      `a whole number from 1 to ${MAX_SLICE_MS}; choose one`,
    ),
    memoryTargetMib: values.one(
      'memory-target',
      wholeNumber(LEAST_MEMORY_MIB, MAX_MEMORY_MIB),
      `a whole number of MiB from ${LEAST_MEMORY_MIB} on; choose one, or leave it out for three quarters of the machine's`,
    ),
    cacheMib: values.one(
      'cache',
      wholeNumber(0, MAX_MEMORY_MIB),
      `a whole number of MiB from 0 to ${MAX_MEMORY_MIB}; 0 keeps none`,
    ),
    maxModuleMib: values.one(
      'max-module',
      wholeNumber(1, MAX_MODULE_MIB),
      `a whole number of MiB from 1 to ${MAX_MODULE_MIB}; choose one`,
    ),
    allowBackends: Object.freeze(
      values.all('allow-backend', parseCidr, 'an address range; e.g. 127.0.0.0/8 or fd00::/8'),
    ),
    issuersFile: values.all('issuers', filePath, 'a file; write its path').at(-1) ?? null,
    geoFiles: Object.freeze(values.all('geo', filePath, 'a file; write its path')),
    accessLog: values.one('access-log', accessLogTarget, 'a path, - or off; choose one'),
    logLevel: values.one('log-level', logLevel, `one of ${LOG_LEVELS.join(', ')}; choose one`),
    drainMs: values.one(
      'drain-ms',
      wholeNumber(0, MAX_DRAIN_MS),
      `a whole number from 0 to ${MAX_DRAIN_MS}; choose one`,
    ),
  };
  if (config.edgePort === config.controlPort && config.edgePort !== 0) {
    values.faults.push(
      `--control-port: ${config.controlPort} is the edge's port too; choose another for one of the two`,
    );
  }
  return Object.freeze(config);
}

function variableOf(name: SettingName): string {
  return `KERB_${name.replaceAll('-', '_').toUpperCase()}`;
}

function shown(text: string): string {
  return JSON.stringify(clip(text));
}

function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}
