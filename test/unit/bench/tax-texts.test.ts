import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { drawing, generator, prose, SCRIPT, typeScript } from '../../../bench/tax-texts.ts';

describe('the texts', () => {
  it('are the same each time', () => {
    expect(prose(5_000)).toBe(prose(5_000));
    expect(drawing()).toBe(drawing());
  });

  it('are as long as asked for', () => {
    expect(prose(5_000)).toHaveLength(5_000);
    expect(typeScript(40_000).length).toBeGreaterThanOrEqual(40_000);
    expect(typeScript(40_000).length).toBeLessThan(42_000);
  });

  it('resemble language: words come again', () => {
    const words = prose(50_000).split(/\s+/);
    expect(new Set(words).size).toBeLessThan(words.length / 10);
  });

  it('draw within the picture', () => {
    const numbers = [...drawing().matchAll(/d="([^"]+)"/g)].flatMap(([, path = '']) => path.match(/\d+/g) ?? []);
    expect(numbers.length).toBeGreaterThan(500);
    expect(Math.max(...numbers.map(Number))).toBeLessThan(200);
  });
});

describe('SCRIPT', () => {
  it('computes a number', () => {
    const sum: unknown = runInContext(SCRIPT, createContext({}));
    expect(sum).toBe(runInContext(SCRIPT, createContext({})));
    expect(sum).toBeGreaterThan(10_000);
  });
});

describe('generator', () => {
  it('stays below its bound and reaches all of it', () => {
    const next = generator(1);
    expect(new Set(Array.from({ length: 200 }, () => next(5)))).toEqual(new Set([0, 1, 2, 3, 4]));
  });
});
