import { expect, it } from 'vitest';
import { covers, isPlainPath } from '../../../src/http/path.ts';

it.each(['/', '/a', '/a/', '/a/b.c', '/a?x=//..', '/a%20b', '/%C3%BC', '/a:b@c;d=e,f'])('%s is plain', (target) => {
  expect(isPlainPath(target)).toBe(true);
});

it.each([
  '//',
  '/a//b',
  '/a/../b',
  '/a/..',
  '/./a',
  '/%61',
  '/a%2Fb',
  '/a%2e%2e',
  '/a%5Cb',
  '/a%00',
  '/%',
  '/%g0',
  '/a|b',
])('%s may be read in two ways', (target) => {
  expect(isPlainPath(target)).toBe(false);
});

it('a prefix covers whole segments, as they are spelled', () => {
  for (const target of ['/a', '/a/', '/a/b', '/a?x']) expect(covers('/a', target)).toBe(true);
  for (const target of ['/', '/ab', '/A', '/%61', '/b/a']) expect(covers('/a', target)).toBe(false);
  expect(covers('/', '/anything')).toBe(true);
});
