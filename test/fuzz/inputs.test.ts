import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wat } from '../unit/instrument/harness.ts';
import { MODES } from './corpus.ts';
import { keepWordSet } from './oracle/kept-word.ts';
import type { KeptWord } from './oracle/kept-word.ts';
import { KERB } from './oracle/subject.ts';
import { tryBytes } from './trial.ts';

const FOLDER = fileURLToPath(new URL('inputs/', import.meta.url));
/** The argument of the random choices that an oracle makes. */
const SEED = 1;

/** `<mode>.<what it showed>.wat`, or `.hex` for bytes that have no text. */
const INPUT = /^(?<mode>[a-z]+)\.(?<name>[a-z0-9-]+)\.(?<form>wat|hex)$/;

interface Input {
  readonly file: string;
  readonly mode: (typeof MODES)[number];
  readonly bytes: () => Uint8Array<ArrayBuffer>;
}

function inputs(): Input[] {
  return readdirSync(FOLDER).map((file) => {
    const groups = INPUT.exec(file)?.groups;
    const mode = MODES.find((known) => known === groups?.['mode']);
    if (mode === undefined) throw new TypeError(`${file} is not named <mode>.<name>.wat or .hex`);
    const source = readFileSync(`${FOLDER}${file}`, 'utf8');
    const bytes = (): Uint8Array<ArrayBuffer> =>
      groups?.['form'] === 'wat' ? wat(source) : new Uint8Array(Buffer.from(source.replace(/#.*|\s/g, ''), 'hex'));
    return { file, mode, bytes };
  });
}

let kept: KeptWord;
beforeAll(async () => {
  kept = await keepWordSet();
});
afterAll(() => kept.stop());

describe('what once went wrong does not again', () => {
  it.each(inputs())('$file', ({ mode, bytes }) => {
    const verdict = tryBytes(mode, bytes(), SEED, KERB, kept.epoch);
    expect(verdict.kind === 'finding' ? verdict.message : verdict.kind).toBe('passed');
  });
});
