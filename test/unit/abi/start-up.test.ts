import { describe, expect, it } from 'vitest';
import { ABIS } from '../../../src/abi/detect.ts';
import { GuestExit } from '../../../src/abi/guest-fault.ts';
import { startExports } from '../../../src/abi/proxy-wasm/guest.ts';
import { runStartUp } from '../../../src/abi/start-up.ts';

describe('start-up code', () => {
  it('runs in order, with what each is called with', async () => {
    const calls: unknown[] = [];
    const enter = async (...call: unknown[]): Promise<void> => void calls.push(call);
    await runStartUp(enter, ['a', 'main'], (name) => (name === 'main' ? [0, 0] : []));
    expect(calls).toEqual([['a'], ['main', 0, 0]]);
  });

  it('goes on after an orderly exit, and ends with any other end', async () => {
    const ended: string[] = [];
    const exiting = (status: number) => async (name: string) => {
      ended.push(name);
      throw new GuestExit(status);
    };
    await runStartUp(exiting(0), ['a', 'b']);
    await expect(runStartUp(exiting(1), ['c', 'd'])).rejects.toThrow('status 1');
    expect(ended).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['wasi-cgi', ['_start'], false],
    ['wasi-cgi', ['_start', '_initialize'], false],
    ['wasi-cgi', ['_start', 'wizer.initialize'], true],
    ['proxy-wasm', ['proxy_on_tick', 'main'], false],
    ['proxy-wasm', ['_start'], true],
    ['proxy-wasm', ['wizer.initialize'], true],
  ] as const)('of %s is there with %j: %j', (abi, exports, initialises) => {
    expect(ABIS.get(abi)?.initialises(new Set(exports))).toBe(initialises);
  });

  it.each([
    ['a reactor', ['main', '_start', 'wizer.initialize', '_initialize'], ['_initialize', 'wizer.initialize', 'main']],
    ['a program that lives on', ['_start', 'main', 'wizer.initialize'], ['wizer.initialize', '_start']],
    ['neither', ['main'], []],
  ])('of a filter that is %s', (_, exports, names) => {
    expect(startExports(new Set(exports))).toEqual(names);
  });
});
