import { describe, expect, it } from 'vitest';
import { quoteName, Refusals } from '../../../src/wasm/refusals.ts';

describe('names in refusals', () => {
  it.each([
    ['plain', 'handle', '"handle"'],
    ['a new line', 'a\nb', '"a\\nb"'],
    ['a terminal escape', '\u001b[2J', '"\\u001b[2J"'],
    ['a direction override', '\u202eevil', '"\\u202eevil"'],
    ['half a surrogate pair', '\ud800', '"\\ud800"'],
  ])('print safely: %s', (_, name, quoted) => {
    expect(quoteName(name)).toBe(quoted);
  });

  it('are cut when they are long', () => {
    expect(quoteName('x'.repeat(1_000)).length).toBeLessThan(50);
  });
});

describe('a list of refusals', () => {
  it('is empty until something is over its limit', () => {
    const refusals = new Refusals();
    refusals.over('types', 10, 10, 'the type section', 'merge');
    expect(refusals.empty).toBe(true);
    expect(() => refusals.check()).not.toThrow();
    refusals.over('types', 11, 10, 'the type section', 'merge');
    expect(refusals.error().details).toEqual(['types: 11 in the type section, at most 10: merge']);
    expect(() => refusals.check()).toThrow('the module is refused for 1 reason');
  });

  it('keeps the remedy of a line that is too long', () => {
    const refusals = new Refusals();
    refusals.add('x'.repeat(500), 'do this');
    expect(refusals.error().details[0]).toHaveLength(199);
    expect(refusals.error().details[0]).toMatch(/…: do this$/);
  });

  it('counts what it does not list', () => {
    const refusals = new Refusals();
    for (let index = 0; index < 60; index++) refusals.add(`fault ${index}`, 'fix');
    expect(refusals.error().message).toBe('the module is refused for 60 reasons');
    expect(refusals.error().details.at(-1)).toBe('and 10 more of the same kinds');
  });
});
