import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS, SERVER_FLAGS, V8_FLAGS, commandNamed, nodeArguments } from '../../../src/setup/commands.js';
import { ROOT } from '../../../src/setup/places.js';

/** What Node is told for a command, as one line. */
function line(name: string, ...userArguments: string[]): string {
  const command = commandNamed(name);
  if (command === undefined) throw new TypeError(`no command ${name}`);
  return nodeArguments(command, '/kerb', userArguments).join(' ');
}

describe('the table of commands', () => {
  it('is what package.json offers, each by a launcher that takes the place of the shell and so gets its signals', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const expected = Object.keys(COMMANDS).map((name) => [name, `exec node src/setup/launch.js ${name}`]);
    expect(scripts).toEqual(Object.fromEntries(expected));
  });

  it('starts the server with permission for loopback, then the arguments of the user', () => {
    expect(line('start', '--edge-port', '9080')).toBe(
      `${SERVER_FLAGS.join(' ')} /kerb/src/main.ts serve --allow-backend 127.0.0.0/8 --allow-backend ::1/128 --edge-port 9080`,
    );
  });

  it('gives no permission of its own to the bare program', () => {
    expect(line('kerb', 'serve')).toBe(`${SERVER_FLAGS.join(' ')} /kerb/src/main.ts serve`);
  });

  it('keeps an argument with spaces in one piece', () => {
    const command = commandNamed('test');
    expect(command && nodeArguments(command, '/kerb', ['-t', 'two words'])).toEqual([
      '/kerb/src/setup/gates.ts',
      'test',
      '-t',
      'two words',
    ]);
  });

  it.each([undefined, '', 'unknown', 'toString', '__proto__', 'constructor'])('has no command %j', (name) => {
    expect(commandNamed(name)).toBeUndefined();
  });
});

describe('the flags', () => {
  it('are in force in the workers of the test runner', () => {
    expect(process.execArgv).toEqual(expect.arrayContaining([...V8_FLAGS]));
  });

  it('make a text unusable as code, in threads as well', () => {
    const attempt = "try { new Function('return 1')(); console.log('ran'); } catch { console.log('refused'); }";
    const script = `${attempt}; new (require('worker_threads').Worker)(${JSON.stringify(attempt)}, { eval: true })`;
    const { stdout } = spawnSync(process.execPath, [...V8_FLAGS, '--eval', script], { encoding: 'utf8' });
    expect(stdout).toBe('refused\nrefused\n');
  });

  it('leave WebAssembly usable', () => {
    expect(new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).toBeInstanceOf(WebAssembly.Module);
  });
});
