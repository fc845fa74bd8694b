/** Exports that are entered from within a hostcall: some ABIs have their guests allocate what the host hands over. */
import { GuestFault } from '../abi/guest-fault.ts';
import type { Scalar } from '../abi/host-function.ts';
import { Interrupt } from '../instrument/sandbox-imports.ts';
import { REENTRY_MS } from './limits.ts';
import type { Task } from './task.ts';

/** One sandbox's. There are frames of the host on the stack meanwhile, so that the guest can neither sleep nor be put back in the queue. */
export class Reentry {
  /** On the clock of `performance.now()`; `null`: no hostcall has entered the guest. */
  #sinceMs: number | null = null;

  /** Enters an export. Throws {@link GuestFault} when it is no function or when a hostcall that is made in one would enter another. */
  enter(exported: unknown, args: readonly Scalar[]): Scalar | undefined {
    if (typeof exported !== 'function') throw new GuestFault('the guest exports no function that the host needs here');
    if (this.#sinceMs !== null) throw new GuestFault('a hostcall that would enter the guest, made by what it entered');
    this.#sinceMs = performance.now();
    try {
      return (exported as (...args: readonly Scalar[]) => Scalar | undefined)(...args);
    } finally {
      this.#sinceMs = null;
    }
  }

  /** Throws {@link GuestFault} while the guest cannot sleep. */
  refuseWait(): void {
    if (this.#sinceMs !== null) throw new GuestFault('a hostcall that waits, made in an export that may not');
  }

  /** What an epoch check answers in place of `answer`: to be put back in the queue is no choice here. */
  goOn(answer: number, task: Task): number {
    if (this.#sinceMs === null || answer !== Interrupt.yield) return answer;
    if (performance.now() - this.#sinceMs < REENTRY_MS) return Interrupt.goOn;
    task.condemn('cpu_limit');
    return Interrupt.kill;
  }
}
