/** What a command reads: files, standard input, and answers to prompts. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';
import { InterruptedError, UsageError, type CommandContext, type Source } from './command.ts';

/** The longest input: more than the server takes of a value. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024;

type Reader = Pick<CommandContext, 'io' | 'signal' | 'cwd'>;

/** Where the value of a store or a secret comes from. */
export const VALUE_FILE = { file: { value: 'FILE', help: 'file with the value; without it, standard input' } } as const;

/** The value of `--file`, or all of standard input. Throws {@link UsageError} when standard input is a terminal: nobody pipes anything. */
export async function readValue(context: Reader & Pick<CommandContext, 'options'>): Promise<Uint8Array> {
  const file = context.options.text('file');
  if (file !== undefined) return readFileUpTo(resolve(context.cwd, file), MAX_INPUT_BYTES);
  if (context.io.stdin.isTTY === true)
    throw new UsageError('the value is missing; pipe it in, or name its file with --file');
  return readAll(context.io.stdin, context.signal);
}

/** Bytes of a file. Throws `KerbError`: `not_found` when it cannot be read, `too_large` when it has more than `most` bytes. */
export async function readFileUpTo(path: string, most: number): Promise<Uint8Array<ArrayBuffer>> {
  // Without blocking: opening a pipe that nobody writes to would never end.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: unknown) => cannotRead(path, error));
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new KerbError('not_found', `${path}: is not a file; name one`);
    if (stats.size > most)
      throw new KerbError('too_large', `${path}: is larger than the ${most} bytes that are left for it`);
    const bytes = await file.readFile();
    return new Uint8Array(bytes);
  } finally {
    await file.close();
  }
}

function cannotRead(path: string, error: unknown): never {
  const code = systemCode(error);
  throw new KerbError('not_found', `${path}: cannot be read (${code}); check the path and who may read it`);
}

/** All of standard input. Throws `KerbError` `too_large`, and the signal's reason when that aborts first. */
export async function readAll(source: Source, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of until(source, signal)) {
    length += chunk.length;
    if (length > MAX_INPUT_BYTES)
      throw new KerbError('too_large', `standard input: has more than ${MAX_INPUT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `source` until it ends; throws when the signal aborts, also while nothing comes. */
async function* until(source: Source, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => aborted.reject(new InterruptedError('interrupted'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise]);
      if (next.done === true) return;
      yield typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    // Not awaited: a stream that waits for input settles this only when some comes.
    void iterator.return?.().catch(() => undefined);
  }
}

/**
 * Asks for a line at the terminal without showing what is typed. Only where standard input is one. Throws {@link InterruptedError} on
 * Ctrl-C and Ctrl-D.
 */
export async function askHidden({ io, signal }: Reader, question: string): Promise<string> {
  const { stdin, stderr } = io;
  stderr.write(question);
  stdin.setRawMode?.(true);
  try {
    return await typedLine(stdin, signal);
  } finally {
    stdin.setRawMode?.(false);
    stderr.write('\n');
  }
}

async function typedLine(stdin: Source, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let line: string[] = [];
  for await (const chunk of until(stdin, signal)) {
    // Keys such as arrows come as sequences; they are no part of a value.
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    const text = decoder.decode(chunk, { stream: true }).replace(/\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])/g, '');
    for (const key of text) {
      if (key === '\r' || key === '\n') return line.join('');
      if (key === '\u0003' || key === '\u0004') throw new InterruptedError('interrupted');
      if (key === '\u007f' || key === '\b') line = line.slice(0, -1);
      else if (key >= ' ') line.push(key);
    }
  }
  return line.join('');
}

/** Asks for a line at the terminal. */
export async function askShown({ io, signal }: Reader, question: string): Promise<string> {
  io.stderr.write(question);
  let text = '';
  for await (const chunk of until(io.stdin, signal)) {
    text += Buffer.from(chunk).toString('utf8');
    if (text.includes('\n')) break;
  }
  return text.replace(/\r?\n.*/s, '');
}

/** Text without the one line end that `echo` and editors add. */
export function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? 2 : 1) : 0;
  return bytes.subarray(0, bytes.length - end);
}
