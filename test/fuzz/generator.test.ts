import { describe, expect, it } from 'vitest';
import { decode } from '../../src/wasm/decode.ts';
import { Refusals } from '../../src/wasm/refusals.ts';
import { generate } from './generator/module.ts';
import { acceptedOpcodes, opcodesUsed } from './opcodes-used.ts';
import { KERB } from './oracle/subject.ts';

const SEEDS = Array.from({ length: 300 }, (_, index) => index + 1);

describe('generated modules', () => {
  const modules = SEEDS.map((seed) => generate(seed));

  it('are all valid, with fuel and without', () => {
    expect(modules.filter((bytes) => !WebAssembly.validate(bytes))).toEqual([]);
    const endless = SEEDS.slice(0, 100).map((seed) => generate(seed, 'endless'));
    expect(endless.filter((bytes) => !WebAssembly.validate(bytes))).toEqual([]);
  });

  it('are all admitted: nothing in them is refused', () => {
    for (const bytes of modules.slice(0, 100)) expect(() => KERB.inspect(bytes)).not.toThrow();
  });

  it('are made from the seed alone', () => {
    expect(generate(77)).toEqual(generate(77));
    expect(generate(77)).not.toEqual(generate(78));
  });

  it('use every instruction that Kerb accepts', () => {
    const used = new Set(modules.flatMap((bytes) => [...opcodesUsed(bytes)]));
    const missing = acceptedOpcodes().filter((opcode) => !used.has(opcode));
    expect(missing.map((opcode) => `0x${opcode.toString(16)}`)).toEqual([]);
  });

  it('use every section, kind of segment and form of declaration', () => {
    const decoded = modules.map((bytes) => decode(bytes, new Refusals()));
    const some = (holds: (module: (typeof decoded)[number]) => boolean): number => decoded.filter(holds).length;
    expect({
      imports: some(({ imports }) => imports.length > 2) > 9,
      'no memory': some(({ memories }) => memories.length === 0) > 9,
      'a memory without maximum': some(({ memories }) => memories[0]?.maximum === null) > 9,
      'several tables': some(({ tables }) => tables.length > 1) > 9,
      'tables with an initializer': some(({ tables }) => tables.some(({ init }) => init !== null)) > 9,
      tags: some(({ tags }) => tags.length > 0) > 9,
      start: some(({ start }) => start !== null) > 9,
      'active and passive data': some(({ data }) => data.active > 0 && data.count > data.active) > 9,
      'mutable globals': some(({ globals }) => globals.mutable.length > 3) > 9,
      'custom sections': some(({ strippedBytes, bytes }) => strippedBytes < bytes.length) > 9,
    }).toEqual({
      imports: true,
      'no memory': true,
      'a memory without maximum': true,
      'several tables': true,
      'tables with an initializer': true,
      tags: true,
      start: true,
      'active and passive data': true,
      'mutable globals': true,
      'custom sections': true,
    });
  });
});
