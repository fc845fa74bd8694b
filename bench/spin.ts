/** The guest that computes for as long as it is told, and how many of its steps take a millisecond here. */
import { readFileSync } from 'node:fs';
import { ROOT } from './servers/server.ts';

/** Its module; the path of a request to it is the count of its steps. */
export const SPIN_MODULE = `${ROOT}bench/guests/spin.wasm`;

/** More steps than any budget lasts for: seconds of them, and still a number that fits the guest. */
const ENDLESS_STEPS = 2_000_000_000;

/** Steps of one timed call; calls in which V8 optimises; calls that are timed. */
const CALIBRATION = { steps: 1_000_000, warmUps: 20, calls: 31 } as const;

/** Steps in a millisecond of CPU on this machine: by the quickest call, the one that nothing disturbed. */
export function stepsPerMs(): number {
  const unused = { http_handler: { get_uri: () => 0, write_body: () => undefined } };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(SPIN_MODULE)), unused);
  const spin = instance.exports['spin'] as (steps: number) => void;
  const callMs = (): number => {
    const start = performance.now();
    spin(CALIBRATION.steps);
    return performance.now() - start;
  };
  for (let call = 0; call < CALIBRATION.warmUps; call++) callMs();
  return CALIBRATION.steps / Math.min(...Array.from({ length: CALIBRATION.calls }, callMs));
}

/** The path of a request that computes for `ms` milliseconds. */
export function spinPath(ms: number, perMs: number): string {
  return `/${Math.max(1, Math.round(ms * perMs))}`;
}

/** The path of a request that its budget has to end. */
export const ENDLESS_PATH = `/${ENDLESS_STEPS}`;
