import { describe, expect, it } from 'vitest';
import { parseBenchOptions, STANDARD, usage } from '../../../bench/options.ts';

const KNOWN = ['first', 'second', 'third'];
const parse = (...argv: string[]): ReturnType<typeof parseBenchOptions> => parseBenchOptions(argv, KNOWN);
const faultOf = (...argv: string[]): string => {
  const invocation = parse(...argv);
  return invocation.kind === 'fault' ? invocation.message : `no fault: ${invocation.kind}`;
};

describe('parseBenchOptions', () => {
  it('runs everything, often enough, without touching the README', () => {
    const { rounds, seconds, minutes, warmUp: warmUpSeconds } = STANDARD.full;
    const options = { names: KNOWN, rounds, seconds, warmUpSeconds, minutes, scale: 'full', readme: 'keep' };
    expect(parse()).toEqual({ kind: 'run', options });
    expect(rounds).toBeGreaterThanOrEqual(7);
  });

  it('runs what is named, each once, in the fixed order', () => {
    expect(parse('third', 'first', 'third')).toMatchObject({ options: { names: ['first', 'third'] } });
  });

  it('takes rounds and seconds, also over those of --quick', () => {
    expect(parse('--rounds', '9', '--seconds=3')).toMatchObject({ options: { rounds: 9, seconds: 3, scale: 'full' } });
    expect(parse('--quick', '--rounds', '5')).toMatchObject({ options: { rounds: 5, seconds: 1, scale: 'quick' } });
  });

  it('takes the minutes of a long one', () => {
    expect(parse('--minutes', '5')).toMatchObject({ options: { minutes: 5 } });
    expect(parse('--quick')).toMatchObject({ options: { minutes: 1 } });
    expect(faultOf('--minutes', '0')).toContain('--minutes takes a whole number from 1');
  });

  it('runs what is apart only when it is named', () => {
    const apart = (...argv: string[]): unknown => parseBenchOptions(argv, KNOWN, ['second']);
    expect(apart()).toMatchObject({ options: { names: ['first', 'third'] } });
    expect(apart('second')).toMatchObject({ options: { names: ['second'] } });
    expect(usage(KNOWN, ['second'])).toContain('all but second when none is given');
  });

  it('writes the README when asked', () => {
    expect(parse('--write-readme')).toMatchObject({ options: { readme: 'write' } });
  });

  it('does not put what a quick run measured into the README', () => {
    expect(faultOf('--write-readme', '--quick')).toContain('takes a whole run');
    expect(parse('--write-readme', 'first')).toMatchObject({ options: { names: ['first'], readme: 'write' } });
  });

  it.each([['--help'], ['-h'], ['first', '--help']])('helps with %s', (...argv) => {
    expect(parse(...argv)).toEqual({ kind: 'help' });
  });

  it('names what there is when something else is asked for', () => {
    expect(faultOf('fourth')).toContain('there is no benchmark "fourth"; there are first, second, third');
  });

  it.each(['0', '-1', '1.5', 'many', '', '1e3', '1001'])('refuses %j rounds', (rounds) => {
    expect(faultOf(`--rounds=${rounds}`)).toContain('--rounds takes a whole number from 1 to 1000');
  });

  it('refuses unknown flags and flags without their value', () => {
    expect(faultOf('--fast')).toContain('--fast');
    expect(faultOf('--rounds')).toContain('--rounds');
  });
});

describe('usage', () => {
  it('lists every benchmark and flag', () => {
    for (const word of [...KNOWN, '--rounds', '--seconds', '--quick', '--write-readme'])
      expect(usage(KNOWN)).toContain(word);
  });
});
