import { expect, it } from 'vitest';
import { Statistics } from './statistics.ts';

function sample(): Statistics {
  const statistics = new Statistics();
  statistics.add('generate', { kind: 'passed', facts: { calls: 3, 'longest gap ms': 5 } });
  statistics.add('generate', { kind: 'passed', facts: { calls: 4, 'longest gap ms': 2 } });
  statistics.add('endless', { kind: 'inconclusive', reason: 'stack overflow' });
  statistics.add('mutate', { kind: 'finding', message: 'threw' });
  return statistics;
}

it('facts are added up by mode, and of the longest the longest is kept', () => {
  const statistics = sample();
  expect(statistics.of('generate', 'inputs')).toBe(2);
  expect(statistics.of('generate', 'calls')).toBe(7);
  expect(statistics.of('generate', 'longest gap ms')).toBe(5);
  expect(statistics.of('mutate', 'calls')).toBe(0);
});

it('what nothing can be said of is counted apart, and is no failure', () => {
  const statistics = sample();
  expect(statistics.inconclusive).toBe(1);
  expect(statistics.of('endless', 'inconclusive, stack overflow')).toBe(1);
  expect(statistics.summary()).toBe('3 passed, 1 failed');
});

it('the report names every count', () => {
  expect(sample().report().split('\n').slice(1)).toEqual([
    '  endless: inconclusive, stack overflow 1',
    '  endless: inputs 1',
    '  generate: calls 7',
    '  generate: inputs 2',
    '  generate: longest gap ms 5',
    '  mutate: inputs 1',
  ]);
  expect(sample().line()).toMatch(/^\d+ s: 4 inputs, 1 found, 1 inconclusive$/);
});
