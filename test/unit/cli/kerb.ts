/** Runs `kerb` in this process, against a fake server, with streams that are kept. */
import { runCli, type Program } from '../../../src/cli/cli.ts';
import type { CommandIo, Source } from '../../../src/cli/command.ts';
import { TOKEN } from './fake-control.ts';

/** What became of an invocation. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it was written. */
  readonly bytes: Buffer;
}

/** An invocation that may differ from the usual. */
export interface Invocation extends Partial<Omit<Program, 'io'>> {
  readonly stdin?: Source | string;
  readonly terminal?: boolean;
  readonly columns?: number;
  /** Called with everything written so far, at each write. */
  readonly onWrite?: (text: string) => void;
}

/** Standard input that is a pipe with `text`. */
export function piped(text: string): Source {
  return sourceOf([Buffer.from(text)]);
}

/** A terminal at which `keys` are typed; `modes` notes when echo was switched off and on. */
export function typing(keys: readonly string[], modes: boolean[] = []): Source {
  return { ...sourceOf(keys.map((text) => Buffer.from(text))), isTTY: true, setRawMode: (on) => modes.push(on) };
}

/** Input that never comes; `onRead` hears that somebody waits for it. */
export function silence(onRead: () => void): Source {
  const next = async (): Promise<never> => {
    onRead();
    return new Promise(() => undefined);
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

function sourceOf(chunks: readonly Uint8Array[]): Source {
  return {
    async *[Symbol.asyncIterator]() {
      yield* chunks;
    },
  };
}

/** Runs `kerb` with these arguments. `url` is where its server is. */
export async function kerb(url: string, argv: readonly string[], invocation: Invocation = {}): Promise<Ran> {
  const { stdin = '', terminal = false, columns = 100, onWrite = () => undefined, ...program } = invocation;
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  const sink = (chunks: Buffer[]) => ({
    write: (chunk: string | Uint8Array) => {
      chunks.push(Buffer.from(chunk as Uint8Array));
      onWrite(Buffer.concat([...out, ...err]).toString());
    },
  });
  const io: CommandIo = {
    stdout: sink(out),
    stderr: sink(err),
    stdin: typeof stdin === 'string' ? piped(stdin) : stdin,
    isTerminal: terminal,
    showsProgress: terminal,
    columns,
    colour: terminal,
  };
  const code = await runCli(argv, {
    io,
    env: { KERB_CONTROL_URL: url, KERB_TOKEN: TOKEN },
    cwd: '/',
    version: '9.9.9',
    onInterrupt: () => () => undefined,
    ...program,
  });
  const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString();
  return { code, stdout: text(out), stderr: text(err), bytes: Buffer.concat(out) };
}

/** Something that interrupts: give `onInterrupt` to {@link kerb}, call `press` for Ctrl-C. */
export function keyboard(): { readonly press: () => void; readonly onInterrupt: Program['onInterrupt'] } {
  const listeners = new Set<() => void>();
  return {
    press: () => listeners.forEach((listener) => listener()),
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
