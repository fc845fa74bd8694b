/** Whether a canary has to go. Pure. */

/** Figures of one of the two versions since the canary began. */
export interface Watched {
  readonly requests: number;
  /** Requests that ended by the guest's own fault. */
  readonly guestFaults: number;
  readonly cpuUs: number;
}

/** Requests of each version before their costs are compared: the first ones pay for cold code. */
export const LEAST_COMPARED = 50;

/** A request that costs less than this, in microseconds, is no reason, however many times the other's it is. */
export const LEAST_COST_US = 100;

/** By how much the share of failing requests may be above that of the active version. */
export const FAULT_MARGIN = 0.01;

/** Why the canary has to be taken back; `null`: it may stay. */
export function canaryFault(canary: Watched, active: Watched, maxCostFactor: number): string | null {
  const [faults, usual] = [shareOf(canary), shareOf(active)];
  if (canary.guestFaults > 0 && faults > usual + FAULT_MARGIN) {
    return `${canary.guestFaults} of its ${canary.requests} requests failed, of the active version's ${active.guestFaults} of ${active.requests}`;
  }
  if (canary.requests < LEAST_COMPARED || active.requests < LEAST_COMPARED) return null;
  const [cost, standard] = [canary.cpuUs / canary.requests, active.cpuUs / active.requests];
  if (cost < LEAST_COST_US || cost <= standard * maxCostFactor) return null;
  return `a request of it costs ${cost.toFixed(0)} us of CPU, one of the active version ${standard.toFixed(0)}, and ${maxCostFactor} times that is allowed`;
}

function shareOf({ requests, guestFaults }: Watched): number {
  return requests === 0 ? 0 : guestFaults / requests;
}
