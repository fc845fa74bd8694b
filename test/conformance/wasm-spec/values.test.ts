import { describe, expect, it } from 'vitest';
import { adapterText, bind, hostReference, isCallable } from './adapters.ts';
import { assemble } from './assemble.ts';
import { floatBits } from './floats.ts';
import { ScriptError, readExpressions } from './sexpr.ts';
import type { List } from './sexpr.ts';
import { constantOf, floatLiterals, patternOf, show } from './values.ts';
import type { Value } from './values.ts';

function node(text: string): List {
  const [first] = readExpressions(text);
  if (first?.kind !== 'list') throw new TypeError(`${text} is no list`);
  return first;
}

const value = (text: string): Value => constantOf(node(text), floatBits(floatLiterals(node(text))));
const shown = (text: string): string => show(value(text));
const accepts = (pattern: string, given: string): boolean =>
  patternOf(node(pattern), floatBits(floatLiterals(node(pattern))))(value(given));

describe('constants', () => {
  it.each([
    ['(i32.const -1)', 'i32:0xffffffff'],
    ['(i32.const 0x8000_0000)', 'i32:0x80000000'],
    ['(i64.const -0x1)', 'i64:0xffffffffffffffff'],
    ['(f32.const -0)', 'f32:0x80000000'],
    ['(f32.const nan:0x1)', 'f32:0x7f800001'],
    ['(f32.const 0x1.fffffefp+0)', 'f32:0x3fffffff'],
    // Halfway between two floats: rounding through a double first would go the other way.
    ['(f32.const 1.00000017881393432617187499)', 'f32:0x3f800001'],
    ['(f64.const -inf)', 'f64:0xfff0000000000000'],
    ['(f64.const -nan:0x4_0000_0000_0001)', 'f64:0xfff4000000000001'],
    ['(v128.const i8x16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 -1)', 'v128:0xff0f0e0d0c0b0a090807060504030201'],
    ['(v128.const f32x4 1 nan:0x1 -0 inf)', 'v128:0x7f800000800000007f8000013f800000'],
    ['(ref.null func)', 'funcref:null'],
    ['(ref.null exn)', 'exnref:null'],
    ['(ref.extern 7)', 'externref:7'],
  ])('%s is %s', (text, wanted) => expect(shown(text)).toBe(wanted));

  it.each(['(i32.const x)', '(f32.const infinity)', '(v128.const i32x4 1 2)', '(ref.func $f)', '(ref.null any)'])(
    '%s is none',
    (text) => expect(() => value(text)).toThrow(ScriptError),
  );
});

describe('results', () => {
  it('are compared bit by bit', () => {
    expect(accepts('(f32.const 0)', '(f32.const -0)')).toBe(false);
    expect(accepts('(f64.const nan:0x1)', '(f64.const nan:0x2)')).toBe(false);
    expect(accepts('(i32.const 1)', '(i64.const 1)')).toBe(false);
    expect(accepts('(i32.const -1)', '(i32.const 0xffffffff)')).toBe(true);
  });

  it('tell canonical from arithmetic NaNs, of either sign', () => {
    expect(accepts('(f32.const nan:canonical)', '(f32.const -nan)')).toBe(true);
    expect(accepts('(f32.const nan:canonical)', '(f32.const nan:0x400001)')).toBe(false);
    expect(accepts('(f32.const nan:arithmetic)', '(f32.const nan:0x400001)')).toBe(true);
    expect(accepts('(f64.const nan:arithmetic)', '(f64.const nan:0x1)')).toBe(false);
    expect(accepts('(f64.const nan:arithmetic)', '(f64.const inf)')).toBe(false);
  });

  it('tell the NaNs of lanes', () => {
    const lanes = '(v128.const f64x2 nan:canonical 1)';
    expect(accepts(lanes, '(v128.const f64x2 -nan 1)')).toBe(true);
    expect(accepts(lanes, '(v128.const f64x2 nan 2)')).toBe(false);
    expect(accepts(lanes, '(v128.const f64x2 nan:0x8_0000_0000_0001 1)')).toBe(false);
  });

  it('take one of several', () => {
    expect(accepts('(either (i32.const 1) (i32.const 2))', '(i32.const 2)')).toBe(true);
    expect(accepts('(either (i32.const 1) (i32.const 2))', '(i32.const 3)')).toBe(false);
  });

  it('tell references', () => {
    expect(accepts('(ref.null)', '(ref.null extern)')).toBe(true);
    expect(accepts('(ref.null func)', '(ref.null extern)')).toBe(false);
    expect(accepts('(ref.extern)', '(ref.extern 1)')).toBe(true);
    expect(accepts('(ref.extern 2)', '(ref.extern 1)')).toBe(false);
    expect(accepts('(ref.func)', '(ref.null func)')).toBe(false);
  });
});

/** The export `f` of a module, called with these constants. */
function through(fields: string, signature: string, ...args: string[]): string {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(`(module ${fields})`)));
  return bind(exports['f'], signature)(args.map(value)).map(show).join(' ');
}

describe('an adapter', () => {
  it('passes every type there and back without losing a bit', () => {
    const types = 'i32 i64 f32 f64 v128 funcref externref';
    const all = ['(i32.const -5)', '(i64.const -6)', '(f32.const -nan:0x1)', '(f64.const nan:0x1)'];
    const more = ['(v128.const f32x4 nan:0x1 1 -nan:0x2 3)', '(ref.null func)', '(ref.extern 4)'];
    const gets = Array.from({ length: 7 }, (_, index) => `local.get ${index}`).join(' ');
    const fields = `(func (export "f") (param ${types}) (result ${types}) ${gets})`;
    expect(through(fields, 'iIfFvrx->iIfFvrx', ...all, ...more)).toBe([...all, ...more].map(shown).join(' '));
  });

  it('tells functions and exceptions from null', () => {
    expect(through('(func $f (export "f") (result funcref) ref.func $f)', '->r')).toBe('funcref:some');
    expect(through('(func (export "f") (param exnref) (result exnref) local.get 0)', 'n->n', '(ref.null exn)')).toBe(
      'exnref:null',
    );
  });

  it('lets traps through', () => {
    expect(() => through('(func (export "f") (result v128) unreachable)', '->v')).toThrow(WebAssembly.RuntimeError);
  });

  it('refuses arguments of other types and types that it does not know', () => {
    expect(() => through('(func (export "f") (param i32))', 'i->', '(i64.const 1)')).toThrow('arguments I for i->');
    expect(isCallable('?->')).toBe(false);
    expect(() => adapterText('?->')).toThrow('no adapter');
  });

  it('gives the same object for the same number', () => {
    expect(hostReference(3)).toBe(hostReference(3));
    expect(hostReference(3)).not.toBe(hostReference(4));
  });
});
