/** What requests cost. */

/** What a request cost. */
export interface Cost {
  /** Calls of host functions. */
  readonly hostcalls: number;
  /** Time that the guest waited in them. */
  readonly waitMs: number;
  /** Turns on the thread that it took. */
  readonly slices: number;
  /** CPU time inside the guest. */
  readonly cpuMs: number;
  /** Linear memory at the end, which is its peak: it never shrinks. */
  readonly memoryBytes: number;
  /** Whether the instance had served a request before. */
  readonly instance: 'fresh' | 'reused' | 'none';
}

/** A request that reached no guest. */
export const NO_COST: Cost = { cpuMs: 0, waitMs: 0, slices: 0, hostcalls: 0, memoryBytes: 0, instance: 'none' };

/** The cost of two guests for one request. Waits of one in front contain those of one behind. */
export function addCost(left: Cost, right: Cost): Cost {
  return {
    cpuMs: left.cpuMs + right.cpuMs,
    waitMs: Math.max(left.waitMs, right.waitMs),
    slices: left.slices + right.slices,
    hostcalls: left.hostcalls + right.hostcalls,
    memoryBytes: left.memoryBytes + right.memoryBytes,
    instance: left.instance === 'fresh' ? 'fresh' : right.instance,
  };
}
