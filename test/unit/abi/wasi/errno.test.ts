import { expect, test } from 'vitest';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';

test('the 77 codes are numbered without a gap, in the order of the specification', () => {
  expect(Object.values(ERRNO)).toEqual(Array.from({ length: 77 }, (_, index) => index));
});

test('codes that libraries rely on have their published numbers', () => {
  expect(ERRNO).toMatchObject({ '2big': 1, again: 6, badf: 8, inval: 28, noent: 44, nosys: 52, notdir: 54 });
  expect(ERRNO).toMatchObject({ notsock: 57, notsup: 58, perm: 63, pipe: 64, spipe: 70, notcapable: 76 });
});
