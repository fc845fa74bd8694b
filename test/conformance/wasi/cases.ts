/** The cases of the suite: a module, what it is started with and what it has to come to. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One case. */
export interface Case {
  /** The folder of its language, and its own name: `rust/fd_readdir`. */
  readonly name: string;
  readonly module: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The host folder that it sees as `/`, with all rights; `null`: none. */
  readonly root: string | null;
  readonly exitCode: number;
  /** What it must have written; `null`: anything. */
  readonly stdout: string | null;
  readonly stderr: string | null;
}

/** Whether a module of the suite is about preview1. */
export function isPreview1(file: string): boolean {
  return file.split('/').includes('wasm32-wasip1');
}

/** The case of a module, from the JSON beside it, in the older form of the suite's specification. Throws an `Error` for another form. */
export function readCase(folder: string, file: string): Case {
  const module = join(folder, file);
  const specification = module.replace(/\.wasm$/, '.json');
  const given: unknown = existsSync(specification) ? JSON.parse(readFileSync(specification, 'utf8')) : {};
  if (typeof given !== 'object' || given === null) throw new Error('its JSON is no object');
  const told = given as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(told).filter((key) => !KEYS.has(key));
  if (unknown.length > 0) throw new Error(`its JSON has ${unknown.join(', ')}, which this runner does not know`);
  const root = told['root'];
  return {
    name: nameOf(file),
    module,
    args: (told['args'] ?? []) as readonly string[],
    env: (told['env'] ?? {}) as Readonly<Record<string, string>>,
    root: typeof root === 'string' ? join(dirname(module), root) : null,
    exitCode: Number(told['exit_code'] ?? 0),
    stdout: textOf(told['stdout']),
    stderr: textOf(told['stderr']),
  };
}

const KEYS: ReadonlySet<string> = new Set(['args', 'env', 'root', 'exit_code', 'stdout', 'stderr']);

function textOf(given: unknown): string | null {
  return typeof given === 'string' ? given : null;
}

/** The name of a module's case, from where it lies. */
export function nameOf(file: string): string {
  const parts = file.replace(/\.wasm$/, '').split('/');
  const language = parts[parts.indexOf('testsuite') - 1] ?? '';
  return `${language}/${parts.at(-1) ?? ''}`;
}
