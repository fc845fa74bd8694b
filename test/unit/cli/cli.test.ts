import { describe, expect, it } from 'vitest';
import { EXIT, UsageError, type Command, type CommandEntry, type CommandGroup } from '../../../src/cli/command.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { KerbError } from '../../../src/errors.ts';
import { kerb, keyboard, type Invocation, type Ran } from './kerb.ts';

const ran: unknown[] = [];

function command(name: string, more: Partial<Command> = {}): Command {
  const note: Command['run'] = async ({ positionals, options, json }) => {
    ran.push({ name, positionals, json, loud: options.has('loud'), size: options.text('size') });
    return EXIT.ok;
  };
  const options = {
    loud: { help: 'with noise', short: 'l' },
    size: { value: 'N', help: 'how much', choices: ['1', '2'], repeatable: true as const },
  };
  const positionals = [{ name: 'WHAT', help: 'the thing' }];
  return { name, summary: `does ${name}`, usage: ['One line.'], options, positionals, run: note, ...more };
}

function failing(name: string, error: Error): Command {
  return command(name, { positionals: [], run: async () => Promise.reject(error) });
}

const group: CommandGroup = {
  name: 'box',
  summary: 'boxes',
  subcommands: [command('box open'), command('box close', { positionals: [] })],
};

const entries: CommandEntry[] = [
  command('paint'),
  group,
  command('raw', { options: {}, unread: true, run: async ({ positionals }) => ran.push(positionals) + 6 }),
  failing('refuse', new KerbError('bad_manifest', 'it is bad', ['line 1', 'line 2'])),
  failing('misuse', new UsageError('not so')),
  failing('break', new RangeError('a fault of ours')),
].map((loaded) => ({ name: loaded.name, summary: loaded.summary, load: async () => loaded }));

async function run(line: string, invocation: Invocation = {}): Promise<Ran> {
  ran.length = 0;
  const argv = line.split(' ').filter((word) => word !== '');
  return kerb('http://127.0.0.1:9', argv, { commands: entries, ...invocation });
}

describe('a command line', () => {
  it.each([
    ['paint wall', { name: 'paint', positionals: ['wall'], json: false, loud: false, size: undefined }],
    ['paint -l --size 1 --size=2 wall', { name: 'paint', positionals: ['wall'], json: false, loud: true, size: '2' }],
    ['--json paint wall', { name: 'paint', positionals: ['wall'], json: true, loud: false, size: undefined }],
    ['--control http://x --json paint wall', { name: 'paint', positionals: ['wall'], json: true, loud: false }],
    ['paint -- --json', { name: 'paint', positionals: ['--json'], json: false }],
    ['box open lid', { name: 'box open', positionals: ['lid'] }],
    ['box close', { name: 'box close', positionals: [] }],
  ])('`kerb %s` runs', async (line, expected) => {
    expect((await run(line)).code).toBe(0);
    expect(ran).toEqual([expect.objectContaining(expected)]);
  });

  it.each([
    ['paint', 'WHAT is missing: the thing'],
    ['paint a b', '"b" is one argument too many'],
    ['paint a --lout', '--lout: is an unknown option; did you mean --loud?'],
    ['paint a -z', '-z: is an unknown option'],
    ['paint a --size', '--size: has no value; write --size N'],
    ['paint a --size --loud', '--size: has no value'],
    ['paint a --size 3', '--size: "3" is not one of 1, 2'],
    ['paint a --loud=yes', '--loud: takes no value'],
    ['pain a', '"pain" is no command; did you mean paint?'],
    ['zzz', '"zzz" is no command; kerb help lists all'],
    ['box', 'kerb box needs one of: open, close'],
    ['box opne', '"opne" is no command of kerb box; did you mean open?'],
    ['--nope', '--nope: is an unknown option'],
    ['help zzz', '"zzz" is no command'],
    ['misuse', 'not so'],
  ])('`kerb %s` is refused', async (line, message) => {
    const { code, stdout, stderr } = await run(line);
    expect([code, stdout, ran]).toEqual([2, '', []]);
    expect(stderr).toContain(message);
  });

  it('has all its faults told at once', async () => {
    const { stderr } = await run('paint --lout --size 3');
    expect(stderr).toMatch(/^kerb paint: --lout.*\n {2}--size: "3".*\n {2}WHAT is missing.*\n {2}kerb help paint/);
  });

  it('without a command gets the list of all, as a fault', async () => {
    const { code, stdout, stderr } = await run('');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('paint');
  });

  it('of a command that reads its own arguments is not read', async () => {
    expect((await run('raw --what --json x')).code).toBe(7);
    expect(ran).toEqual([['--what', '--json', 'x']]);
    expect((await run('raw --help')).stdout).toContain('kerb raw: does raw');
  });
});

