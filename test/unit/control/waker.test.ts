import { describe, expect, it } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { WAKES_AT_ONCE } from '../../../src/control/limits.ts';
import { Waker } from '../../../src/control/waker.ts';
import { CapacityError } from '../../../src/runtime/refusal.ts';
import { gate, type Gate } from './control-harness.ts';

function tried(wake: (tenant: string) => Promise<void> = () => Promise.resolve()) {
  const [woken, told, reports]: [string[], [number, string, string][], string[]] = [[], [], []];
  const self = {
    admit: (): void => undefined,
    woken,
    told,
    reports,
    waker: new Waker({
      wake: (tenant) => {
        woken.push(tenant);
        return wake(tenant);
      },
      admit: () => self.admit(),
      unwoken: (...of) => told.push(of),
      report: (message) => reports.push(message),
    }),
  };
  return self;
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('a tenant that is asked for', () => {
  it('is woken once, however many threads ask, and again when it has come to rest again', async () => {
    const stop = gate();
    const { waker, woken } = tried(() => stop.passed);
    waker.wake('a', 1);
    waker.wake('a', 1);
    stop.open();
    await settled();
    expect([woken, waker.figures]).toEqual([['a'], { woken: 1, failed: 0 }]);
    waker.wake('a', 2);
    await settled();
    expect(woken).toEqual(['a', 'a']);
  });

  it('waits while as many are woken as may be, and its turn comes in the order of asking', async () => {
    const gates: Gate[] = [];
    const { waker, woken } = tried(() => {
      const stop = gate();
      gates.push(stop);
      return stop.passed;
    });
    const names = Array.from({ length: WAKES_AT_ONCE + 2 }, (_, number) => `t${number}`);
    names.forEach((name, number) => waker.wake(name, number));
    expect(woken).toEqual(names.slice(0, WAKES_AT_ONCE));
    gates[3]?.open();
    await settled();
    expect(woken).toEqual(names.slice(0, WAKES_AT_ONCE + 1));
    for (const stop of gates) stop.open();
    await settled();
    expect(woken).toEqual(names);
  });

  it('that cannot be woken is told of, by every route that was asked by, and to the operator', async () => {
    const { waker, told, reports } = tried(() => Promise.reject(new KerbError('corrupt', 'its module is lost')));
    waker.wake('a', 1);
    waker.wake('a', 2);
    await settled();
    expect(told).toEqual([
      [1, 'internal_error', 'its module is lost'],
      [2, 'internal_error', 'its module is lost'],
    ]);
    expect([reports, waker.figures]).toEqual([['a is not served: its module is lost'], { woken: 0, failed: 1 }]);
  });

  it('is refused as capacity while there is no room for code, and nothing is loaded', async () => {
    const self = tried();
    self.admit = () => {
      throw new CapacityError('code_mib: 9 of at most 9');
    };
    self.waker.wake('a', 1);
    await settled();
    expect([self.told, self.woken, self.reports]).toEqual([[[1, 'capacity', 'code_mib: 9 of at most 9']], [], []]);
  });
});
