/** What a command of `kerb` is: its name, its help, what it takes, and what it is given when it runs. */
import type { Client } from './client.ts';

/** How a program ends, for shells. */
export const EXIT = {
  ok: 0,
  /** The server or a check said no, or the work failed. */
  failed: 1,
  /** The command line is wrong: nothing was done. */
  usage: 2,
  /** No server answers. */
  unreachable: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** An option of a command. A name `no-activate` is written `--no-activate`. */
export interface OptionSpec {
  /** What stands for the value in the help (`FILE`, `MS`). Absent: the option is a switch and takes none. */
  readonly value?: string;
  /** One letter, for `-n`. */
  readonly short?: string;
  /** May be given several times; all values count. Otherwise the last one does. */
  readonly repeatable?: true;
  /** The only values there are: checked, and offered by shell completion. */
  readonly choices?: readonly string[];
  /** One line without a full stop. */
  readonly help: string;
}

/** An argument that is no option, by its place. */
export interface PositionalSpec {
  /** In capitals, as the usage shows it: `TENANT`. */
  readonly name: string;
  /** May be left out. Only the last ones may. */
  readonly optional?: true;
  /** Takes all arguments that are left. Only the last one may. */
  readonly repeatable?: true;
  /** The only values there are. */
  readonly choices?: readonly string[];
  /** One line without a full stop. */
  readonly help: string;
}

/** A command that runs. */
export interface Command {
  /** As it is typed: `deploy`; for one of a group with the group's: `secret put`. */
  readonly name: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** What the help shows below the summary, line by line: invocations and what they do. */
  readonly usage: readonly string[];
  /** By name; they win over the options that every command has (`--json`, `--control`, `--token-file`, `--data`, `--help`). */
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly positionals: readonly PositionalSpec[];
  /** Gets its arguments unread, as `positionals`: for commands with a parser of their own. Only a leading `--help` is kept from it. */
  readonly unread?: true;
  /** Handles signals itself: Ctrl-C neither aborts `signal` nor ends the program. */
  readonly ownsSignals?: true;
  /**
   * Does the work; answers how the program ends, one of {@link EXIT} or a code of its own. What it throws is explained on standard error:
   * {@link UsageError} ends with 2, a server that does not answer with 3, Ctrl-C with 130, `KerbError` and the server's refusals with 1.
   */
  run(context: CommandContext): Promise<number>;
}

/** Commands under one name: `secret put`, `secret delete`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly subcommands: readonly Command[];
}

/** A line of the registry: loaded when it is needed, so that starting `kerb` costs one file and not all. */
export interface CommandEntry {
  readonly name: string;
  /** As in the command, for the list of all. */
  readonly summary: string;
  readonly load: () => Promise<Command | CommandGroup>;
}

/** Somewhere to write to. */
export interface Sink {
  write(chunk: string | Uint8Array): unknown;
}

/** Where input comes from: `process.stdin`, or a stream in tests. */
export interface Source extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean;
  setRawMode?(on: boolean): unknown;
}

/** The streams of a program and what is known of the terminal. */
export interface CommandIo {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: Source;
  /** Whether standard output is a terminal: only then is anything redrawn. */
  readonly isTerminal: boolean;
  /** Whether standard error is a terminal: only then is progress shown. */
  readonly showsProgress: boolean;
  /** Width of the terminal, 80 without one. */
  readonly columns: number;
  /** Whether colour is wanted: a terminal, and no `NO_COLOR`. */
  readonly colour: boolean;
}

/** The options of one invocation. Names that the command does not have are a `TypeError`. */
export interface GivenOptions {
  /** Whether a switch is given. */
  has(name: string): boolean;
  /** The last value; `undefined` when it is not given. */
  text(name: string): string | undefined;
  /** Every value of a repeatable one, in order. */
  texts(name: string): readonly string[];
  /** The value as a whole number from `least` to `most`. Throws {@link UsageError} for anything else. */
  whole(name: string, least: number, most: number): number | undefined;
}

/** What a command is given. */
export interface CommandContext {
  /** As many as the command's specification allows; what is optional may be missing. */
  readonly positionals: readonly string[];
  readonly options: GivenOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What relative paths are relative to. */
  readonly cwd: string;
  readonly io: CommandIo;
  /** Standard output carries JSON alone; everything meant for people goes to standard error. */
  readonly json: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Every command there is. */
  readonly commands: readonly CommandEntry[];
  /**
   * The server that the options and the environment name, with the token found for it. Sends nothing yet. Throws {@link UsageError} for
   * an address that is none, `KerbError` `not_found` for a token file that cannot be read.
   */
  client(): Client;
}

/** The command line is wrong. The message says what, and what to write; nothing was done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Whether what the registry loaded is a group of commands. */
export function isGroup(loaded: Command | CommandGroup): loaded is CommandGroup {
  return 'subcommands' in loaded;
}

/** Ctrl-C where it is no signal: at a prompt that reads the keys itself. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
