import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { TypeCensus } from '../../../src/control/type-census.ts';
import { KerbError } from '../../../src/errors.ts';
import type { Signature } from '../../../src/wasm/signature.ts';

/** Distinct signatures. */
function signatures(count: number, from = 0): Signature[] {
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  return numbers.map((number): Signature => `${'i'.repeat(number % 7)}${number.toString(2)}->`);
}

describe('a census of function types', () => {
  it('counts each type once, however often and in however many modules it comes', () => {
    const census = TypeCensus.create(100);
    census.admit(['i->i', 'i->i', '->']);
    census.admit(['->', 'I->', 'i->i']);
    expect(census.count).toBe(3);
  });

  it('takes exactly as many as it has room for', () => {
    const census = TypeCensus.create(64);
    census.admit(signatures(64));
    expect(census.count).toBe(64);
    census.admit(signatures(64));
    expect(census.count).toBe(64);
  });

  it('refuses a module that brings more, names the numbers and the remedy, and counts none of its types', () => {
    const census = TypeCensus.create(64);
    census.admit(signatures(60));
    const refused = (): void => census.admit(signatures(8, 58));
    expect(refused).toThrow(KerbError);
    expect(refused).toThrow('has seen 60 of at most 64 distinct ones, and the module brings 6; restart Kerb');
    expect(census.count).toBe(60);
    census.admit(signatures(4, 58));
    expect(census.count).toBe(62);
  });

  it('finds every one of many again', () => {
    const census = TypeCensus.create(20_000);
    for (let from = 0; from < 20_000; from += 1_000) census.admit(signatures(1_000, from));
    expect(census.count).toBe(20_000);
    for (let from = 500; from < 19_000; from += 1_000) census.admit(signatures(1_000, from));
    expect(census.count).toBe(20_000);
  });

  it('keys its fingerprints, so that collisions found in one process are none in another', () => {
    const [one, other] = [TypeCensus.create(8), TypeCensus.create(8)];
    one.admit(['i->i']);
    other.admit(['i->i']);
    expect(one.share.places.find((place) => place !== 0n)).not.toBe(other.share.places.find((place) => place !== 0n));
  });

  it('goes on on another thread', async () => {
    const census = TypeCensus.create(100);
    census.admit(['i->i']);
    const url = new URL('../../../src/control/type-census.ts', import.meta.url).href;
    const program = `import { workerData } from 'node:worker_threads';
      const { TypeCensus } = await import(${JSON.stringify(url)});
      new TypeCensus(workerData).admit(['i->i', 'I->I']);`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
      workerData: census.share,
    });
    await once(worker, 'exit');
    expect(census.count).toBe(2);
    census.admit(['I->I']);
    expect(census.count).toBe(2);
  });
});
