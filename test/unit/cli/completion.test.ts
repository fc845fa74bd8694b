import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { kerb } from './kerb.ts';

async function script(shell: string): Promise<string> {
  const { code, stdout } = await kerb('http://127.0.0.1:9', ['completion', shell]);
  expect(code).toBe(0);
  return stdout;
}

/** What bash offers for the last of `words`. */
async function offered(...words: string[]): Promise<string[]> {
  const lines = [
    await script('bash'),
    `COMP_WORDS=(${['kerb', ...words].map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`,
    'complete() { :; }; _kerb; printf "%s\\n" "${COMPREPLY[@]}"',
  ];
  const text = execFileSync('bash', ['--norc', '-c', lines.join('\n')], { encoding: 'utf8', cwd: '/proc/self/fdinfo' });
  return text.split('\n').filter((word) => word !== '');
}

describe('completion in bash', () => {
  it('offers commands', async () => {
    expect(await offered('dep')).toEqual(['deploy']);
    expect(await offered('')).toEqual(expect.arrayContaining(['deploy', 'secret', 'help', 'completion']));
  });

  it('offers the commands of a group, options, and their values', async () => {
    expect(await offered('secret', '')).toEqual(['put', 'delete', 'list']);
    expect(await offered('secret', 'put', 'hello', '--fi')).toEqual(['--file']);
    expect(await offered('deploy', '.', '--no-')).toEqual(['--no-activate']);
    expect(await offered('token', 'create', 'ci', '--scope', '')).toEqual(['operator', 'tenant:deploy', 'tenant:read']);
    expect(await offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
    expect(await offered('help', 'cana')).toEqual(['canary']);
  });

  it('does not confuse commands that begin alike', async () => {
    expect(await offered('tenants', '')).not.toContain('create');
  });
});

describe('completion', () => {
  it.each(['zsh', 'fish'])('for %s names every command and option', async (shell) => {
    const text = await script(shell);
    for (const word of ['deploy', 'secret put', 'no-activate', 'tenant:deploy']) expect(text).toContain(word);
  });

  it('has help in fish, with quotes that end', async () => {
    const lines = (await script('fish')).split('\n').filter((line) => line.startsWith('complete '));
    expect(lines.length).toBeGreaterThan(100);
    for (const line of lines) expect((line.replaceAll("'\\''", '').match(/'/g)?.length ?? 0) % 2).toBe(0);
    expect(lines).toContainEqual(
      expect.stringMatching(/-n '__kerb_at token create' -l scope .* -x -a 'operator tenant:deploy tenant:read'$/),
    );
  });

  it('is not made for other shells', async () => {
    const { code, stderr } = await kerb('http://127.0.0.1:9', ['completion', 'cmd']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('SHELL: "cmd" is not one of bash, zsh, fish')]);
  });
});
