import { describe, expect, it } from 'vitest';
import { Interrupt } from '../../../src/instrument/sandbox-imports.ts';
import { REENTRY_MS } from '../../../src/runtime/limits.ts';
import { Reentry } from '../../../src/runtime/reentry.ts';
import { Task } from '../../../src/runtime/task.ts';

function task(): Task {
  return new Task({ cpuMs: 1_000, wallMs: 1_000 }, 0, 0);
}

describe('an export that a hostcall enters', () => {
  it('answers, and may throw', () => {
    const reentry = new Reentry();
    expect(reentry.enter((a: number, b: number) => a + b, [1, 2])).toBe(3);
    expect(() => reentry.enter(() => trap(), [])).toThrow('trapped');
    expect(reentry.enter(() => 1, [])).toBe(1);
  });

  it('is none that is missing, and none within another', () => {
    const reentry = new Reentry();
    expect(() => reentry.enter(undefined, [])).toThrow(/exports no function/);
    expect(() => reentry.enter(() => reentry.enter(() => 1, []), [])).toThrow(/would enter the guest/);
  });

  it('may not wait', () => {
    const reentry = new Reentry();
    reentry.refuseWait();
    expect(() => reentry.enter(() => reentry.refuseWait() as undefined, [])).toThrow(/that waits/);
  });

  it('is not put back in the queue, and ends when it takes too long', () => {
    const [reentry, one] = [new Reentry(), task()];
    expect(reentry.goOn(Interrupt.yield, one)).toBe(Interrupt.yield);
    const answers: number[] = [];
    reentry.enter(() => {
      answers.push(
        reentry.goOn(Interrupt.kill, one),
        reentry.goOn(Interrupt.goOn, one),
        reentry.goOn(Interrupt.yield, one),
      );
      const began = performance.now();
      while (performance.now() - began < REENTRY_MS + 1);
      answers.push(reentry.goOn(Interrupt.yield, one));
      return undefined;
    }, []);
    expect(answers).toEqual([Interrupt.kill, Interrupt.goOn, Interrupt.goOn, Interrupt.kill]);
    expect(one.verdict).toBe('cpu_limit');
  });
});

function trap(): never {
  throw new WebAssembly.RuntimeError('trapped');
}
