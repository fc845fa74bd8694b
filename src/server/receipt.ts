/** What a request cost, as its client may see it: the field `kerb-receipt`. */
import type { Cost } from '../runtime/cost.ts';

/**
 * A dictionary of structured fields (RFC 9651 §3.2): `cpu-us`, CPU time inside the guest; `wait-us`, the time that it waited in
 * hostcalls; `slices`, its turns on the thread; `hostcalls`; `memory-kib`, the peak of its linear memory; `version`, the one that
 * served; `instance`, `fresh` or `reused`.
 */
export function receiptText(
  { cpuMs, waitMs, slices, hostcalls, memoryBytes, instance }: Cost,
  version: string,
): string {
  const counts = {
    'cpu-us': Math.round(cpuMs * 1000),
    'wait-us': Math.round(waitMs * 1000),
    slices,
    hostcalls,
    'memory-kib': memoryBytes / 1024,
  };
  const members = Object.entries(counts).map(([key, count]) => `${key}=${count}`);
  return [...members, `version="${version}"`, `instance=${instance}`].join(', ');
}
