import { expect, test } from 'vitest';
import { TinyHost } from './tiny-host.ts';

test('standard output is logged as info, standard error as error', () => {
  const host = new TinyHost();
  host.print(1, 'out\n');
  host.print(2, 'err\n');
  expect(host.lines).toEqual([
    ['info', 'out'],
    ['error', 'err'],
  ]);
});

test('the streams keep their unfinished lines apart until they are flushed', () => {
  const host = new TinyHost();
  host.print(1, 'out');
  host.print(2, 'err');
  expect(host.lines).toEqual([]);
  host.guest.flush();
  expect(host.lines).toEqual([
    ['info', 'out'],
    ['error', 'err'],
  ]);
});

test('a reset logs what is left and leaves nothing of the request', async () => {
  const host = new TinyHost();
  host.print(1, 'half a line');
  host.call('fd_close', 2);
  host.call('fd_renumber', 0, 1);
  host.memory.writeU64(512 + 24, 10n ** 12n);
  const asleep = host.invoke('poll_oneoff', [512, 640, 1, 16]);
  host.guest.reset();
  await expect(asleep).rejects.toMatchObject({ name: 'GuestFault' });
  expect(host.lines).toEqual([['info', 'half a line']]);
  expect(host.print(1, 'new\n')).toBe(0);
  expect(host.print(2, 'new\n')).toBe(0);
  expect(host.call('fd_read', 0, 0, 0, 16)).toBe(0);
  expect(host.lines.slice(1)).toEqual([
    ['info', 'new'],
    ['error', 'new'],
  ]);
});

test('a reset ends the unfinished line of each stream, so that the next request starts its own', () => {
  const host = new TinyHost();
  host.print(1, 'first');
  host.guest.reset();
  host.print(1, 'second\n');
  expect(host.lines.map(([, line]) => line)).toEqual(['first', 'second']);
});

test('two guests share nothing', () => {
  const one = new TinyHost();
  const other = new TinyHost();
  one.print(1, 'of one');
  one.call('fd_close', 1);
  expect(other.print(1, 'of the other\n')).toBe(0);
  expect(other.lines).toEqual([['info', 'of the other']]);
});

test('what a guest would misread is refused when the sandbox is made', () => {
  expect(() => new TinyHost({ env: { 'A\0': 'b' } })).toThrow(TypeError);
  expect(() => new TinyHost({ argv: ['a\0b'] })).toThrow(TypeError);
});
