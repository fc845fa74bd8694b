import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parseConfig, usage, type Config } from '../../src/config.ts';
import { KerbError } from '../../src/errors.ts';

function configOf(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Config {
  const asked = parseConfig(argv, env);
  if (asked.kind !== 'run') throw new Error(`asked for ${asked.kind}`);
  return asked.config;
}

function faultsOf(argv: readonly string[], env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    parseConfig(argv, env);
  } catch (error) {
    if (!(error instanceof KerbError)) throw error;
    return [...error.details, ...(error.code === 'bad_config' ? [] : [error.code])];
  }
  throw new Error('accepted');
}

describe('defaults', () => {
  it('serve on loopback, with nothing private allowed', () => {
    expect(configOf([])).toEqual({
      edgePort: 8080,
      controlPort: 8081,
      host: '127.0.0.1',
      tenantsFolder: 'tenants',
      dataFolder: '.kerb',
      threads: Math.min(256, Math.max(1, availableParallelism() - 1)),
      sliceMs: 1,
      memoryTargetMib: expect.any(Number) as number,
      cacheMib: expect.any(Number) as number,
      maxModuleMib: 16,
      allowBackends: [],
      issuersFile: null,
      geoFiles: [],
      accessLog: { kind: 'stdout' },
      logLevel: 'info',
      drainMs: 10_000,
    });
  });

  it('are frozen, lists included', () => {
    const config = configOf(['--allow-backend', '::1']);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.allowBackends)).toBe(true);
    expect(Object.isFrozen(config.allowBackends[0])).toBe(true);
    expect(Object.isFrozen(config.accessLog)).toBe(true);
  });
});

