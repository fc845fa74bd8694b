import { beforeEach, describe, expect, test } from 'vitest';
import { MAX_LINE_BYTES } from '../../../../src/abi/wasi/limits.ts';
import { LogLines } from '../../../../src/abi/wasi/log-lines.ts';

let logged: string[];
let kept: boolean;
let lines: LogLines;

beforeEach(() => {
  logged = [];
  kept = true;
  lines = new LogLines({ log: (level, message) => logged.push(`${level} ${message}`), logs: () => kept }, 'info');
});

const write = (text: string): void => lines.write(Buffer.from(text));

describe('splitting', () => {
  test('logs each line when its newline comes, whatever the writes', () => {
    write('one\ntw');
    expect(logged).toEqual(['info one']);
    write('o');
    write('\nthree\nfour');
    expect(logged).toEqual(['info one', 'info two', 'info three']);
    lines.flush();
    expect(logged.at(-1)).toBe('info four');
    lines.flush();
    expect(logged).toHaveLength(4);
  });

  test('leaves out empty lines and the carriage return of CRLF', () => {
    write('\n\n\r\na\r\n');
    write('b\r');
    write('\n');
    expect(logged).toEqual(['info a', 'info b']);
  });

  test('joins a character that two writes share', () => {
    const bytes = Buffer.from('é\n');
    lines.write(bytes.subarray(0, 1));
    lines.write(bytes.subarray(1));
    expect(logged).toEqual(['info é']);
  });

  test('keeps a copy: the memory that was written may change', () => {
    const bytes = Buffer.from('secret');
    lines.write(bytes);
    bytes.fill(0);
    lines.flush();
    expect(logged).toEqual(['info secret']);
  });
});

describe('forged lines', () => {
  test('a carriage return inside, an escape sequence and bad UTF-8 stay inside their line', () => {
    lines.write(Buffer.concat([Buffer.from('a\rERROR b\u001b[1A'), Buffer.from([0xff, 0xfe, 0x0a])]));
    expect(logged).toEqual([String.raw`info a\x0dERROR b\x1b[1A` + '\ufffd\ufffd']);
  });
});

describe('a long line', () => {
  test('is kept whole at the cap', () => {
    write(`${'x'.repeat(MAX_LINE_BYTES)}\n`);
    expect(logged).toEqual([`info ${'x'.repeat(MAX_LINE_BYTES)}`]);
  });

  test('is cut beyond it, and the next line is whole again', () => {
    write(`${'x'.repeat(MAX_LINE_BYTES + 7)}\nnext\n`);
    expect(logged).toEqual([`info ${'x'.repeat(MAX_LINE_BYTES)}… [7 bytes dropped]`, 'info next']);
  });

  test('is cut the same when it comes in pieces and never ends', () => {
    for (let piece = 0; piece < 100; piece += 1) write('y'.repeat(1000));
    lines.flush();
    write('next\n');
    expect(logged).toEqual([
      `info ${'y'.repeat(MAX_LINE_BYTES)}… [${100_000 - MAX_LINE_BYTES} bytes dropped]`,
      'info next',
    ]);
  });

  test('is not cut inside a character', () => {
    write(`${'x'.repeat(MAX_LINE_BYTES - 1)}é\n`);
    expect(logged).toEqual([`info ${'x'.repeat(MAX_LINE_BYTES - 1)}… [1 bytes dropped]`]);
  });
});

test('a level that is not kept costs no work and leaves nothing behind', () => {
  kept = false;
  write('quiet');
  kept = true;
  write('loud\n');
  expect(logged).toEqual(['info loud']);
});
