import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/command.ts';
import { connectionOf } from '../../../src/cli/connection.ts';
import { parseCommandLine } from '../../../src/cli/options.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'kerb-cli-'));
  await mkdir(join(cwd, '.kerb'));
  await mkdir(join(cwd, 'other'));
  await writeFile(join(cwd, '.kerb', 'operator.token'), 'local\n');
  await writeFile(join(cwd, 'other', 'operator.token'), 'other');
  await writeFile(join(cwd, 'mine'), ' mine \n');
  await writeFile(join(cwd, 'bad'), 'two words');
});

afterEach(async () => rm(cwd, { recursive: true }));

function connection(line: string, env: Record<string, string> = {}): ReturnType<typeof connectionOf> {
  const argv = line.split(' ').filter((word) => word !== '');
  const { options } = parseCommandLine({ options: {}, positionals: [] }, argv);
  return connectionOf({ options, env, cwd, signal: new AbortController().signal });
}

describe('the address', () => {
  it('is that of the option, of the environment, or of a server on this machine', () => {
    expect(connection('').base).toBe('http://127.0.0.1:8081');
    expect(connection('', { KERB_CONTROL_URL: 'https://edge.example/admin/' }).base).toBe('https://edge.example/admin');
    expect(connection('--control http://[::1]:9/', { KERB_CONTROL_URL: 'x' }).base).toBe('http://[::1]:9');
    expect(connection('', { KERB_CONTROL_URL: '' }).base).toBe('http://127.0.0.1:8081');
  });

  it.each([
    'localhost:8081',
    'ftp://a',
    'http://u:p@a',
    'http://a?x',
    'http://a#x',
    'file:///etc',
    'http://',
    'http:a',
  ])('is not %s', (url) => {
    expect(() => connection(`--control ${url}`)).toThrow(UsageError);
    expect(() => connection('', { KERB_CONTROL_URL: url })).toThrow(/KERB_CONTROL_URL/);
  });
});

describe('the token', () => {
  it.each([
    ['--token-file mine', { KERB_TOKEN: 'env' }, 'mine', '--token-file mine'],
    ['', { KERB_TOKEN: 'env' }, 'env', 'KERB_TOKEN'],
    ['', { KERB_TOKEN: '' }, 'local', '.kerb/operator.token'],
    ['', { KERB_DATA: 'other' }, 'other', 'other/operator.token'],
    ['--data other', {}, 'other', 'other/operator.token'],
    ['--control http://localhost:1', {}, 'local', '.kerb/operator.token'],
    ['--control http://edge.example --data other', {}, 'other', 'other/operator.token'],
  ])('with `%s` and %j is %s', (line, env, token, from) => {
    const found = connection(line, env);
    expect(found.token).toBe(token);
    expect(found.tokenRemedy).toContain(`that of ${from}`);
  });

  it('of the local server is not sent to other machines', () => {
    for (const host of ['edge.example', '10.0.0.1', '127.0.0.1.example.com', '[::2]']) {
      expect(connection(`--control http://${host}`).token).toBeNull();
    }
  });

  it('that is not found leaves word of where it was looked for', () => {
    const { token, tokenRemedy } = connection('--data nowhere');
    expect(token).toBeNull();
    expect(tokenRemedy).toMatch(/--token-file.*KERB_TOKEN.*nowhere\/operator\.token is not there/);
  });

  it('must be one, and is never in a message', () => {
    expect(() => connection('--token-file bad')).toThrow(UsageError);
    expect(() => connection('--token-file bad')).not.toThrow(/two/);
    expect(() => connection('', { KERB_TOKEN: 'a\r\nx: y' })).toThrow(UsageError);
    expect(() => connection('--token-file nowhere')).toThrow(/cannot be read \(ENOENT\)/);
  });
});