describe('help and version', () => {
  it.each(['help', '--help', '-h', '--help --json'])('`kerb %s` lists all commands', async (line) => {
    const { code, stdout } = await run(line);
    expect(code).toBe(0);
    for (const { name, summary } of entries) expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'));
  });

  it.each(['help paint', 'paint --help', 'paint --help --nonsense', 'paint -h'])(
    '`kerb %s` explains one',
    async (line) => {
      const { code, stdout } = await run(line);
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /kerb paint WHAT \[OPTION …\]\n\nOne line\.\n[^]*WHAT +the thing\n[^]*--size N +how much \(1, 2\); repeatable\n[^]*--control URL/,
      );
      expect(ran).toEqual([]);
    },
  );

  it('explains groups and what is in them', async () => {
    expect((await run('help box')).stdout).toMatch(/ {2}box open WHAT +does box open/);
    expect((await run('box --help')).stdout).toBe((await run('help box')).stdout);
    expect((await run('help box open')).stdout).toContain('kerb box open: does box open');
    expect((await run('box open --help')).stdout).toBe((await run('help box open')).stdout);
  });

  it('tells the version', async () => {
    expect((await run('--version')).stdout).toBe('kerb 9.9.9\n');
    expect((await run('--version --json')).stdout).toBe('{"version":"9.9.9"}\n');
  });

  it('has a line for every command of kerb that says what the command says', async () => {
    for (const entry of COMMANDS) {
      const loaded = await entry.load();
      expect([loaded.name, loaded.summary]).toEqual([entry.name, entry.summary]);
    }
  });
});

describe('a failure', () => {
  it('is told with every detail, and as a document with --json', async () => {
    expect(await run('refuse')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'kerb refuse: it is bad\n  - line 1\n  - line 2\n',
    });
    const error = { message: 'it is bad', code: 'bad_manifest', status: null, errors: ['line 1', 'line 2'] };
    expect(JSON.parse((await run('refuse --json')).stdout)).toEqual({ error });
    expect(JSON.parse((await run('misuse --json')).stdout)).toMatchObject({ error: { code: 'usage' } });
  });

  it('of the program itself is not hidden', async () => {
    await expect(run('break')).rejects.toThrow('a fault of ours');
  });

  it('to find a server ends with 3', async () => {
    const { code, stderr } = await kerb('http://127.0.0.1:9', ['token', 'whoami']);
    expect(code).toBe(3);
    expect(stderr).toBe(
      'kerb token whoami: no Kerb answers at http://127.0.0.1:9 (ECONNREFUSED); start one with npm start, or name another with --control\n',
    );
  });
});

describe('signals', () => {
  const waiting = (more: Partial<Command>): CommandEntry[] => {
    const told: Command['run'] = async ({ signal }) => {
      press();
      return signal.aborted ? EXIT.ok : 5;
    };
    const loaded = command('wait', { positionals: [], run: told, ...more });
    return [{ name: 'wait', summary: '', load: async () => loaded }];
  };
  let press: () => void = () => undefined;

  it('abort a command, which then ends with 130 whatever it answers', async () => {
    const keys = keyboard();
    press = keys.press;
    expect((await run('wait', { commands: waiting({}), onInterrupt: keys.onInterrupt })).code).toBe(130);
  });

  it('are left to a command that handles them', async () => {
    const keys = keyboard();
    press = keys.press;
    expect((await run('wait', { commands: waiting({ ownsSignals: true }), onInterrupt: keys.onInterrupt })).code).toBe(
      5,
    );
  });
});
