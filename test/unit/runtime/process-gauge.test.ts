import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  DEFAULT_MAX_DESCRIPTORS,
  MAX_SOCKETS,
  MEMORY_CEILING_FACTOR,
  NEAR_TARGET_SHARE,
  RELIEF_PAUSE_MS,
} from '../../../src/runtime/limits.ts';
import type { ProcessBudgets } from '../../../src/runtime/process-budgets.ts';
import {
  ceilingsFor,
  pageTableMib,
  ProcessGauge,
  readMappings,
  readMaxDescriptors,
  THIS_PROCESS,
  type Mappings,
  type Pressure,
} from '../../../src/runtime/process-gauge.ts';
import { processBudgets } from './harness.ts';

const MIB = 1024 * 1024;
const TARGET = 800;

let gauge: ProcessGauge | null = null;
afterEach(() => {
  gauge?.close();
  gauge = null;
});

interface Bench {
  readonly gauge: ProcessGauge;
  readonly budgets: ProcessBudgets;
  readonly said: Pressure[];
  /** Bytes over the share of the target that is near it. */
  readonly near: number[];
  residentMib: number;
  mappings: Mappings | Error;
}

/** A gauge over figures that a test sets. */
function bench(): Bench {
  const budgets = processBudgets(ceilingsFor(TARGET));
  const said: Pressure[] = [];
  const near: number[] = [];
  const figures = { residentMib: 0, mappings: { count: 0, codeBytes: 0 } as Mappings | Error };
  gauge = new ProcessGauge({
    budgets,
    memoryTargetMib: TARGET,
    onPressure: (pressure) => void said.push(pressure),
    onNear: (bytes) => void near.push(bytes),
    readings: {
      residentBytes: () => figures.residentMib * MIB,
      mappings: () =>
        figures.mappings instanceof Error ? Promise.reject(figures.mappings) : Promise.resolve(figures.mappings),
    },
  });
  return Object.assign(figures, { gauge, budgets, said, near });
}

describe('resident memory', () => {
  it('near the target is told at each look, before there is pressure', () => {
    const own = bench();
    own.residentMib = TARGET * NEAR_TARGET_SHARE;
    own.gauge.lookAtMemory(0);
    own.residentMib += 5;
    own.gauge.lookAtMemory(100);
    own.gauge.lookAtMemory(200);
    expect([own.near, own.said]).toEqual([[5 * MIB, 5 * MIB], []]);
  });

  it('below the target is noted, and nobody is told', () => {
    const own = bench();
    own.residentMib = 799.5;
    own.gauge.lookAtMemory(0);
    expect([own.budgets.read('resident_mib').used, own.said]).toEqual([800, []]);
  });

  it('above the target shrinks, above the ceiling ends requests; both with the bytes above the target', () => {
    const own = bench();
    own.residentMib = TARGET + 10;
    own.gauge.lookAtMemory(0);
    own.residentMib = TARGET * MEMORY_CEILING_FACTOR + 1;
    own.gauge.lookAtMemory(RELIEF_PAUSE_MS);
    expect(own.said).toEqual([
      { bytes: 10 * MIB, measure: 'shrink' },
      { bytes: (TARGET * (MEMORY_CEILING_FACTOR - 1) + 1) * MIB, measure: 'end' },
    ]);
    expect(own.budgets.over('resident_mib')).toBeGreaterThanOrEqual(0);
  });

  it('is reported again only after what was dropped could be collected', () => {
    const own = bench();
    own.residentMib = TARGET + 10;
    for (const now of [0, 100, RELIEF_PAUSE_MS - 1, RELIEF_PAUSE_MS]) own.gauge.lookAtMemory(now);
    expect(own.said).toHaveLength(2);
  });

  it('back below the target is said once, and the next rise at once', () => {
    const own = bench();
    for (const [now, mib] of [
      [0, TARGET + 1],
      [100, TARGET],
      [200, TARGET - 1],
      [300, TARGET + 1],
    ] as const) {
      own.residentMib = mib;
      own.gauge.lookAtMemory(now);
    }
    expect(own.said.map(({ measure }) => measure)).toEqual(['shrink', 'none', 'shrink']);
  });
});

