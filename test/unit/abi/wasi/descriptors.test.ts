import { beforeEach, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../../../src/abi/wasi/descriptor.ts';
import { DescriptorTable } from '../../../../src/abi/wasi/descriptors.ts';
import { EmptyInput, LogOutput } from '../../../../src/abi/wasi/standard-streams.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { MAX_WRITE_BYTES } from '../../../../src/abi/wasi/limits.ts';
import { LogLines } from '../../../../src/abi/wasi/log-lines.ts';
import { EVENT_HANGUP, EVENT_TYPE, RIGHTS } from '../../../../src/abi/wasi/typenames.ts';

let logged: string[];
let table: DescriptorTable;

beforeEach(() => {
  logged = [];
  const lines = new LogLines({ log: (_, message) => logged.push(message), logs: () => true }, 'info');
  table = new DescriptorTable(() => [new EmptyInput(), new LogOutput(lines)]);
});

function open(fd: number): Descriptor {
  const found = table.find(fd, 0);
  if (typeof found === 'number') throw new Error(`errno ${found}`);
  return found;
}

describe('the table', () => {
  test.each([[2], [-1], [0x7fff_ffff], [0x8000_0000 | 0]])('has no descriptor %i', (fd) => {
    expect(table.find(fd, 0)).toBe(ERRNO.badf);
    expect(table.refuse(fd, ERRNO.spipe)).toBe(ERRNO.badf);
    expect(table.close(fd)).toBe(ERRNO.badf);
    expect(table.renumber(fd, 0)).toBe(ERRNO.badf);
    expect(table.renumber(0, fd)).toBe(ERRNO.badf);
  });

  test('refuses with the given errno what no kind can do', () => {
    expect(table.refuse(0, ERRNO.spipe)).toBe(ERRNO.spipe);
  });

  test('tells a right that was given away from one that the kind never has', () => {
    open(0).rights &= ~RIGHTS.fd_read;
    expect(table.find(0, RIGHTS.fd_read)).toBe(ERRNO.notcapable);
    expect(table.find(0, RIGHTS.fd_write)).toBe(open(0));
    expect(table.find(0, RIGHTS.fd_sync)).toBe(open(0));
  });

  test('forgets a closed descriptor, after its unfinished line', () => {
    void open(1).write(Buffer.from('last words'));
    expect(table.close(1)).toBe(ERRNO.success);
    expect(logged).toEqual(['last words']);
    expect(table.close(1)).toBe(ERRNO.badf);
  });

  test('renumbers: the old number is free, what was there is closed', () => {
    const input = open(0);
    void open(1).write(Buffer.from('half'));
    expect(table.renumber(0, 1)).toBe(ERRNO.success);
    expect(logged).toEqual(['half']);
    expect(open(1)).toBe(input);
    expect(table.find(0, 0)).toBe(ERRNO.badf);
  });

  test('renumbering to itself keeps it open', () => {
    const output = open(1);
    void output.write(Buffer.from('half'));
    expect(table.renumber(1, 1)).toBe(ERRNO.success);
    expect(open(1)).toBe(output);
    expect(logged).toEqual([]);
  });

  test('starts again with all its descriptors and their rights', () => {
    open(1).rights = 0;
    open(1).flags = 4;
    table.close(0);
    table.reset();
    expect(open(0)).toBeInstanceOf(EmptyInput);
    expect(open(1)).toMatchObject({ flags: 0, rights: open(1).kindRights });
    expect(open(1).rights & RIGHTS.fd_write).toBe(RIGHTS.fd_write);
  });
});

describe('the standard streams', () => {
  test('input is at its end and hung up', () => {
    expect(open(0).read(100)).toHaveLength(0);
    expect(open(0).write(Buffer.from('x'))).toBe(ERRNO.badf);
    expect(open(0).poll(EVENT_TYPE.fd_read)).toEqual({ bytes: 0, flags: EVENT_HANGUP });
    expect(open(0).poll(EVENT_TYPE.fd_write)).toBe(ERRNO.badf);
    open(0).sync();
  });

  test('output has room and logs', () => {
    expect(open(1).write(Buffer.from('a\nb'))).toBe(ERRNO.success);
    expect(logged).toEqual(['a']);
    open(1).sync();
    expect(logged).toEqual(['a', 'b']);
    expect(open(1).read(1)).toBe(ERRNO.badf);
    expect(open(1).poll(EVENT_TYPE.fd_write)).toEqual({ bytes: MAX_WRITE_BYTES, flags: 0 });
    expect(open(1).poll(EVENT_TYPE.fd_read)).toBe(ERRNO.badf);
  });
});

describe('what is left after start-up code', () => {
  const input = new EmptyInput();

  test('is as it was as long as the descriptors of the start, and no others, are open', () => {
    expect(table.isAsAtStart).toBe(true);
    open(0);
    expect(table.isAsAtStart).toBe(true);
    const fd = table.add(input);
    expect(table.isAsAtStart).toBe(false);
    table.close(fd);
    expect(table.isAsAtStart).toBe(true);
    table.close(0);
    expect(table.isAsAtStart).toBe(false);
    table.add(input);
    expect(table.isAsAtStart).toBe(false);
    table.reset();
    expect(table.isAsAtStart).toBe(true);
  });

  test('tells whether something that can be changed was used, but not whether it was looked at', () => {
    const changeable = Object.assign(new EmptyInput(), { isChangeable: true });
    const fd = table.add(changeable);
    open(fd);
    table.find(0, RIGHTS.fd_read);
    expect(table.isChangeableUsed).toBe(false);
    table.find(fd, RIGHTS.fd_read);
    expect(table.isChangeableUsed).toBe(true);
    table.reset();
    expect(table.isChangeableUsed).toBe(false);
  });

  test('gives way to what a request has, but for what it has put there itself', () => {
    const [own, first, second] = [new EmptyInput(), new EmptyInput(), new EmptyInput()];
    const untouched = open(1);
    table.close(0);
    table.add(own);
    const further = table.add(input);
    table.replace([first, second]);
    expect([open(0), open(1), open(further)]).toEqual([own, second, input]);
    expect(open(0)).toBe(own);
    expect(open(1)).not.toBe(untouched);
  });
});
