import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { heapBytesOf, probeFlags, sumHeaps } from '../../../bench/heap.ts';
import { memoryUseOf } from '../../../bench/memory-use.ts';
import { parseMetrics, sampleIn } from '../../../bench/metrics.ts';
import { Peak } from '../../../bench/peak.ts';
import { Started } from '../../../bench/processes.ts';

const METRICS = `# HELP kerb_tenants_awake Stored tenants that are loaded.
# TYPE kerb_tenants_awake gauge
kerb_tenants_awake 12
kerb_wakes_total{result="woken"} 40
kerb_wakes_total{result="failed"} 2
`;

describe('the metrics', () => {
  it('are samples by name and labels', () => {
    const metrics = parseMetrics(METRICS);
    expect(sampleIn(metrics, 'kerb_tenants_awake')).toBe(12);
    expect(sampleIn(metrics, 'kerb_wakes_total{result="woken"}')).toBe(40);
    expect(sampleIn(metrics, 'kerb_nothing')).toBeNull();
  });
});

describe('the use of memory', () => {
  it('is read of a process, and not of one that has ended', async () => {
    const use = await memoryUseOf(process.pid);
    expect(use.residentMib).toBeGreaterThan(10);
    expect(use.mappings).toBeGreaterThan(50);
    expect(use.files).toBeGreaterThan(0);
    await expect(memoryUseOf(2 ** 30)).rejects.toThrow('has ended');
  });

  it('has a peak', () => {
    expect(new Peak(process.pid).stop()).toBeGreaterThan(10);
  });
});

describe('the heaps', () => {
  const folders: string[] = [];

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  it('are summed over the threads, of each the last', () => {
    const line = (thread: number, heapBytes: number): string => `${JSON.stringify({ thread, heapBytes })}\n`;
    expect(sumHeaps(line(0, 5) + line(1, 7) + line(0, 6))).toBe(13);
    expect(sumHeaps('')).toBe(0);
  });

  it('are told by a process with its threads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kerb-heap-'));
    folders.push(folder);
    const file = join(folder, 'heap.txt');
    const program = `
      const { Worker } = require('node:worker_threads');
      const worker = new Worker('require("node:worker_threads").parentPort.on("message", () => {}); require("node:worker_threads").parentPort.postMessage(1)', { eval: true });
      worker.on('message', () => console.log('ready'));`;
    const started = new Started({
      program: process.execPath,
      args: [...probeFlags(file), '--expose-gc', '-e', program],
    });
    await started.until((said) => (said.includes('ready') ? true : null));
    const both = await heapBytesOf(started.pid, file);
    await started.stop();
    expect(both).toBeGreaterThan(4 * 2 ** 20);
  });
});
