import { expect, it, vi } from 'vitest';
import { IdleSandboxes, type IdleKeeper } from '../../../src/runtime/idle-sandboxes.ts';
import type { Sandbox } from '../../../src/runtime/sandbox.ts';

class Keeper implements IdleKeeper {
  readonly dropped: Sandbox[] = [];

  drop(sandbox: Sandbox): void {
    this.dropped.push(sandbox);
  }
}

function idle(memoryBytes: number): Sandbox {
  return { memoryBytes } as Sandbox;
}

it('has those dropped that have been idle for longest, whoever keeps them', () => {
  const all = new IdleSandboxes({ sandboxes: 2, bytes: 100 });
  const [first, second] = [new Keeper(), new Keeper()];
  const [a, b, c] = [idle(10), idle(20), idle(30)];
  expect([all.add(a, first), all.add(b, second), all.add(c, second)]).toEqual([true, true, true]);
  expect([first.dropped, second.dropped]).toEqual([[a], []]);
  expect([all.size, all.bytes]).toEqual([2, 50]);
});

it('counts one that was used as idle from when it came back', () => {
  const all = new IdleSandboxes({ sandboxes: 2, bytes: 100 });
  const keeper = new Keeper();
  const [a, b, c] = [idle(1), idle(1), idle(1)];
  all.add(a, keeper);
  all.add(b, keeper);
  all.remove(a);
  all.add(a, keeper);
  all.add(c, keeper);
  expect(keeper.dropped).toEqual([b]);
});

it('makes room by bytes, for as many as it takes, and takes none that is more than all', () => {
  const all = new IdleSandboxes({ sandboxes: 10, bytes: 100 });
  const keeper = new Keeper();
  const [a, b, c] = [idle(40), idle(40), idle(90)];
  all.add(a, keeper);
  all.add(b, keeper);
  expect(all.add(idle(101), keeper)).toBe(false);
  expect(keeper.dropped).toEqual([]);
  expect(all.add(c, keeper)).toBe(true);
  expect([keeper.dropped, all.bytes]).toEqual([[a, b], 90]);
  all.remove(c);
  all.remove(c);
  expect([all.size, all.bytes]).toEqual([0, 0]);
});

it('that may have none takes none', () => {
  const all = new IdleSandboxes({ sandboxes: 0, bytes: 0 });
  expect(all.add(idle(0), new Keeper())).toBe(false);
});

it('has those dropped that came back long ago, no more at once than it is told', () => {
  const all = new IdleSandboxes({ sandboxes: 10, bytes: 100 });
  const keeper = new Keeper();
  const [a, b, c, d] = [idle(1), idle(1), idle(1), idle(1)];
  const clock = vi.spyOn(performance, 'now');
  for (const [at, sandbox] of [a, b, c, d].entries()) {
    clock.mockReturnValue(1_000 + at);
    all.add(sandbox, keeper);
  }
  clock.mockRestore();
  all.sweep(1_002, 2);
  expect(keeper.dropped).toEqual([a, b]);
  all.sweep(1_002, 2);
  expect([keeper.dropped, all.size, all.bytes]).toEqual([[a, b, c], 1, 1]);
  all.sweep(1_003, 2);
  all.sweep(9_999, 2);
  expect([keeper.dropped.length, all.size]).toEqual([4, 0]);
});