describe('flags', () => {
  it('set every field', () => {
    const line =
      '--edge-port 0 --control-port=9081 --host ::1 --tenants apps --data state --threads 4 --allow-backend 10.0.0.0/8' +
      ' --slice-ms 3 --memory-target 500 --max-module 32 --cache 40 --issuers ci.json --geo city.mmdb --geo asn.mmdb --allow-backend=fd00::/8 --access-log log/access --log-level debug --drain-ms 0';
    expect(configOf(line.split(' '))).toEqual({
      edgePort: 0,
      controlPort: 9081,
      host: '::1',
      tenantsFolder: 'apps',
      dataFolder: 'state',
      threads: 4,
      sliceMs: 3,
      memoryTargetMib: 500,
      cacheMib: 40,
      maxModuleMib: 32,
      allowBackends: [
        { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
        { address: 'fd00::', prefix: 8, family: 'ipv6' },
      ],
      issuersFile: 'ci.json',
      geoFiles: ['city.mmdb', 'asn.mmdb'],
      accessLog: { kind: 'file', path: 'log/access' },
      logLevel: 'debug',
      drainMs: 0,
    });
  });

  it('may be repeated: the last one counts', () => {
    expect(configOf(['--threads', '2', '--threads', '3']).threads).toBe(3);
  });

  it('name the access log by path, - or off', () => {
    expect(configOf(['--access-log', '-']).accessLog).toEqual({ kind: 'stdout' });
    expect(configOf(['--access-log', 'off']).accessLog).toEqual({ kind: 'off' });
    expect(configOf(['--access-log', './off']).accessLog).toEqual({ kind: 'file', path: './off' });
  });

  it('allow both ports to be any free one', () => {
    expect(configOf(['--edge-port=0', '--control-port=0'])).toMatchObject({ edgePort: 0, controlPort: 0 });
  });
});

describe('environment', () => {
  it('stands in for flags that are not given', () => {
    const env = {
      KERB_EDGE_PORT: '1',
      KERB_CONTROL_PORT: '2',
      KERB_TENANTS: 't',
      KERB_LOG_LEVEL: 'warn',
      KERB_DRAIN_MS: '5',
    };
    expect(configOf(['--edge-port', '3'], env)).toMatchObject({
      edgePort: 3,
      controlPort: 2,
      tenantsFolder: 't',
      logLevel: 'warn',
      drainMs: 5,
    });
  });

  it('separates list items by commas, and a flag replaces the whole list', () => {
    const env = { KERB_ALLOW_BACKEND: '10.0.0.1, ::1' };
    expect(configOf([], env).allowBackends.map(({ address }) => address)).toEqual(['10.0.0.1', '::1']);
    expect(configOf(['--allow-backend', '10.0.0.2'], env).allowBackends.map(({ address }) => address)).toEqual([
      '10.0.0.2',
    ]);
  });

  it('counts an empty variable as unset, and ignores other variables', () => {
    expect(configOf([], { KERB_THREADS: '', KERB_TOKEN: 'x', KERB_PORT: 'tcp://10.0.0.1:80' })).toEqual(configOf([]));
  });

  it('is named in its faults', () => {
    expect(faultsOf([], { KERB_EDGE_PORT: 'tcp://10.0.0.1:80' })).toEqual([
      'KERB_EDGE_PORT: "tcp://10.0.0.1:80" is not a port from 0 to 65535; choose one, 0 for any free port',
    ]);
  });

  it('refuses an empty item in a list rather than dropping it', () => {
    expect(faultsOf([], { KERB_ALLOW_BACKEND: '10.0.0.1,' })).toHaveLength(1);
  });
});

describe('faults', () => {
  it('name a flag that was probably meant', () => {
    expect(faultsOf(['--edge-prot', '9080'])).toEqual(['--edge-prot: is an unknown flag; did you mean --edge-port?']);
    expect(faultsOf(['--verbose'])).toEqual(['--verbose: is an unknown flag; --help lists all']);
    expect(faultsOf(['-x'])).toEqual(['-x: is an unknown flag; --help lists all']);
  });

  it('name arguments that are no flag', () => {
    expect(faultsOf(['serve'])).toEqual(['"serve": is not a flag; flags begin with --']);
  });

  it('name a flag without a value instead of taking the next flag for it', () => {
    expect(faultsOf(['--threads', '--host', '::1'])).toEqual(['--threads: has no value; write --threads N']);
    expect(faultsOf(['--data'])).toEqual(['--data: has no value; write --data DIR']);
    expect(faultsOf(['--help=yes'])).toEqual(['--help: takes no value; leave it out']);
  });

  it('come all at once', () => {
    const faults = faultsOf(['--threads=0', '--log-level=loud', '--tenants=', '--nope'], { KERB_HOST: 'a b' });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      '--nope',
      'KERB_HOST',
      '--tenants',
      '--threads',
      '--log-level',
    ]);
  });

  it.each([
    ['--edge-port', ['65536', '-1', '8080x', '1e3', '0x50', ' 80', '٣', '1'.repeat(400)]],
    ['--threads', ['0', '257', '1.5', '']],
    ['--drain-ms', ['600001', 'forever']],
    ['--host', ['', 'a b', '127.1', '999.0.0.1', '-a', 'a..b', 'x'.repeat(254), 'http://a']],
    ['--data', ['', 'a\0b']],
    ['--access-log', ['', 'a\0b']],
    ['--log-level', ['INFO', 'toString']],
    [
      '--allow-backend',
      ['', '10.0.0.0/33', '::/129', '10.0.0/8', '10.0.0.0/', '10.0.0.0/8/8', '127.1', 'fe80::1%eth0', '0.0.0.0/-1'],
    ],
  ])('refuse hostile values of %s', (flag, values) => {
    for (const value of values) {
      const faults = faultsOf([`${flag}=${value}`]);
      expect(faults).toHaveLength(1);
      expect(faults[0]).toMatch(new RegExp(`^${flag}: .*;`));
      expect(faults[0]?.length).toBeLessThan(200);
    }
  });

  it('refuse one port for both listeners', () => {
    expect(faultsOf(['--control-port', '8080'])).toEqual([
      "--control-port: 8080 is the edge's port too; choose another for one of the two",
    ]);
  });

  it('do not hold against names that every object has', () => {
    expect(faultsOf(['--constructor'])).toHaveLength(1);
    expect(faultsOf(['--__proto__=x'])).toHaveLength(1);
  });
});

