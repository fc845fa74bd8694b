import { describe, expect, it } from 'vitest';
import { bindModule, signaturesOf, suspendingOf, type HostModule } from '../../../src/abi/host-function.ts';

const MODULE: HostModule<{ base: number }> = {
  add: { signature: 'ii->i', bind: (state) => (a: number, b: number) => state.base + a + b },
  none: { signature: '->', bind: () => () => undefined },
  wide: { signature: 'iI->I', bind: () => (_: number, b: bigint) => b },
  later: { signature: 'i->i', suspends: true, bind: () => (a: number) => Promise.resolve(a) },
};

describe('a bound module', () => {
  it('calls with the state that it was bound to', () => {
    const [one, two] = [bindModule(MODULE, { base: 1 }), bindModule(MODULE, { base: 100 })];
    expect(one.get('add')?.call(2, 3)).toBe(6);
    expect(two.get('add')?.call(2, 3)).toBe(105);
  });

  it('knows the parameters, results and waits of each function', () => {
    const bound = bindModule(MODULE, { base: 0 });
    const shapes = [...bound].map(([name, { parameters, results, suspends }]) => [name, parameters, results, suspends]);
    expect(shapes).toEqual([
      ['add', 2, 'i', false],
      ['none', 0, '', false],
      ['wide', 2, 'I', false],
      ['later', 1, 'i', true],
    ]);
  });

  it('binds once, not with each call', () => {
    let binds = 0;
    const counting: HostModule<null> = {
      count: {
        signature: '->i',
        bind: () => {
          binds += 1;
          return () => binds;
        },
      },
    };
    const count = bindModule(counting, null).get('count');
    expect([count?.call(), count?.call()]).toEqual([1, 1]);
  });
});

describe('for admission', () => {
  it('there are the exact signatures', () => {
    expect([...signaturesOf(MODULE)]).toEqual([
      ['add', 'ii->i'],
      ['none', '->'],
      ['wide', 'iI->I'],
      ['later', 'i->i'],
    ]);
  });

  it('there are the names of functions that may wait', () => {
    expect(suspendingOf('m', MODULE)).toEqual(['m.later']);
  });
});
