import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inspect, instrument } from '../../../src/instrument/instrument.ts';
import type { Signature } from '../../../src/wasm/signature.ts';
import { text, wat } from './harness.ts';

const FOLDER = fileURLToPath(new URL('golden/', import.meta.url));
const [INPUT, OUTPUT] = ['.in.wat', '.out.wat'];

/** Where files are written instead of compared. CI never blesses: there a difference is a failure. */
const blessing = process.env['KERB_BLESS'] === '1';

function namesOf(ending: string): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .toSorted();
}

/** The words after `;; @key` in a module's text; null without such a line. */
function option(source: string, key: string): readonly string[] | null {
  const line = source.split('\n').find((candidate) => candidate.startsWith(`;; @${key} `));
  return line === undefined ? null : line.split(' ').slice(2);
}

/** The rewritten module as text. Every import is offered; exports are kept unless `@exports` says which. */
function rewritten(source: string): string {
  const bytes = wat(source);
  expect(WebAssembly.validate(bytes)).toBe(true);
  const { imports, exports } = inspect(bytes);
  const offered = new Map<string, Signature>();
  for (const { name, signature } of imports) if (signature !== null) offered.set(name, signature);
  const kept = option(source, 'exports');
  const wanted = exports.flatMap(({ name, signature }) =>
    signature === null || kept?.includes(name) === false ? [] : [[name, signature] as const],
  );
  const output = instrument(bytes, {
    imports: new Map([['host', offered]]),
    exports: new Map(wanted),
    suspending: new Set(option(source, 'suspending') ?? []),
    maxMemoryPages: Number(option(source, 'pages')?.[0] ?? 64),
  });
  expect(WebAssembly.validate(output.bytes)).toBe(true);
  return text(output.bytes);
}

describe('rewriting gives what is on record for', () => {
  it.each(namesOf(INPUT))('%s', (name) => {
    const found = rewritten(readFileSync(`${FOLDER}${name}${INPUT}`, 'utf8'));
    const path = `${FOLDER}${name}${OUTPUT}`;
    if (blessing && process.env['CI'] !== 'true') writeFileSync(path, found);
    const expected = existsSync(path) ? readFileSync(path, 'utf8') : 'nothing: no such file';
    expect(found, `if this is meant: KERB_BLESS=1 npm test -- golden`).toBe(expected);
  });
});

describe('the record', () => {
  it('has an output for each input and no other files', () => {
    expect(namesOf(OUTPUT)).toEqual(namesOf(INPUT));
    const pairs = namesOf(INPUT).flatMap((name) => [`${name}${INPUT}`, `${name}${OUTPUT}`]);
    expect(readdirSync(FOLDER).toSorted()).toEqual([...pairs, 'README.md'].toSorted());
  });

  it('is not blessed by CI', () => {
    expect(blessing && process.env['CI'] === 'true').toBe(false);
  });

  it.each([
    ['loops', 'loops-', 3],
    ['handlers', 'handlers-', 2],
    ['bulk', 'bulk-', 3],
    ['recursion', 'recursion-', 3],
    ['straight lines', 'straight-line-', 3],
    ['waits', 'waits-', 3],
    ['start', 'start-', 3],
    ['memory', 'memory-', 3],
    ['tables and elements', /^(tables|elements)-/, 3],
    ['globals', 'globals-', 3],
    ['exports', 'exports-', 3],
    ['types', 'types-', 3],
  ] as const)('has enough of %s', (_, prefix, least) => {
    const matching = namesOf(INPUT).filter((name) =>
      typeof prefix === 'string' ? name.startsWith(prefix) : prefix.test(name),
    );
    expect(matching.length).toBeGreaterThanOrEqual(least);
  });

  it('says of each input what it shows', () => {
    for (const name of namesOf(INPUT)) {
      const sentence = readFileSync(`${FOLDER}${name}${INPUT}`, 'utf8')
        .split('\n')
        .find((line) => !line.startsWith(';; @'));
      expect(sentence, `the first sentence of ${name}`).toMatch(/^;; .{20,}\.$/);
    }
  });
});
