import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSkips, Tally } from './skips.ts';

describe('the file', () => {
  it('has a reason for every skip', () => {
    const folder = mkdtempSync(join(tmpdir(), 'skips-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'e.json');
    for (const text of ['{}', '{"skipped": []}', '{"skipped": {"a": ""}}', '{"skipped": {"a": 1}}']) {
      writeFileSync(path, text);
      expect(() => readSkips(path)).toThrow(TypeError);
    }
    writeFileSync(path, '{"skipped": {"a": "why"}}');
    expect([...readSkips(path)]).toEqual([['a', 'why']]);
  });

  it.each(['wasi', 'http-wasm'])('of %s can be read', (suite) => {
    expect(readSkips(new URL(`${suite}/expectations.json`, import.meta.url)).size).toBe(0);
  });
});

describe('a run', () => {
  it('counts what passes, what fails and what is skipped', () => {
    const lines: string[] = [];
    const tally = new Tally(new Map([['left', 'it is hard']]), (line) => lines.push(line));
    tally.add('good', null);
    tally.add('bad', 'broke');
    tally.add('left', 'broke too');
    expect(tally.end()).toEqual({ passed: 1, failed: 1, skipped: 1 });
    expect(lines).toEqual(['FAILED bad broke', 'skipped left: it is hard']);
  });

  it('fails with a skip that passes, and one of no case', () => {
    const lines: string[] = [];
    const skips = new Map([
      ['mended', 'it was hard'],
      ['gone', 'it was there'],
    ]);
    const tally = new Tally(skips, (line) => lines.push(line));
    tally.add('mended', null);
    expect(tally.end()).toEqual({ passed: 0, failed: 2, skipped: 0 });
    expect(lines.join('\n')).toContain('mended passes, but is skipped because it was hard: remove the skip');
    expect(lines.join('\n')).toContain('gone is skipped because it was there, but is no case: remove the skip');
  });
});
