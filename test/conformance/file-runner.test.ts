import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FileRunner } from './file-runner.ts';

const CHILD = `process.on('message', (file) => {
  if (file === 'abort') process.kill(process.pid, 'SIGABRT');
  if (file === 'exit') process.exit(3);
  if (file === 'hang') for (;;);
  process.send(file + ' of ' + process.argv[2]);
});`;

it('outlives a file that brings its process down, whether it aborts, exits or hangs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-runner-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'child.mjs');
  writeFileSync(program, CHILD);
  const failed = (file: string, why: string): string => `${file}: ${why}`;
  const runner = new FileRunner({ program, args: ['this'], fileTimeoutMs: 2_000, failed });
  onTestFinished(() => runner.close());
  expect(await runner.run('abort')).toMatch(/^abort: ended .*SIGABRT/);
  expect(await runner.run('fine')).toBe('fine of this');
  expect(await runner.run('exit')).toContain('exit code 3');
  expect(await runner.run('hang')).toContain('did not end within 2000 ms');
  expect(await runner.run('fine')).toBe('fine of this');
});
