import { describe, expect, it } from 'vitest';
import { HELPERS, helpersOf, replacementOf } from '../../../src/instrument/additions.ts';
import type { Helper } from '../../../src/instrument/additions.ts';
import { parse } from '../../../src/instrument/parse.ts';
import { rewrite, text, wat } from './harness.ts';

const source = (code: string): Uint8Array<ArrayBuffer> =>
  wat(`(module (memory 1) (data $d "a") (table 2 funcref) (func (export "f") (param i32) ${code}))`);

function helpers(bytes: Uint8Array<ArrayBuffer>): readonly Helper[] {
  const { module, code } = parse(bytes, 1e6, () => undefined);
  return helpersOf(module, code);
}

const FILL = 'i32.const 0 i32.const 0 local.get 0 memory.fill';
const COPY = 'i32.const 0 i32.const 0 local.get 0 memory.copy';

describe('the helpers of an output', () => {
  it.each([
    ['without a memory', wat('(module (func))'), ['slow']],
    ['with a memory', source(''), ['slow', 'grow']],
    ['with a fill', source(FILL), ['slow', 'grow', 'fill', 'fillInPieces']],
    ['with a copy', source(COPY), ['slow', 'grow', 'copy', 'copyInPieces']],
    ['with both, twice', source(`${COPY} ${FILL} ${COPY} ${FILL}`), Object.keys(HELPERS)],
    ['with small constant sizes', source(FILL.replace('local.get 0', 'i32.const 9')), ['slow', 'grow']],
    [
      'with other bulk operations',
      source(`i32.const 0 i32.const 0 local.get 0 memory.init $d
        i32.const 0 ref.null func local.get 0 table.fill i32.const 0 i32.const 0 local.get 0 table.copy`),
      ['slow', 'grow'],
    ],
  ])('%s', (_, bytes, expected) => {
    expect(helpers(bytes)).toEqual(expected);
    const added = text(rewrite(bytes).bytes).match(/\n {2}\(func /g)?.length;
    expect(added).toBe(1 + expected.length);
  });
});

describe('a replacement', () => {
  it('is there for growth and for fills and copies of any size, and for nothing else', () => {
    const { code } = parse(source(`block ${FILL} ${COPY} local.get 0 memory.grow drop end`), 1e6, () => undefined);
    const rows = Array.from({ length: code.events.length }, (_, row) => replacementOf(code.events, row));
    expect(rows).toEqual([null, 'fill', 'copy', 'grow', null, null]);
  });
});
