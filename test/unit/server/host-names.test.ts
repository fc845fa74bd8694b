import { expect, test } from 'vitest';
import { HostNames } from '../../../src/server/host-names.ts';

test.each([
  ['example.com', 'example.com'],
  ['EXAMPLE.com:8080', 'example.com'],
  ['example.com.', 'example.com'],
  ['[::1]:80', '[::1]'],
])('%s names %s, the first time and again', (field, host) => {
  const names = new HostNames();
  expect(names.of(field)).toBe(host);
  expect(names.of(field)).toBe(host);
});

test.each(['', 'a b', 'user@host', '127.1', 'x'.repeat(300)])('%j names no host, the first time and again', (field) => {
  const names = new HostNames();
  expect(names.of(field)).toBeNull();
  expect(names.of(field)).toBeNull();
});

test('hosts that push each other out are read anew', () => {
  const names = new HostNames();
  for (let i = 0; i < 10_000; i++) expect(names.of(`host-${i}.example`)).toBe(`host-${i}.example`);
  expect(names.of('host-0.example')).toBe('host-0.example');
});
