import { describe, expect, it } from 'vitest';
import { inputOf, sampleTenants } from './corpus.ts';
import { generate } from './generator/module.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

const SEEDS = Array.from({ length: 400 }, (_, index) => index + 1);

describe('mutations', () => {
  const base = generate(5);
  const others = [generate(6)];
  const mutants = SEEDS.map((seed) => mutate(base, others, new Random(seed)));

  it('come from the seed alone', () => {
    expect(mutate(base, others, new Random(9))).toEqual(mutate(base, others, new Random(9)));
    expect(inputOf('mutate', 12)).toEqual(inputOf('mutate', 12));
    expect(inputOf('mutate', 12)).not.toEqual(inputOf('mutate', 13));
  });

  it('leave the module that they start from alone', () => {
    expect(base).toEqual(generate(5));
  });

  it('mostly change something', () => {
    const same = mutants.filter((bytes) => Buffer.compare(bytes, base) === 0);
    expect(same.length).toBeLessThan(SEEDS.length / 5);
  });

  it('get far: some stay valid, some keep a valid length and break types, some are cut', () => {
    const valid = mutants.filter((bytes) => WebAssembly.validate(bytes) && Buffer.compare(bytes, base) !== 0);
    expect(valid.length).toBeGreaterThan(SEEDS.length / 20);
    expect(mutants.filter((bytes) => bytes.length < base.length / 2).length).toBeGreaterThan(0);
    expect(mutants.filter((bytes) => bytes.length > base.length + 100).length).toBeGreaterThan(0);
  });

  it('survive any bytes: none at all, a header, text', () => {
    for (const bytes of [new Uint8Array(0), base.slice(0, 8), new TextEncoder().encode('(module)')])
      for (const seed of SEEDS) expect(() => mutate(bytes, others, new Random(seed))).not.toThrow();
  });
});

it('the sample tenants are there to be mutated, and valid', () => {
  expect(sampleTenants().length).toBeGreaterThanOrEqual(10);
  for (const bytes of sampleTenants()) expect(WebAssembly.validate(bytes)).toBe(true);
});
