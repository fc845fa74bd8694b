import { describe, expect, it } from 'vitest';
import { MODES } from './corpus.ts';
import { parseFuzzOptions, USAGE } from './options.ts';

describe('the command line of the fuzzer', () => {
  it('runs every mode for a minute without arguments', () => {
    expect(parseFuzzOptions([])).toEqual({
      kind: 'run',
      options: { seed: 1, until: { seconds: 60 }, modes: MODES, findings: '.kerb/fuzz' },
    });
  });

  it('takes a seed, an end, modes and a folder', () => {
    const argv = ['--seed', '7', '--count', '20', '--only', 'mutate', '--only', 'generate', '--findings', 'there'];
    expect(parseFuzzOptions(argv)).toEqual({
      kind: 'run',
      options: { seed: 7, until: { count: 20 }, modes: ['generate', 'mutate'], findings: 'there' },
    });
    expect(parseFuzzOptions(['--seconds', '3'])).toMatchObject({ options: { until: { seconds: 3 } } });
  });

  it('explains itself', () => {
    expect(parseFuzzOptions(['--help'])).toEqual({ kind: 'help' });
    for (const mode of MODES) expect(USAGE).toContain(`  ${mode} `);
  });

  it.each([
    [['--seconds', '3', '--count', '3'], /not both/],
    [['--only', 'luck'], /"luck".*generate/],
    [['--seed', '-1'], /--seed/],
    [['--seed', '0'], /whole number from 1/],
    [['--count', '1.5'], /"1.5"/],
    [['--seconds', 'x'], /--seconds/],
    [['--speed', '3'], /--speed/],
    [['mutate'], /mutate/],
  ])('refuses %j and says why', (argv, says) => {
    const invocation = parseFuzzOptions(argv);
    expect(invocation.kind).toBe('fault');
    expect(invocation).toMatchObject({ message: expect.stringMatching(says) as string });
  });
});
