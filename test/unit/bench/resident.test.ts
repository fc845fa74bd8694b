import { describe, expect, it } from 'vitest';
import { residentKibOf } from '../../../bench/resident.ts';

describe('resident memory', () => {
  it('is this process’s in KiB', () => {
    expect(residentKibOf(process.pid)).toBeGreaterThan(10_000);
  });

  it('is no number where there is no process', () => {
    expect(() => residentKibOf(2 ** 30)).toThrow('ENOENT');
  });
});
