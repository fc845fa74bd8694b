/** `kerb completion`: scripts that have a shell complete commands, options and their values. Made from the registry. */
import { EXIT, isGroup, type Command, type CommandContext, type CommandEntry, type CommandGroup } from './command.ts';
import { optionsOf } from './options.ts';
import { print } from './output.ts';
import { bashScript, fishScript, zshScript, type Completions } from './completion-scripts.ts';

const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Record<
  string,
  (completions: readonly Completions[]) => readonly string[]
>;

/** The command. Loads every command of the registry; asks no server. */
export const completion: Command = {
  name: 'completion',
  summary: 'print a completion script for your shell',
  usage: [
    'bash: source <(kerb completion bash)',
    'zsh:  source <(kerb completion zsh)',
    'fish: kerb completion fish | source',
  ],
  options: {},
  positionals: [{ name: 'SHELL', choices: Object.keys(SHELLS), help: 'the shell' }],
  run: async (context: CommandContext) => {
    const shell = context.positionals[0] as keyof typeof SHELLS;
    const completions = (await Promise.all(context.commands.map(completionsOf))).flat();
    const help = { words: ['help'], summary: 'print the help of a command', next: [], options: [], files: false };
    const names = context.commands.map(({ name, summary }) => ({ word: name, help: summary }));
    const root = {
      words: [],
      summary: '',
      next: [...names, { word: 'help', help: help.summary }],
      options: [],
      files: false,
    };
    print({ io: context.io, json: false }, ...SHELLS[shell]([root, ...completions, { ...help, next: names }]));
    return EXIT.ok;
  },
};

async function completionsOf({ load }: CommandEntry): Promise<Completions[]> {
  const loaded = await load();
  return isGroup(loaded) ? [ofGroup(loaded), ...loaded.subcommands.map(ofCommand)] : [ofCommand(loaded)];
}

function ofGroup({ name, summary, subcommands }: CommandGroup): Completions {
  const next = subcommands.map((command) => ({ word: command.name.slice(name.length + 1), help: command.summary }));
  return { words: [name], summary, next, options: [], files: false };
}

function ofCommand(command: Command): Completions {
  const { name, summary, positionals } = command;
  const options = [...optionsOf(command)].map(([option, spec]) => ({
    word: `--${option}`,
    help: spec.help,
    takesValue: spec.value !== undefined,
    choices: spec.choices ?? [],
  }));
  const next = (positionals[0]?.choices ?? []).map((word) => ({ word, help: positionals[0]?.help ?? '' }));
  const files = positionals.some((positional) => positional.name === 'PATH');
  return { words: name.split(' '), summary, next, options, files };
}
