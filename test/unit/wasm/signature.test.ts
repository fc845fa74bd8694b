import { describe, expect, it } from 'vitest';
import { explainSignature, formatSignature } from '../../../src/wasm/signature.ts';

describe('signatures', () => {
  it('are the letters of their types', () => {
    expect(formatSignature({ params: [0x7f, 0x7e, 0x7d, 0x7c], results: [0x7f] })).toBe('iIfF->i');
    expect(formatSignature({ params: [], results: [] })).toBe('->');
  });

  it('with a type that no host function has equal no host function', () => {
    expect(formatSignature({ params: [0x7b, 0x70, 0x6f, 0x69], results: [] })).toBe('vrxn->');
    expect(formatSignature({ params: [0x01], results: [] })).toBe('?->');
  });

  it('are explained in words', () => {
    expect(explainSignature('iI->F')).toBe('(i32, i64) -> (f64)');
    expect(explainSignature('->')).toBe('() -> ()');
  });
});
