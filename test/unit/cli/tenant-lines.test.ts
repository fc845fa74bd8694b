import { describe, expect, it } from 'vitest';
import { reportLines } from '../../../src/cli/tenant-lines.ts';

describe('a report says of start-up code', () => {
  const cost = { cpuMs: 12.3, memoryPages: 4 };

  it.each([
    ['that it ran once', { imageBytes: 655_360, perInstance: null }, 'once, 256.0 KiB of memory, image 640.0 KiB'],
    [
      'why it runs in each instance',
      { imageBytes: null, perInstance: 'it reads the clock' },
      'per instance, 256.0 KiB of memory: it reads the clock',
    ],
    ['what it cost, where there is none', { imageBytes: null, perInstance: null }, ', 256.0 KiB of memory'],
    ['what it cost, where an older server does not say more', {}, ', 256.0 KiB of memory'],
  ])('%s', (_, more, text) => {
    const [line] = reportLines({ startUp: { ...cost, ...more } });
    expect(line).toBe(`  start-up 12.30 ms of CPU${text.startsWith(',') ? '' : ' '}${text}`);
  });

  it('for each filter that has any', () => {
    const filters = [
      { name: 'auth', startUp: { imageBytes: 4_096, perInstance: null } },
      { name: 'log', startUp: { imageBytes: null, perInstance: 'it reads the clock' } },
      { name: 'bare', startUp: { imageBytes: null, perInstance: null } },
      { name: 'untried', startUp: null },
      { name: 'of an older server', abi: 'http-wasm' },
    ];
    expect(reportLines({ filters })).toEqual([
      '  filter auth: start-up once, image 4.0 KiB',
      '  filter log: start-up per instance: it reads the clock',
    ]);
  });
});
