import { describe, expect, test } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { endOfBlock, parseHeaderBlock } from '../../../../src/abi/wasi-cgi/header-block.ts';
import { MAX_HEADER_LINES } from '../../../../src/abi/wasi-cgi/limits.ts';

describe('the end of a block', () => {
  test.each([
    ['a: b\n\n', 6],
    ['a: b\r\n\r\n', 8],
    ['a: b\n\r\n', 7],
    ['a: b\r\n\n', 7],
    ['\n', 1],
    ['\r\n', 2],
    ['a: b\n\nbody\n\n', 6],
    ['a: b\n', -1],
    ['a: b\n\r', -1],
    ['a: b\r\r\n', -1],
    ['', -1],
  ])('of %j is %i, however it comes', (text, end) => {
    const bytes = Buffer.from(text);
    expect(endOfBlock(bytes, 0)).toBe(end);
    // Byte by byte, each time from where the last look left off.
    let found = -1;
    for (let length = 1; length <= bytes.length && found === -1; length += 1)
      found = endOfBlock(bytes.subarray(0, length), Math.max(length - 3, 0));
    expect(found).toBe(end);
  });
});

function head(text: string): { status: number; fields: [string, string][] } {
  const { status, headers } = parseHeaderBlock(text);
  const fields: [string, string][] = [];
  headers.forEach((name, value) => fields.push([name, value]));
  return { status, fields };
}

describe('a block', () => {
  test('keeps fields in order, repeated ones too, and without Status', () => {
    expect(head('Set-Cookie: a\nStatus: 201 Made\r\nset-cookie:b\nContent-Type: c\n\n')).toEqual({
      status: 201,
      fields: [
        ['Set-Cookie', 'a'],
        ['set-cookie', 'b'],
        ['Content-Type', 'c'],
      ],
    });
  });

  test.each([
    ['Status: 404\n\n', 404],
    ['status:599 x y z\n\n', 599],
    ['Status:\t200\tOK\n\n', 200],
    ['Location: x\n\n', 302],
    ['Location: x\nStatus: 201\n\n', 201],
    ['Content-Type: x\n\n', 200],
    ['Content-Type:\n\n', 200],
  ])('%j has the status %i', (text, status) => {
    expect(head(text).status).toBe(status);
  });

  test.each([
    'Status: 20\n\n',
    'Status: 2000\n\n',
    'Status: 200OK\n\n',
    'Status: \n\n',
    'Status: 200\nstatus: 200\n\n',
    'Content-Type: x\nnothing\n\n',
    ': x\nContent-Type: x\n\n',
    ' Content-Type: x\n\n',
    'Content\0Type: x\n\n',
    'Content-Type: x\nContent-Length: -1\n\n',
    'Content-Type: x\nContent-Length: 1, 1\n\n',
    'HTTP/1.1 200 OK\nContent-Type: x\n\n',
    '\n',
    `Content-Type: x\n${'a: b\n'.repeat(MAX_HEADER_LINES)}\n`,
  ])('%j is none', (text) => {
    expect(() => parseHeaderBlock(text)).toThrow(GuestFault);
    expect(() => parseHeaderBlock(text)).toThrow(expect.objectContaining({ outcome: 'no_response' }));
  });

  test('names the line, and repeats nothing that the program wrote', () => {
    expect(() => parseHeaderBlock('Content-Type: x\nsecret token\n\n')).toThrow(/line 2/);
    expect(() => parseHeaderBlock('Content-Type: x\nsecret token\n\n')).not.toThrow(/secret/);
  });
});
