/** Runs the `vm` peer in a process of its own, which is killed if its loop cannot be stopped. */
import { Started } from './processes.ts';
import { BUDGETS_MS } from './runaway-cases.ts';
import { ROOT } from './servers/server.ts';
import type { VmTimeouts } from './vm-timeout-program.ts';

const CALLS = 2_000;

/** Measures it. Rejects when it does not end within a minute: then a `vm` timeout does not stop this loop. */
export async function measureVmTimeouts(samples: number): Promise<VmTimeouts> {
  const numbers = [samples, CALLS, ...BUDGETS_MS].map(String);
  const peer = new Started({ program: process.execPath, args: [`${ROOT}bench/vm-timeout-program.ts`, ...numbers] });
  try {
    return JSON.parse(await peer.until((said) => /^(\{.*\})\n/m.exec(said)?.[1] ?? null)) as VmTimeouts;
  } finally {
    peer.kill();
  }
}
