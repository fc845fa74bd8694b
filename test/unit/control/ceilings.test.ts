import { describe, expect, it } from 'vitest';
import { overCeilings, refuseOverCeilings } from '../../../src/control/ceilings.ts';
import { parseManifest, type ManifestLimits } from '../../../src/control/manifest.ts';

function limits(text: string): ManifestLimits {
  return parseManifest(`name = "a"\nmain = "a.wasm"\n[limits]\n${text}`, 'kerb.toml').limits;
}

describe('ceilings of a tenant', () => {
  it('that are not set allow everything', () => {
    expect(overCeilings(limits('cpu_ms = 10000'), {})).toEqual([]);
  });

  it.each([
    ['cpu_ms', 100],
    ['wall_ms', 1_000],
    ['memory_mb', 64],
    ['concurrency', 10],
    ['cpu_ms_per_second', 500],
    ['cpu_weight', 50],
  ] as const)('of %s allow what is at them, and nothing above', (key, ceiling) => {
    expect(overCeilings(limits(`${key} = ${ceiling}`), { [key]: ceiling })).toEqual([]);
    expect(overCeilings(limits(`${key} = ${ceiling + 1}`), { [key]: ceiling })).toEqual([
      `limits.${key}: ${ceiling + 1} is above this tenant's ceiling of ${ceiling}; lower it or ask the operator`,
    ]);
  });

  it('hold for defaults too', () => {
    expect(overCeilings(limits(''), { cpu_ms: 20 })).toEqual([
      "limits.cpu_ms: 50 is above this tenant's ceiling of 20; lower it or ask the operator",
    ]);
  });

  it('of the quota refuse a manifest without one', () => {
    expect(overCeilings(limits(''), { cpu_ms_per_second: 500 })).toEqual([
      "limits.cpu_ms_per_second: no quota is above this tenant's ceiling of 500; set it to 500 or less",
    ]);
    expect(overCeilings(limits(''), { cpu_ms_per_second: 0 })).toEqual([]);
  });

  it('are refused all at once', () => {
    expect(() => refuseOverCeilings(limits(''), {})).not.toThrow();
    expect(() => refuseOverCeilings(limits(''), { cpu_ms: 1, memory_mb: 1 })).toThrow(
      expect.objectContaining({
        code: 'refused_module',
        details: [expect.stringMatching('^limits.cpu_ms'), expect.stringMatching('^limits.memory_mb')],
      }) as Error,
    );
  });
});
