import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isIn, readExpectations } from './expectations.ts';
import type { Expectations } from './expectations.ts';
import { judge, outdated } from './judgement.ts';
import type { Result, ScriptRun } from './run-script.ts';
import { summaryLines, totalsOf } from './summary.ts';

const NONE: Expectations = { refused: [], unassembled: [], skipped: [], empty: [] };
const result = (status: Result['status'], ...reasons: string[]): Result => ({
  line: 7,
  text: '(assert_return (invoke "f") (i32.const 1))',
  subject: 'assertion',
  status,
  reasons,
  right: [status === 'passed', status === 'passed', status === 'passed'],
});
const ran = (...results: Result[]): ScriptRun => ({ results, interrupts: 5, yields: 1 });
const PASSED = result('passed');
const FAILED = result('failed', 'expected trap, the original came to ()');
const failures = (run: ScriptRun, expectations: Partial<Expectations>): readonly string[] =>
  judge('core/f.wast', run, { ...NONE, ...expectations }).failures;

describe('a failure', () => {
  it('is told with file, line, reason and command', () => {
    expect(failures(ran(FAILED), {})).toEqual([
      'core/f.wast:7: expected trap, the original came to ()\n    (assert_return (invoke "f") (i32.const 1))',
    ]);
  });

  it('is left out when a skip names file, command and reason', () => {
    const skip = { files: ['f.wast'], command: 'invoke "f"', match: 'expected trap', reason: 'old' };
    const report = judge('core/f.wast', ran(FAILED, PASSED), {
      ...NONE,
      skipped: [{ ...skip, command: 'i32.const 2' }, skip],
    });
    expect(report.leftOut).toEqual([{ kind: 'skipped', reason: 'old', count: 1 }]);
    expect(report.failures).toEqual([expect.stringContaining('passes, but is skipped because old')]);
  });

  it.each([
    { files: ['g.wast'], match: '.' },
    { files: ['f.wast'], match: 'other' },
    { files: ['f.wast'], match: '.', command: 'other' },
  ])('is not left out by %j', (skip) => {
    expect(failures(ran(FAILED), { skipped: [{ ...skip, reason: 'x' }] })[0]).toContain('expected trap');
  });
});

describe('a difference between original and rewritten', () => {
  it('is a failure whatever is skipped', () => {
    const skipped = [{ files: ['f.wast'], match: '.', reason: 'x', versions: 'some' } as const];
    const different = result('failed', 'difference: the original came to (), rewritten to trap', 'expected trap');
    expect(failures(ran(different), { skipped })).toEqual([expect.stringContaining('difference')]);
  });
});

describe('a skip that starts to pass', () => {
  it('fails, by command', () => {
    const skipped = [{ files: ['*.wast'], command: 'invoke', match: '.', reason: 'x' }];
    expect(failures(ran(PASSED), { skipped })).toEqual([expect.stringContaining('remove the skip')]);
  });

  it('fails, by file', () => {
    const skipped = [{ files: ['f.wast'], match: 'anything', reason: 'x' }];
    expect(failures(ran(PASSED), { skipped })).toEqual([expect.stringContaining('any more: remove the skip')]);
  });

  it('is fine when only some versions of the suite fail', () => {
    const skip = { files: ['f.wast'], match: '.', reason: 'x', versions: 'some' } as const;
    expect(failures(ran(PASSED), { skipped: [skip, { ...skip, command: 'invoke' }] })).toEqual([]);
  });
});

describe('a refusal', () => {
  const refused = [{ match: 'is a memory', reason: 'imports', in: ['f.wast', 'g.wast'] }];

  it('is left out when every line of it is expected', () => {
    expect(judge('f.wast', ran(PASSED, result('refused', 'x is a memory')), { ...NONE, refused })).toMatchObject({
      passed: 1,
      failures: [],
      leftOut: [{ kind: 'refused by design', reason: 'imports', count: 1 }],
      kinds: [{ match: 'is a memory', met: true }],
    });
  });

  it('fails when a line is not, or not in this file', () => {
    const both = result('refused', 'x is a memory', 'no reason');
    expect(failures(ran(PASSED, both), { refused })).toEqual([expect.stringContaining('unexpectedly: no reason')]);
    const elsewhere = [{ match: '.', reason: 'x', only: ['g.wast'] }];
    expect(failures(ran(PASSED, both), { refused: elsewhere })).toHaveLength(1);
    expect(failures(ran(PASSED, result('unassembled', 'syntax')), { refused })).toHaveLength(1);
  });

  it('that is met in none of its files is out of date, and one of them is enough', () => {
    const report = (file: string, ...results: Result[]): ReturnType<typeof judge> =>
      judge(file, ran(PASSED, ...results), { ...NONE, refused });
    expect(outdated([report('f.wast'), report('g.wast')])).toEqual([expect.stringContaining('is a memory')]);
    expect(outdated([report('f.wast'), report('g.wast', result('refused', 'is a memory'))])).toEqual([]);
    expect(outdated([report('h.wast')])).toEqual([]);
  });
});

describe('a file without assertions', () => {
  it('fails unless a reason is stated, and fails when it has some after all', () => {
    const empty = [{ files: ['f.wast'], reason: 'x' }];
    expect(failures(ran(result('inapplicable', 'x')), {})).toEqual([expect.stringContaining('not one assertion')]);
    expect(failures(ran(), { empty })).toEqual([]);
    expect(failures(ran(PASSED), { empty })).toEqual([expect.stringContaining('none is expected')]);
    expect(failures(ran(PASSED), { empty: [{ files: ['f.wast'], reason: 'x', versions: 'some' }] })).toEqual([]);
  });
});

describe('the summary', () => {
  it('adds up', () => {
    const reports = [
      judge('a', ran(PASSED, FAILED), NONE),
      judge('b', ran(PASSED, result('inapplicable', 'text')), NONE),
    ];
    expect(totalsOf(reports, ['fault'])).toEqual({ passed: 2, failed: 2, skipped: 1 });
    const lines = summaryLines(reports).map((line) => line.trim().replace(/ +/, ' '));
    expect(lines).toContain('2 files');
    expect(lines).toContain('1 not applicable');
    expect(lines).toContain('10 interrupts');
  });
});

describe('the expectations file', () => {
  it('of the suite is well-formed', () => {
    expect(readExpectations(new URL('expectations.json', import.meta.url)).refused.length).toBeGreaterThan(0);
  });

  it.each([
    {},
    { ...NONE, refused: [{ match: 'x' }] },
    { ...NONE, skipped: [{ match: 'x', reason: 'y' }] },
    { ...NONE, refused: [{ match: '(', reason: 'y' }] },
    { ...NONE, empty: [null] },
  ])('is refused as %j', (content) => {
    const folder = mkdtempSync(join(tmpdir(), 'expectations-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'e.json'), JSON.stringify(content));
    expect(() => readExpectations(join(folder, 'e.json'))).toThrow(/expectations:|regular expression/);
  });

  it('names files by their ends', () => {
    expect(isIn('core/simd/simd_a.wast', ['simd_*.wast'])).toBe(true);
    expect(isIn('a.wast', ['a.wast'])).toBe(true);
    expect(isIn('ba.wast', ['a.wast'])).toBe(false);
    expect(isIn('x/proposals/threads/a.wast', ['proposals/threads/*.wast'])).toBe(true);
  });
});
