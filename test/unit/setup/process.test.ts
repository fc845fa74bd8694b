import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { runChild } from '../../../src/setup/process.js';

const MODULE = JSON.stringify(new URL('../../../src/setup/process.js', import.meta.url).href);

/** A Node that evaluates a module, with its standard output. */
function startNode(source: string): { child: ReturnType<typeof spawn>; output: Promise<string> } {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, output: text(child.stdout) };
}

describe('runChild', () => {
  const run = (source: string): Promise<number> => runChild(process.execPath, ['--eval', source], process.env);

  it('gives the exit code', async () => {
    expect(await run('')).toBe(0);
    expect(await run('process.exit(7)')).toBe(7);
  });

  it('gives 128 and the number of the signal that ended it', async () => {
    expect(await run("process.kill(process.pid, 'SIGKILL')")).toBe(128 + 9);
  });

  it('rejects a program that does not exist', async () => {
    await expect(runChild('/nowhere/program', [], process.env)).rejects.toThrow('ENOENT');
  });

  it('leaves no signal handlers behind', async () => {
    const before = process.listenerCount('SIGTERM');
    await run('');
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('passes %s on and ends as the child ends', async (signal) => {
    const grandchild = `process.on('${signal}', () => process.exit(5)); setInterval(() => {}, 1000); console.log('up')`;
    const source = `import { runChild } from ${MODULE};
      process.exitCode = await runChild(process.execPath, ['--eval', ${JSON.stringify(grandchild)}], process.env);`;
    const { child } = startNode(source);
    await once(child.stdout ?? child, 'data');
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([5, null]);
  });
});

describe('becomeProgram', () => {
  const script = 'console.log(process.pid, process.argv.slice(1).join(), process.env.WORD); process.exitCode = 6';
  const source = (before: string): string => `import { becomeProgram } from ${MODULE};
    ${before}
    await becomeProgram(process.execPath, ['--eval', ${JSON.stringify(script)}, 'a b', 'c'], { WORD: 'w', NONE: undefined });`;

  it('keeps the process, and hands over arguments, environment and exit code', async () => {
    const { child, output } = startNode(source(''));
    expect(await once(child, 'exit')).toEqual([6, null]);
    expect(await output).toBe(`${child.pid} a b,c w\n`);
  });

  it('does the same with a child where Node has no execve', async () => {
    const { child, output } = startNode(source('process.execve = undefined;'));
    expect(await once(child, 'exit')).toEqual([6, null]);
    expect(await output).toMatch(/^\d+ a b,c w\n$/);
  });
});
