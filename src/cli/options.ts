/** The command line of one command: arguments to options and positionals, with every fault at once. */
import { parseArgs } from 'node:util';
import { didYouMean } from '../spelling.ts';
import { UsageError, type Command, type GivenOptions, type OptionSpec } from './command.ts';

/** Options that every command has. */
export const COMMON_OPTIONS = {
  control: { value: 'URL', help: 'address of the server [KERB_CONTROL_URL, default http://127.0.0.1:8081]' },
  'token-file': { value: 'FILE', help: 'file with the token [or the token itself in KERB_TOKEN]' },
  data: { value: 'DIR', help: "the local server's folder, with its operator.token [KERB_DATA, default .kerb]" },
  json: { help: 'write JSON to standard output, everything else to standard error' },
  help: { short: 'h', help: 'print the help of the command' },
} as const satisfies Record<string, OptionSpec>;

/** For changes of a tenant. */
export const IF_MATCH = {
  'if-match': { value: 'REVISION', help: 'only if the tenant is still at this revision (see kerb tenant show)' },
} as const satisfies Record<string, OptionSpec>;

/** The value of {@link IF_MATCH}. */
export function ifMatchOf(options: GivenOptions): number | undefined {
  return options.whole('if-match', 0, 999_999_999_999);
}

type Specs = ReadonlyMap<string, OptionSpec>;

/** What a command line holds. */
export interface CommandLine {
  readonly positionals: readonly string[];
  readonly options: GivenOptions;
}

/** The options of a command: its own, and those that all have. */
export function optionsOf(command: Pick<Command, 'options'>): Specs {
  return new Map<string, OptionSpec>([...Object.entries(COMMON_OPTIONS), ...Object.entries(command.options)]);
}

/**
 * Reads the arguments after a command's name. `--` ends the options. With `--help` nothing else is checked.
 *
 * Throws {@link UsageError} that lists every fault: unknown options, missing and unwanted values, values that are none of the choices, too
 * few and too many arguments.
 */
export function parseCommandLine(
  command: Pick<Command, 'options' | 'positionals'>,
  argv: readonly string[],
): CommandLine {
  const specs = optionsOf(command);
  const { tokens } = parseArgs({ args: [...argv], options: argumentTypes(specs), strict: false, tokens: true });
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  const faults: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const fault = optionFault(token, specs);
    if (fault === null) given.set(token.name, [...(given.get(token.name) ?? []), token.value ?? '']);
    else faults.push(fault);
  }
  if (!given.has('help')) faults.push(...positionalFaults(command, positionals));
  if (faults.length > 0 && !given.has('help')) throw new UsageError(faults.join('\n'));
  return { positionals, options: new ParsedOptions(specs, given) };
}

type ArgumentType = { type: 'string' | 'boolean'; multiple: true; short?: string };

function argumentTypes(specs: Specs): Record<string, ArgumentType> {
  const types = [...specs].map(([name, { value, short }]): [string, ArgumentType] => [
    name,
    { type: value === undefined ? 'boolean' : 'string', multiple: true, ...(short === undefined ? {} : { short }) },
  ]);
  return Object.fromEntries(types);
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionFault({ name, rawName, value, inlineValue }: OptionToken, specs: Specs): string | null {
  const spec = specs.get(name);
  if (spec === undefined) {
    const close = didYouMean(
      rawName,
      [...specs.keys()].map((known) => `--${known}`),
    );
    return `${rawName}: is an unknown option; ${close === null ? '--help lists all' : `did you mean ${close}?`}`;
  }
  if (spec.value === undefined) return value === undefined ? null : `${rawName}: takes no value; leave it out`;
  // A value that looks like an option is one: its own value was forgotten. `--name=-x` says that it is meant.
  const isMissing = value === undefined || (inlineValue !== true && /^-./.test(value));
  if (isMissing) return `${rawName}: has no value; write ${rawName} ${spec.value}`;
  return spec.choices === undefined || spec.choices.includes(value)
    ? null
    : `${rawName}: ${JSON.stringify(value)} is not one of ${spec.choices.join(', ')}`;
}

function positionalFaults({ positionals: specs }: Pick<Command, 'positionals'>, given: readonly string[]): string[] {
  const missing = specs.slice(given.length).filter(({ optional }) => optional !== true);
  const takesAll = specs.at(-1)?.repeatable === true;
  const extra = takesAll ? [] : given.slice(specs.length);
  return [
    ...missing.map(({ name, help }) => `${name} is missing: ${help}`),
    ...extra.map((text) => `${JSON.stringify(text)} is one argument too many; leave it out`),
    ...specs.flatMap((spec, at) => {
      const text = given[at];
      const isFine = text === undefined || spec.choices === undefined || spec.choices.includes(text);
      return isFine ? [] : [`${spec.name}: ${JSON.stringify(text)} is not one of ${spec.choices?.join(', ') ?? ''}`];
    }),
  ];
}

class ParsedOptions implements GivenOptions {
  readonly #specs: Specs;
  readonly #given: ReadonlyMap<string, readonly string[]>;

  constructor(specs: Specs, given: ReadonlyMap<string, readonly string[]>) {
    this.#specs = specs;
    this.#given = given;
  }

  has(name: string): boolean {
    return this.texts(name).length > 0;
  }

  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  texts(name: string): readonly string[] {
    if (!this.#specs.has(name)) throw new TypeError(`no option ${name}`);
    return this.#given.get(name) ?? [];
  }

  whole(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = wholeOf(text, least, most);
    if (value === null)
      throw new UsageError(`--${name}: ${JSON.stringify(text)} is not a whole number from ${least} to ${most}`);
    return value;
  }
}

/** A whole number from `least` to `most`, in decimal digits; `null` for anything else. */
export function wholeOf(text: string, least: number, most: number): number | null {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most ? value : null;
}
