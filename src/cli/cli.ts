/** The command `kerb`: finds the command that is asked for, gives it what it needs, and turns what becomes of it into an exit code. */
import { didYouMean } from '../spelling.ts';
import { Client } from './client.ts';
import {
  EXIT,
  UsageError,
  isGroup,
  type Command,
  type CommandContext,
  type CommandEntry,
  type CommandGroup,
  type CommandIo,
  type GivenOptions,
} from './command.ts';
import { COMMANDS } from './commands.ts';
import { connectionOf } from './connection.ts';
import { tellFailure } from './failure.ts';
import { helpOf, helpOfAll, helpOfGroup } from './help.ts';
import { COMMON_OPTIONS, parseCommandLine } from './options.ts';
import { print, printJson, remark, type Line } from './output.ts';

/** The program that a command line is given to. */
export interface Program {
  readonly io: CommandIo;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
  /** Has `listener` called at the first Ctrl-C; what it answers takes that back. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Other commands than those of `kerb`, for tests. */
  readonly commands?: readonly CommandEntry[];
}

/**
 * Runs `argv`, the arguments after the program's name, and answers the exit code: one of `EXIT`, or the command's own. Failures are told on
 * standard error. Rejects only with faults of the program itself.
 */
export async function runCli(argv: readonly string[], program: Program): Promise<number> {
  const { leading, rest } = splitLeading(argv);
  const json = argv.slice(0, indexOrEnd(argv, '--')).includes('--json');
  const writer = { io: program.io, json };
  const commands = program.commands ?? COMMANDS;
  try {
    if (leading.includes('--version')) return tellVersion(writer, program.version);
    const [name, ...args] = rest;
    if (name === 'help')
      return await help(
        args.filter((arg) => arg !== '--json' && arg !== '--help'),
        commands,
        program.io,
      );
    if (name === undefined) return listAll(leading, commands, program.io);
    const { command, args: left } = await find(name, args, commands);
    if (command === null) return await help([name], commands, program.io);
    return await run(command, [...leading, ...left], program, commands, json);
  } catch (error) {
    return tellFailure(error, '', writer);
  }
}

/** Options before the command's name, and the rest. */
function splitLeading(argv: readonly string[]): { leading: readonly string[]; rest: readonly string[] } {
  let at = 0;
  while (at < argv.length && (argv[at] ?? '').startsWith('-')) {
    const name = (argv[at] ?? '').slice(2);
    const spec = Object.hasOwn(COMMON_OPTIONS, name) ? COMMON_OPTIONS[name as keyof typeof COMMON_OPTIONS] : null;
    at += spec !== null && 'value' in spec ? 2 : 1;
  }
  return { leading: argv.slice(0, at), rest: argv.slice(at) };
}

function indexOrEnd(argv: readonly string[], word: string): number {
  const index = argv.indexOf(word);
  return index < 0 ? argv.length : index;
}

function tellVersion(writer: { io: CommandIo; json: boolean }, version: string): number {
  if (writer.json) printJson(writer, { version });
  else print(writer, `kerb ${version}`);
  return EXIT.ok;
}

/** Without a command the list of all is no answer but a hint, unless it is asked for. */
function listAll(leading: readonly string[], commands: readonly CommandEntry[], io: CommandIo): number {
  const isAsked = leading.includes('--help') || leading.includes('-h');
  const [unknown] = leading.filter((option) => option.startsWith('-') && !isCommon(option));
  if (!isAsked && unknown !== undefined) throw new UsageError(`${unknown}: is an unknown option; --help lists all`);
  if (isAsked) print({ io, json: false }, ...helpOfAll(commands));
  else remark({ io }, ...helpOfAll(commands));
  return isAsked ? EXIT.ok : EXIT.usage;
}

function isCommon(option: string): boolean {
  return Object.hasOwn(COMMON_OPTIONS, option.slice(2).replace(/=.*/s, ''));
}

async function help(words: readonly string[], commands: readonly CommandEntry[], io: CommandIo): Promise<number> {
  print({ io, json: false }, ...(await helpLines(words, commands)));
  return EXIT.ok;
}

async function helpLines([name, sub]: readonly string[], commands: readonly CommandEntry[]): Promise<Line[]> {
  if (name === undefined || name === '-h') return helpOfAll(commands);
  const loaded = await entryOf(name, commands).load();
  if (!isGroup(loaded)) return helpOf(loaded);
  return sub === undefined ? helpOfGroup(loaded) : helpOf(subcommandOf(loaded, sub));
}

/** The command that is meant and its arguments; `null`: the help of a group. */
async function find(
  name: string,
  args: readonly string[],
  commands: readonly CommandEntry[],
): Promise<{ command: Command | null; args: readonly string[] }> {
  const loaded = await entryOf(name, commands).load();
  if (!isGroup(loaded)) return { command: loaded, args };
  const [sub, ...rest] = args;
  if (sub === '--help' || sub === '-h') return { command: null, args: rest };
  return { command: subcommandOf(loaded, sub), args: rest };
}

function entryOf(name: string, commands: readonly CommandEntry[]): CommandEntry {
  const entry = commands.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const close = didYouMean(name, [...commands.map((candidate) => candidate.name), 'help']);
  throw new UsageError(
    `${clip(name)} is no command; ${close === null ? 'kerb help lists all' : `did you mean ${close}?`}`,
  );
}

function subcommandOf({ name, subcommands }: CommandGroup, sub: string | undefined): Command {
  const words = subcommands.map((command) => command.name.slice(name.length + 1));
  const found = subcommands[words.indexOf(sub ?? '')];
  if (found !== undefined) return found;
  if (sub === undefined || sub.startsWith('-')) throw new UsageError(`kerb ${name} needs one of: ${words.join(', ')}`);
  const close = didYouMean(sub, words);
  throw new UsageError(
    `${clip(sub)} is no command of kerb ${name}; ${close === null ? `there are ${words.join(', ')}` : `did you mean ${close}?`}`,
  );
}

function clip(text: string): string {
  return JSON.stringify(text.length <= 40 ? text : `${text.slice(0, 39)}…`);
}

async function run(
  command: Command,
  argv: readonly string[],
  program: Program,
  commands: readonly CommandEntry[],
  json: boolean,
): Promise<number> {
  const stop = new AbortController();
  const release = command.ownsSignals === true ? () => undefined : program.onInterrupt(() => stop.abort());
  try {
    const line = commandLine(command, argv);
    if (line === null) return await help(command.name.split(' '), commands, program.io);
    const { io, env, cwd } = program;
    const given = { ...line, env, cwd, io, json, signal: stop.signal, commands };
    const code = await command.run({ ...given, client: () => new Client(connectionOf(given)) });
    return stop.signal.aborted ? EXIT.interrupted : code;
  } catch (error) {
    if (stop.signal.aborted) return EXIT.interrupted;
    return tellFailure(error, command.name, { io: program.io, json });
  } finally {
    release();
  }
}

/** `null`: its help is asked for. */
function commandLine(
  command: Command,
  argv: readonly string[],
): Pick<CommandContext, 'positionals' | 'options'> | null {
  if (command.unread === true) {
    const isHelp = argv[0] === '--help' || argv[0] === '-h';
    return isHelp ? null : { positionals: argv, options: noOptions() };
  }
  const line = parseCommandLine(command, argv);
  return line.options.has('help') ? null : line;
}

function noOptions(): GivenOptions {
  return parseCommandLine({ options: {}, positionals: [] }, []).options;
}