describe('the command line as a whole', () => {
  /** Words that a mistaken or malicious start script might hold, in any order. */
  const WORDS = [
    '--edge-port',
    '--host',
    '--threads',
    '--',
    '-',
    '-h',
    '--version',
    '--help',
    '--no-host',
    '-abc',
    '',
    '=',
    '--=x',
  ];
  const VALUES = [
    '0',
    '8080',
    '::1',
    'off',
    '\0',
    '--threads=',
    '--allow-backend=::/0',
    '--access-log=-',
    '--edge-port=1=2',
    '…',
  ];

  it('is either usable, or refused with every detail short and with a remedy', () => {
    const words = [...WORDS, ...VALUES];
    let refused = 0;
    for (let seed = 1; seed <= 3_000; seed++) {
      const argv = Array.from(
        { length: seed % 6 },
        (_, place) => words[(seed * 7919 + place * 104_729 * seed) % words.length] ?? '',
      );
      try {
        expect(['run', 'help', 'version']).toContain(parseConfig(argv, {}).kind);
      } catch (error) {
        if (!(error instanceof KerbError)) throw error;
        refused++;
        for (const detail of error.details)
          if (!/^.{1,150};.{3,}$/s.test(detail)) throw new Error(`unhelpful: ${detail}`, { cause: error });
      }
    }
    expect(refused).toBeGreaterThan(500);
    expect(refused).toBeLessThan(3_000);
  });

  it('is not changed by reading it', () => {
    const argv = Object.freeze(['--threads', '2']);
    const env = Object.freeze({ KERB_HOST: '::1' });
    expect(configOf(argv, env)).toMatchObject({ threads: 2, host: '::1' });
  });

  it('may hold a list item that is itself wrong beside good ones', () => {
    const argv = ['--allow-backend', '10.0.0.0/8', '--allow-backend', 'localhost', '--allow-backend', '::1'];
    expect(faultsOf(argv)).toEqual([
      '--allow-backend: "localhost" is not an address range; e.g. 127.0.0.0/8 or fd00::/8',
    ]);
  });

  it('has one fault for a flag that is unknown and its value, but one for each stray word elsewhere', () => {
    expect(faultsOf(['--nope', 'x'])).toHaveLength(1);
    expect(faultsOf(['x', '--nope', 'y', 'z'])).toEqual([
      '"x": is not a flag; flags begin with --',
      '--nope: is an unknown flag; --help lists all',
      '"z": is not a flag; flags begin with --',
    ]);
  });

  it('is refused with the code of a bad configuration and a pointer to the help', () => {
    expect(() => parseConfig(['--nope'], {})).toThrow(
      expect.objectContaining({
        code: 'bad_config',
        message: expect.stringContaining('--help lists every flag') as string,
      }),
    );
  });
});

describe('help and version', () => {
  it('win over everything else', () => {
    expect(parseConfig(['--help', '--nope'], {})).toEqual({ kind: 'help', text: usage() });
    expect(parseConfig(['-h'], {}).kind).toBe('help');
    expect(parseConfig(['--version', '--threads=x'], {})).toEqual({ kind: 'version' });
  });

  it('lists every flag with its variable and default, in lines that fit a terminal', () => {
    const flags = [
      'edge-port',
      'control-port',
      'host',
      'tenants',
      'data',
      'threads',
      'allow-backend',
      'access-log',
      'log-level',
      'drain-ms',
    ];
    for (const flag of flags) {
      expect(usage()).toContain(`--${flag} `);
      expect(usage()).toContain(`[KERB_${flag.replaceAll('-', '_').toUpperCase()}, default `);
    }
    for (const line of usage().split('\n')) expect(line.length).toBeLessThanOrEqual(90);
  });
});
