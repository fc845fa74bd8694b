import { describe, expect, it } from 'vitest';
import { LOG_LEVELS } from '../../../src/log-level.ts';
import { keepsLevel, textLog } from '../../../src/telemetry/log.ts';

describe('levels', () => {
  it('are kept from the threshold upwards', () => {
    for (const [least, threshold] of LOG_LEVELS.entries()) {
      const kept = LOG_LEVELS.filter((level) => keepsLevel(threshold, level));
      expect(kept).toEqual(LOG_LEVELS.slice(least));
    }
  });
});

describe('a text log', () => {
  it('writes time, level and message', () => {
    const lines: string[] = [];
    const log = textLog('debug', (text) => void lines.push(text));
    for (const level of LOG_LEVELS) log[level](`a ${level}`);
    expect(lines).toHaveLength(4);
    for (const [index, level] of LOG_LEVELS.entries()) {
      expect(lines[index]).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${level} +a ${level}\\n$`));
    }
  });

  it('writes nothing below its threshold', () => {
    const lines: string[] = [];
    const log = textLog('warn', (text) => void lines.push(text));
    for (const level of LOG_LEVELS) log[level]('x');
    expect(lines).toHaveLength(2);
  });

  it('indents the lines of one message: none passes for another', () => {
    const lines: string[] = [];
    textLog('info', (text) => void lines.push(text)).info('first\n2026-01-01T00:00:00.000Z error forged');
    expect(lines.join('').split('\n')[1]).toMatch(/^ {2}2026/);
  });
});
