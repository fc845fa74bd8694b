import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SpareStacks } from '../../../src/runtime/spare-stacks.ts';
import { assemble } from '../../wat.ts';

/** Guests at once: more stacks than V8 keeps. */
const WIDTH = 60;
const WAVES = 40;
/** Megabytes that the waves would leave behind: 0.29 for each stack that V8 frees, which keeps 13 of each wave. */
const LEAKED_MB = WAVES * (WIDTH - 13) * 0.29;

/** A guest that waits in its only hostcall until it is let go on. */
class WaitingGuest {
  readonly goOn: (() => void)[] = [];
  readonly enter: () => Promise<unknown>;

  constructor() {
    const wait = new WebAssembly.Suspending(() => new Promise<void>((resolve) => void this.goOn.push(resolve)));
    const text = '(module (import "" "wait" (func $wait)) (func (export "run") (call $wait)))';
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(text)), { '': { wait } });
    this.enter = WebAssembly.promising(exports['run']) as () => Promise<unknown>;
  }
}

/** Many guests wait at once, and then none does. */
async function wave(stacks: SpareStacks): Promise<void> {
  const guest = new WaitingGuest();
  const running = Array.from({ length: WIDTH }, async () => {
    const room = stacks.room();
    if (room !== undefined) await room;
    const run = guest.enter();
    stacks.took();
    return run.then(() => stacks.gave());
  });
  while (guest.goOn.length < WIDTH) await turn();
  for (const goOn of guest.goOn) {
    goOn();
    await turn();
  }
  await Promise.all(running);
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function addressSpaceMb(): number {
  return Number(/^VmSize:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}

describe('spare stacks', () => {
  it('are kept: guests that waited leave no address space behind, however often they come and go', async () => {
    const stacks = new SpareStacks();
    for (let warm = 0; warm < 3; warm++) await wave(stacks);
    const [before, parked] = [addressSpaceMb(), stacks.parked];
    for (let again = 0; again < WAVES; again++) await wave(stacks);
    expect(stacks.parked).toBe(parked);
    expect(addressSpaceMb() - before).toBeLessThan(LEAKED_MB / 4);
  });

  it('are parked beyond those that V8 keeps, and used again before new ones', async () => {
    const stacks = new SpareStacks();
    expect(stacks.room()).toBeUndefined();
    for (let ended = 0; ended < 10; ended++) stacks.gave();
    expect(stacks.parked).toBe(2);
    for (let waiting = 0; waiting < 8; waiting++) stacks.took();
    await stacks.room();
    expect(stacks.parked).toBe(1);
    expect(stacks.room()).toBeUndefined();
    stacks.took();
    await Promise.all([stacks.room(), stacks.room()]);
    expect([stacks.parked, stacks.room()]).toEqual([0, undefined]);
  });
});
