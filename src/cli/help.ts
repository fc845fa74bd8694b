/** The help of `kerb`: of all commands, of a group, of one. */
import type { Command, CommandEntry, CommandGroup, OptionSpec } from './command.ts';
import { COMMON_OPTIONS } from './options.ts';
import { styled, type Line } from './output.ts';

const INDENT = '  ';
/** Where explanations begin, unless what they explain is longer. */
const LEFT_CHARS = 26;

/** Every command with its summary. */
export function helpOfAll(commands: readonly CommandEntry[]): Line[] {
  return [
    'Kerb runs WebAssembly apps of many tenants behind one HTTP edge, each in its own sandbox.',
    '',
    title('Usage'),
    `${INDENT}kerb COMMAND [ARGUMENT …] [OPTION …]`,
    '',
    title('Commands'),
    ...commands.map(({ name, summary }) => explained(name, summary)),
    explained('help [COMMAND]', 'print this, or the help of a command'),
    '',
    title('Options of every command'),
    ...optionLines(Object.entries(COMMON_OPTIONS)),
    explained('--version', 'print the version'),
    '',
    'Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no server answers, 130 interrupted.',
  ];
}

/** The commands of a group. */
export function helpOfGroup({ name, summary, subcommands }: CommandGroup): Line[] {
  return [
    `kerb ${name}: ${summary}`,
    '',
    title('Commands'),
    ...subcommands.map((command) => explained(synopsis(command), command.summary)),
    '',
    `kerb help ${name} COMMAND shows the options of one.`,
  ];
}

/** Everything about one command. */
export function helpOf(command: Command): Line[] {
  const { name, summary, usage, positionals } = command;
  const own = Object.entries(command.options);
  const common = Object.entries(COMMON_OPTIONS).filter(([option]) => !Object.hasOwn(command.options, option));
  return [
    `kerb ${name}: ${summary}`,
    '',
    title('Usage'),
    `${INDENT}kerb ${synopsis(command)}${own.length > 0 ? ' [OPTION …]' : ''}`,
    ...(usage.length === 0 ? [] : ['', ...usage]),
    ...section(
      'Arguments',
      positionals.map((positional) => explained(positional.name, positional.help)),
    ),
    ...section('Options', optionLines(own)),
    ...(command.unread === true ? [] : section('Options of every command', optionLines(common))),
  ];
}

/** A command with its arguments: `secret put TENANT NAME`. */
export function synopsis({ name, positionals }: Pick<Command, 'name' | 'positionals'>): string {
  const words = positionals.map((positional) => {
    const word = `${positional.choices?.join('|') ?? positional.name}${positional.repeatable === true ? ' …' : ''}`;
    return positional.optional === true ? `[${word}]` : word;
  });
  return [name, ...words].join(' ');
}

function section(name: string, lines: readonly Line[]): Line[] {
  return lines.length === 0 ? [] : ['', title(name), ...lines];
}

function title(name: string): Line {
  return [styled('bold', name)];
}

function optionLines(options: readonly (readonly [string, OptionSpec])[]): Line[] {
  return options.map(([name, { value, short, repeatable, choices, help }]) => {
    const flag = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
    const of = choices === undefined ? '' : ` (${choices.join(', ')})`;
    return explained(flag, `${help}${of}${repeatable === true ? '; repeatable' : ''}`);
  });
}

function explained(left: string, right: string): Line {
  const isLong = left.length >= LEFT_CHARS;
  return [INDENT, left.padEnd(LEFT_CHARS), isLong ? INDENT : '', right];
}
