import { describe, expect, it } from 'vitest';
import { phasesOf } from '../../../src/lab/phases.ts';
import { progressLine, progressLines, sparkline } from '../../../src/lab/progress.ts';
import { addTally, emptyTally } from '../../../src/lab/tally.ts';
import { aLook, aRecord } from './a-record.ts';

describe('sparkline', () => {
  it('is as high as the numbers, and a space where there is none', () => {
    expect(sparkline([0, 50, 100, null, 100])).toBe('▁▄█ █');
    expect(sparkline([3, 3])).toBe('▁▁');
    expect(sparkline([null])).toBe(' ');
    expect(sparkline([])).toBe('');
  });
});

describe('progress', () => {
  const { settings } = aRecord();
  const sum = { ...emptyTally('calm'), sent: 1_234, wrong: 2, warmMs: [1, 2, 3] };

  it('says phase, time left, rate, latency, memory and what went wrong', () => {
    const lines = progressLines(settings, [aLook(10), aLook(15, { phase: 'hostile' })], sum);
    const text = lines.join('\n');
    for (const part of [
      '50 %',
      'hostile tenants among them',
      '15 s left',
      '300/s',
      '3 of them hostile',
      '1,234 so far',
    ])
      expect(text).toContain(part);
    for (const part of ['p50 2.00 ms', '315.0 MiB', '2 wrong, 0 unexpected, 0 lost']) expect(text).toContain(part);
    expect(lines.every((line) => !line.includes('\n'))).toBe(true);
  });

  it('does not pass the end, and says what is not known', () => {
    const look = aLook(99, { phase: 'over', residentBytes: null, mappings: null });
    expect(progressLines(settings, [look], emptyTally('calm')).join('\n')).toContain('100 %');
    expect(progressLine(settings, [look], sum)).toContain('unknown resident, unknown mappings');
  });
});

describe('phasesOf', () => {
  it('takes the whole time, with and without hostile tenants', () => {
    for (const hostile of [0, 0.01]) {
      const phases = phasesOf({ seconds: 60, hostile });
      expect(phases.reduce((ms, phase) => ms + phase.ms, 0)).toBeCloseTo(60_000, 6);
      expect(phases.some(({ name }) => name === 'hostile')).toBe(hostile > 0);
    }
  });
});

describe('addTally', () => {
  it('adds everything, also under names that objects have', () => {
    const sum = emptyTally('calm');
    const more = { ...emptyTally('hostile'), sent: 2, coldMs: [1], good: { ok: 1 }, hostile: { constructor: 2 } };
    addTally(sum, more);
    addTally(sum, more);
    expect(sum).toMatchObject({ phase: 'calm', sent: 4, coldMs: [1, 1], good: { ok: 2 }, hostile: { constructor: 4 } });
  });
});
