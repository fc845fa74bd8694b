import { describe, expect, it } from 'vitest';
import { allowedCores, unpinned } from '../../../bench/affinity.ts';

describe('allowedCores', () => {
  it.each([
    ['0-1', [0, 1]],
    ['3', [3]],
    ['0-2,5,8-9', [0, 1, 2, 5, 8, 9]],
  ])('reads %s', (list, cores) => {
    expect(allowedCores(`Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${list}\nMems_allowed:\t1\n`)).toEqual(
      cores,
    );
  });

  it('knows none where the system does not say', () => {
    expect(allowedCores('')).toEqual([]);
    expect(allowedCores('Cpus_allowed_list:\t\n')).toEqual([]);
  });
});

describe('unpinned', () => {
  it('says why', () => {
    expect(unpinned('one core')).toEqual({ text: 'not pinned: one core', server: [], load: [] });
  });
});
