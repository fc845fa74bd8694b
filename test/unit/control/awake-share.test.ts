import { expect, it } from 'vitest';
import { awakeBytesOf, targetFor } from '../../../src/control/awake-share.ts';
import { BARE_PROCESS_MIB, LEAST_AWAKE_SHARE } from '../../../src/control/limits.ts';

const MIB = 2 ** 20;

it('is a part of what a process without tenants leaves of the target, and never less than a part of the whole', () => {
  expect(awakeBytesOf(BARE_PROCESS_MIB + 1_000)).toBe(500 * MIB);
  expect(awakeBytesOf(BARE_PROCESS_MIB)).toBe(BARE_PROCESS_MIB * LEAST_AWAKE_SHARE * MIB);
  expect(awakeBytesOf(64)).toBe(8 * MIB);
});

it('has a target for each number of bytes, under which they may be awake and no MiB less would do', () => {
  for (const mib of [1, 8, 40, 100, 5_000]) {
    const target = targetFor(mib * MIB);
    expect(awakeBytesOf(target)).toBeGreaterThanOrEqual(mib * MIB);
    expect(awakeBytesOf(target - 1)).toBeLessThan(mib * MIB);
  }
});
