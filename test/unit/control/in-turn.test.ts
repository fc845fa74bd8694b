import { describe, expect, it } from 'vitest';
import { InTurn } from '../../../src/control/in-turn.ts';
import { gate } from './control-harness.ts';

describe('work in turn', () => {
  it('of one key is done in the order in which it came, never two at once', async () => {
    const turns = new InTurn();
    const said: string[] = [];
    const first = gate();
    const work = (name: string, until: Promise<void>) => async (): Promise<string> => {
      said.push(`${name} begins`);
      await until;
      said.push(`${name} ends`);
      return name;
    };
    const all = [
      turns.run('k', work('a', first.passed)),
      turns.run('k', work('b', Promise.resolve())),
      turns.run('k', work('c', Promise.resolve())),
    ];
    await turns.run('other', () => Promise.resolve(said.push('other')));
    expect(said).toEqual(['a begins', 'other']);
    first.open();
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c']);
    expect(said.slice(2)).toEqual(['a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('goes on after work that fails, which only its own asker hears of', async () => {
    const turns = new InTurn();
    const failing = turns.run('k', () => Promise.reject(new Error('mine')));
    const throwing = turns.run('k', () => {
      throw new TypeError('at once');
    });
    const fine = turns.run('k', () => Promise.resolve(1));
    await expect(failing).rejects.toThrow('mine');
    await expect(throwing).rejects.toThrow('at once');
    expect(await fine).toBe(1);
  });

  it.each(['__proto__', 'constructor', ''])('has %j as a key like any other', async (key) => {
    const turns = new InTurn();
    const stop = gate();
    const before = turns.run(key, () => stop.passed.then(() => 'before'));
    const after = turns.run(key, () => Promise.resolve('after'));
    const winner = Promise.race([after, turns.run('x', () => Promise.resolve('x'))]);
    expect(await winner).toBe('x');
    stop.open();
    expect([await before, await after]).toEqual(['before', 'after']);
  });
});

describe('work of two keys', () => {
  it('waits for both, holds both, and never waits for work that waits for it', async () => {
    const turns = new InTurn();
    const said: string[] = [];
    const stop = gate();
    const note = (name: string) => () => Promise.resolve(void said.push(name));
    const held = turns.run('b', () => stop.passed);
    const all = [
      held,
      turns.runAll(['a', 'b'], note('ab')),
      turns.runAll(['b', 'a'], note('ba')),
      turns.run('a', note('a')),
    ];
    await turns.run('c', note('c'));
    expect(said).toEqual(['c']);
    stop.open();
    await Promise.all(all);
    expect(said).toEqual(['c', 'ab', 'ba', 'a']);
  });

  it('is done when what was before it fails', async () => {
    const turns = new InTurn();
    const failing = turns.run('a', () => Promise.reject(new Error('mine')));
    failing.catch(() => undefined);
    expect(await turns.runAll(['a', 'b'], () => Promise.resolve(1))).toBe(1);
  });
});
