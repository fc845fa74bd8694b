import { describe, expect, it } from 'vitest';
import type { CommandIo } from '../../../src/cli/command.ts';
import { answer, jsonLine, linesOf, rendered, styled } from '../../../src/cli/output.ts';
import { progressOf } from '../../../src/cli/progress.ts';
import { bytes, cpuTime, durationMs, momentMs, when } from '../../../src/cli/quantity.ts';
import { table } from '../../../src/cli/table.ts';
import { sinkIo } from './sink-io.ts';

describe('lines', () => {
  it('never drive a terminal, whoever wrote them', () => {
    const hostile = 'a\u001b[31m\r\nb\u0007\u009b2J\u202e\u2028c';
    const safe = 'a\\x1b[31m\\x0d\\x0ab\\x07\\x9b2J\\u202e\\u2028c';
    expect(rendered(hostile, false)).toBe(`${safe}\n`);
    expect(rendered([styled('red', hostile)], true)).toBe(`\u001b[31m${safe}\u001b[0m\n`);
    expect(rendered([styled('red', 'x'), ''], false)).toBe('x\n');
  });

  it('are split at line ends of text that may have them', () => {
    expect(linesOf('a\r\nb\n\nc\n')).toEqual(['a', 'b', '', 'c']);
  });
});

describe('JSON', () => {
  it('is one line, safe on a terminal, and reads back as what it was', () => {
    const value = { text: 'a\n\u001b\u009b\u007f\u2028\u202eü' };
    const line = jsonLine(value);
    expect(line).toMatch(/^[\x20-\x7eü]+\n$/);
    expect(JSON.parse(line)).toEqual(value);
  });

  it('has standard output for itself', () => {
    const { io, written } = sinkIo();
    answer({ io, json: true }, { a: 1 }, () => ['for people']);
    answer({ io, json: false }, { a: 1 }, () => ['for people']);
    expect(written).toEqual(['out {"a":1}\n', 'out for people\n']);
  });
});

describe('a table', () => {
  const heads = [{ title: 'NAME' }, { title: 'SIZE', align: 'right' as const }, { title: 'NOTE' }];
  const rows = [
    ['a', '1000', 'first'],
    ['long name', '1', styled('red', 'second\u001b')],
  ];
  const text = (columns: number | null): string[] => table(heads, rows, columns).map((line) => rendered(line, false));

  it('has columns as wide as they need', () => {
    expect(text(null)).toEqual([
      'NAME       SIZE  NOTE\n',
      'a          1000  first\n',
      'long name     1  second\\x1b\n',
    ]);
  });

  it('is cut at the edge of a terminal', () => {
    expect(text(20)).toEqual(['NAME       SIZE  NO…\n', 'a          1000  fi…\n', 'long name     1  se…\n']);
  });
});

describe('quantities', () => {
  it.each([
    [bytes(0), '0 B'],
    [bytes(1023), '1023 B'],
    [bytes(1536), '1.5 KiB'],
    [bytes(2 ** 30), '1.0 GiB'],
    [bytes(2 ** 52), '4096.0 TiB'],
    [cpuTime(999), '999 us'],
    [cpuTime(1_000), '1.0 ms'],
    [cpuTime(1_500_000), '1.5 s'],
    [when(0), '1970-01-01 00:00:00Z'],
    [when(NaN), '-'],
    [when(1e300), '-'],
    [durationMs('90s'), 90_000],
    [durationMs('2d'), 172_800_000],
    [durationMs('0s'), null],
    [durationMs('1w'), null],
    [durationMs('-1h'), null],
    [momentMs('1h', 3_600_001), 1],
    [momentMs('1970-01-02', 0), 86_400_000],
    [momentMs('1970-01-01T01:00:00+01:00', 0), 0],
    [momentMs('1970-01-01 01:00', 0), null],
    [momentMs('1970-02-31T99:00:00Z', 0), null],
  ])('%j is %j', (value, expected) => expect(value).toBe(expected));
});

describe('progress', () => {
  const drawn = (io: Partial<CommandIo>, total: number): string[] => {
    const { io: sink, written } = sinkIo(io);
    const progress = progressOf(sink, 'uploaded', total);
    for (const done of [0, total / 2, total]) progress.at(done);
    progress.end();
    return written;
  };

  it('is drawn over itself on a terminal, not too often, and goes away', () => {
    expect(drawn({ showsProgress: true }, 2 ** 20)).toEqual([
      'err \r\u001b[Kuploaded 0 B of 1.0 MiB (0 %)',
      'err \r\u001b[Kuploaded 1.0 MiB of 1.0 MiB (100 %)',
      'err \r\u001b[K',
    ]);
  });

  it('is not shown elsewhere, nor for what is over at once', () => {
    expect(drawn({ showsProgress: false }, 2 ** 20)).toEqual([]);
    expect(drawn({ showsProgress: true }, 1_000)).toEqual([]);
  });
});