describe('mappings and code', () => {
  it('are noted; the code of the engine itself does not count', async () => {
    const own = bench();
    own.mappings = { count: 150, codeBytes: 510 * MIB };
    await own.gauge.lookAtMappings();
    expect([own.budgets.read('mappings').used, own.budgets.read('code_mib').used]).toEqual([150, 0]);
    own.mappings = { count: 170, codeBytes: 517.5 * MIB };
    await own.gauge.lookAtMappings();
    expect([own.budgets.read('mappings').used, own.budgets.read('code_mib').used]).toEqual([170, 8]);
  });

  it('stay as they were when they cannot be read', async () => {
    const own = bench();
    own.mappings = { count: 150, codeBytes: 0 };
    await own.gauge.lookAtMappings();
    own.mappings = new Error('EMFILE');
    await own.gauge.lookAtMappings();
    expect(own.budgets.read('mappings').used).toBe(150);
  });

  it('are read from the lines of the system', () => {
    const text = [
      '0082e000-03489000 r-xp 0042e000 fe:00 5308944                            /usr/bin/node',
      '1db1979d6000-1db197ad6000 rwxp 00000000 00:00 0 ',
      '7fa44bfd5000-7fa44c000000 rw-p 00000000 00:00 0 ',
      '7fa45c244000-7fa45c254000 r-xp 00000000 00:00 0 ',
      '7ffd3a1f2000-7ffd3a1f4000 r-xp 00000000 00:00 0                          [vdso]',
      '',
    ].join('\n');
    expect(readMappings(text)).toEqual({ count: 5, codeBytes: MIB + 65_536 });
  });

  it('of this process grow with the modules that it compiles', async () => {
    const before = await THIS_PROCESS.mappings();
    const bytes = readFileSync(new URL('../../../tenants/hello/hello.wasm', import.meta.url));
    const modules = Array.from({ length: 300 }, (_, index) => {
      const custom = Uint8Array.of(0, 3, 0, index & 255, index >> 8);
      return new WebAssembly.Module(new Uint8Array(Buffer.concat([bytes, custom])));
    });
    const after = await THIS_PROCESS.mappings();
    expect(modules).toHaveLength(300);
    expect(before.count).toBeGreaterThan(20);
    expect(after.codeBytes - before.codeBytes).toBeGreaterThan(MIB);
    expect(THIS_PROCESS.residentBytes()).toBeGreaterThan(10 * MIB);
  });
});

describe('page tables', () => {
  it('of this process are some', async () => {
    const mib = await pageTableMib();
    expect(mib).toBeGreaterThan(0);
    expect(mib).toBeLessThan(1_000);
  });
});

describe('the ceilings', () => {
  it('leave room above the memory target, and below what Linux grants', () => {
    const ceilings = ceilingsFor(800);
    expect(ceilings.resident_mib).toBe(900);
    expect(ceilings.mappings).toBeGreaterThan(2 * (ceilings.requests + ceilings.memories));
    expect(ceilings.code_mib).toBeLessThan(4_095);
  });

  it('give backends half of the descriptors that Linux grants, and no more than the memory allows', () => {
    const granted = readMaxDescriptors(readFileSync('/proc/self/limits', 'latin1'));
    expect(granted).toBeGreaterThan(16);
    expect(ceilingsFor(800).sockets).toBe(Math.min(Math.floor(granted / 2), MAX_SOCKETS));
  });

  it.each([
    ['Max open files            1024                 524288               files     \n', 1_024],
    ['Max open files            unlimited            unlimited            files     \n', Number.MAX_SAFE_INTEGER],
    ['Max processes             127235               127235               processes \n', DEFAULT_MAX_DESCRIPTORS],
  ])('read %j', (text, descriptors) => {
    expect(readMaxDescriptors(text)).toBe(descriptors);
  });
});
