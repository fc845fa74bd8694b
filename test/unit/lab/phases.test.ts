import { describe, expect, it } from 'vitest';
import { phasesOf } from '../../../src/lab/phases.ts';

describe('phasesOf', () => {
  it('has a calm part before hostile tenants come, and all of the time in its parts', () => {
    const phases = phasesOf({ seconds: 60, hostile: 0.01 });
    expect(phases.map(({ name }) => name)).toEqual(['settling', 'calm', 'hostile']);
    expect(phases.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(60_000);
    expect(Math.min(...phases.map(({ ms }) => ms))).toBeGreaterThan(0);
  });

  it('has no hostile part where there are no hostile tenants', () => {
    const phases = phasesOf({ seconds: 60, hostile: 0 });
    expect(phases.map(({ name }) => name)).toEqual(['settling', 'calm']);
    expect(phases.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(60_000);
  });
});
