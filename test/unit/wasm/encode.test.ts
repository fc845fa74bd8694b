import { describe, expect, it } from 'vitest';
import { encodeFunctionType, encodeHeader, encodeSection, encodeVector, Section } from '../../../src/wasm/encode.ts';
import { Value } from '../../../src/wasm/module.ts';
import { Writer } from '../../../src/wasm/writer.ts';

describe('sections', () => {
  it('that are empty are left out', () => {
    const out = new Writer();
    encodeSection(out, Section.type, encodeVector([], encodeFunctionType));
    expect(out.length).toBe(0);
  });

  it('make a module that V8 takes', () => {
    const out = new Writer();
    encodeHeader(out);
    encodeSection(
      out,
      Section.type,
      encodeVector(
        [
          { params: [Value.i32, Value.v128], results: [Value.i64, Value.funcref] },
          { params: [], results: [] },
        ],
        encodeFunctionType,
      ),
    );
    expect(WebAssembly.validate(out.toBytes())).toBe(true);
    expect([...out.view().subarray(8)]).toEqual([1, 11, 2, 0x60, 2, 0x7f, 0x7b, 2, 0x7e, 0x70, 0x60, 0, 0]);
  });
});
