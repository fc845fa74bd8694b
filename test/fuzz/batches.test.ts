import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runBatch } from './batches.ts';
import { keepFinding } from './findings.ts';

const program = fileURLToPath(new URL('programs/failing-child.ts', import.meta.url));

describe('a batch names the input that', () => {
  const batch = (first: number, deadlineMs = 20_000): ReturnType<typeof runBatch> =>
    runBatch('generate', first, 6, { program, deadlineMs });

  it('nothing is wrong with: none', async () => {
    const { verdicts, next } = await batch(30);
    expect(verdicts.map(({ seed }) => seed)).toEqual([30, 31, 32, 33, 34, 35]);
    expect(verdicts.every(({ verdict }) => verdict.kind === 'passed')).toBe(true);
    expect(next).toBe(36);
  });

  it('aborted the process, and goes on after it', async () => {
    const { verdicts, next } = await batch(1);
    expect(verdicts.map(({ seed, verdict }) => [seed, verdict.kind])).toEqual([
      [1, 'passed'],
      [2, 'passed'],
      [3, 'finding'],
    ]);
    expect(verdicts.at(-1)?.verdict).toEqual({ kind: 'finding', message: 'the process died (SIGABRT)' });
    expect(next).toBe(4);
  });

  it('ended the process as if all were well', async () => {
    const { verdicts } = await batch(23);
    expect(verdicts.at(-1)).toEqual({
      seed: 23,
      verdict: { kind: 'finding', message: 'the process died (exit code 7)' },
    });
  });

  it('never ends: its process is killed at the deadline', async () => {
    const { verdicts, next } = await batch(12, 2_000);
    expect(verdicts.at(-1)).toEqual({
      seed: 13,
      verdict: { kind: 'finding', message: 'no end after 2000 ms (SIGKILL)' },
    });
    expect(next).toBe(14);
  });
});

it('the real child process tries real inputs', async () => {
  const { verdicts, next } = await runBatch('generate', 500, 3);
  expect(verdicts.map(({ seed, verdict }) => [seed, verdict.kind])).toEqual([
    [500, 'passed'],
    [501, 'passed'],
    [502, 'passed'],
  ]);
  expect(next).toBe(503);
});

describe('a finding', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-fuzz-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is kept as bytes, as text, and with the command that makes it again', () => {
    const path = keepFinding(join(folder, 'findings'), 'generate', 4, 'f0: outcome 1 became 2');
    expect(WebAssembly.validate(new Uint8Array(readFileSync(`${path}.wasm`)))).toBe(true);
    expect(existsSync(`${path}.wat`)).toBe(true);
    const note = readFileSync(`${path}.txt`, 'utf8');
    expect(note).toContain('f0: outcome 1 became 2');
    expect(note).toContain('npm run fuzz -- --only generate --seed 4 --count 1');
  });

  it('of bytes that no one can read is kept all the same', () => {
    const path = keepFinding(join(folder, 'findings'), 'mutate', 1, 'threw');
    expect(readFileSync(`${path}.wat`, 'utf8')).not.toBe('');
  });
});
