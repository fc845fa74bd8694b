import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KerbError } from '../../../src/errors.ts';
import { LabServer } from '../../../src/lab/server.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerb-lab-server-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const options = (memoryTargetMib: number | null): Parameters<typeof LabServer.start>[0] => ({
  folder,
  threads: 1,
  memoryTargetMib,
  env: process.env,
});

describe('LabServer', () => {
  it('serves, tells of itself, and ends when it is asked to', async () => {
    const server = await LabServer.start(options(400));
    try {
      const { residentBytes, metrics } = await server.look();
      expect(residentBytes).toBeGreaterThan(50 * 2 ** 20);
      expect(metrics).toMatchObject({ awake: 0, resting: 0, wakes: 0 });
      expect(metrics?.heapBytes).toBeGreaterThan(2 ** 20);
      expect(metrics?.budgets['resident_mib']?.ceiling).toBeGreaterThanOrEqual(400);
      // Metrics are megabytes where tenants are many: right after the first time they are not asked for again.
      expect((await server.look()).metrics).toBe(metrics);
      expect(server.startMs).toBeGreaterThan(0);
    } finally {
      expect(await server.stop()).toBe(0);
    }
  });

  it('says why it could not be started', async () => {
    const error = await LabServer.start(options(1)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'bad_config', message: expect.stringContaining('before it served') as string });
    expect((error as KerbError).details.join('\n')).toContain('memory-target');
  });
});
