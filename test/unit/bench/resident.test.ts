import { describe, expect, it } from 'vitest';
import { parseResidentKib, residentKibOf } from '../../../bench/resident.ts';

describe('resident memory', () => {
  it('is read from the status of a process', () => {
    expect(parseResidentKib('Name:\tnode\nVmHWM:\t  99 kB\nVmRSS:\t  1234 kB\n')).toBe(1234);
  });

  it('is this process’s in KiB', () => {
    expect(residentKibOf(process.pid)).toBeGreaterThan(10_000);
  });

  it('is no number for a process that has ended', () => {
    expect(() => parseResidentKib('Name:\tnode\nState:\tZ (zombie)\n')).toThrow('no resident memory');
  });
});
