import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Totals } from '../suite.ts';
import { cacheTests, runCacheTests } from './cache-tests.ts';
import { readExpectations } from './expectations.ts';
import { judge, type Run } from './judgement.ts';
import { complaintsOf, readCatalogue, readResults, type CatalogueTest } from './standing.ts';

/** An origin that counts how often it was asked, and says so. */
const ORIGIN = `import { createServer } from 'node:http';
let asked = 0;
const server = createServer((request, response) => {
  response.writeHead(200, { 'cache-control': request.url === '/kept' ? 'max-age=60' : 'no-store' }).end(String(asked += 1));
});
server.listen(Number(process.env.npm_config_port), () =>
  console.log('Listening on http://[::]:' + server.address().port + '/'));`;

/** A client with four tests: what is stored comes again, what is not does not, a thing that cannot be, and one that needs that. */
const CLIENT = `const base = process.env.npm_config_base;
if (process.env.npm_package_config_id !== '') throw new Error('a single test was asked for');
const ask = async (path) => (await fetch(base + path)).text();
const same = async (path) => (await ask(path)) === (await ask(path));
const no = ['Assertion', 'it is not so'];
console.log(JSON.stringify({
  kept: (await same('/kept')) || no, gone: !(await same('/gone')) || no, never: no, after: true, may: true,
}));`;

const TESTS = `export default [
  { tests: [{ id: 'kept' }, { id: 'never', kind: 'optimal' }, { id: 'browser', browser_only: true }] },
  { tests: [{ id: 'gone', depends_on: ['kept'] }, { id: 'after', kind: 'optimal', depends_on: ['never'] }, { id: 'may', kind: 'check' }] },
];`;

const FILES = { 'test-engine/server/server.mjs': ORIGIN, 'test-engine/cli.mjs': CLIENT, 'tests/index.mjs': TESTS };

function checkout(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cache-tests-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

/** A run of a stand-in for the suite. */
async function run(files: object, failing: readonly string[]): Promise<Totals & { readonly lines: string }> {
  const folder = checkout({ ...FILES, ...files });
  const expectations = join(folder, 'e.json');
  writeFileSync(expectations, JSON.stringify({ failing: failing.map((id) => ({ tests: [id], reason: 'by design' })) }));
  const lines: string[] = [];
  const totals = await runCacheTests(folder, (line) => void lines.push(line), expectations);
  return { ...totals, lines: lines.join('\n') };
}

describe('a suite, against a whole Kerb', () => {
  it('passes when everything goes as expected, with one thread and with three', async () => {
    const { lines, ...totals } = await run({}, ['never', 'after']);
    expect(lines).toContain('threads 1: 2 of 2 required, 0 of 2 optimal; 1 of 1 optional behaviours');
    expect(lines).toContain('threads 3: 2 of 2 required');
    expect(lines).toContain('2 not passed, as expected: by design');
    expect(totals).toEqual({ passed: 2, failed: 0, skipped: 2 });
  });

  it('fails when its client breaks down, or has no tests', async () => {
    const broken = await run({ 'test-engine/cli.mjs': 'process.exit(3)' }, []);
    expect(broken).toMatchObject({ passed: 0, failed: 1, skipped: 0 });
    expect(broken.lines).toContain('ended with 3');
    expect((await run({ 'tests/index.mjs': 'export default []' }, [])).lines).toContain('FAILED');
    expect((await run({ 'test-engine/server/server.mjs': 'process.exit(0)' }, [])).lines).toContain(
      'FAILED it has ended',
    );
  });
});

const test = (id: string, kind: CatalogueTest['kind'] = 'required', needs: string[] = []): CatalogueTest => ({
  id,
  kind,
  needs,
});

describe('a test', () => {
  const tests = [test('a'), test('b', 'optimal', ['a']), test('c', 'required', ['b']), test('d', 'check', ['unknown'])];

  it('is not passed when what it depends on is not, however far away', () => {
    const complaints = complaintsOf(tests, { a: ['Setup', 'retry'], b: true, c: true, d: true });
    expect(Object.fromEntries(complaints)).toEqual({
      a: 'Setup: retry',
      b: 'a, on which it depends, is not passed',
      c: 'b, on which it depends, is not passed',
      d: 'unknown, on which it depends, is not passed',
    });
    expect([...complaintsOf(tests, { a: true, b: true, c: true, d: true }).keys()]).toEqual(['d']);
  });

  it('is not passed when it was not run', () => {
    expect(complaintsOf([test('toString')], {}).get('toString')).toBe('it was not run');
  });
});

describe('the judgement', () => {
  const tests = [test('a'), test('b', 'optimal'), test('c', 'check')];
  const ran = (how: string, ...ids: string[]): Run => ({ how, complaints: new Map(ids.map((id) => [id, 'no'])) });

  it('takes an unlisted complaint, a listed pass and an unknown test for failures', () => {
    expect(judge(tests, [ran('x', 'a')], new Map()).failures).toEqual(['a (x): no']);
    expect(judge(tests, [ran('x')], new Map([['a', 'r']])).failures[0]).toContain(
      'a (x) passes, but is expected not to',
    );
    expect(judge(tests, [ran('x')], new Map([['z', 'r']])).failures[0]).toContain('z is expected to fail, but is no');
  });

  it('leaves behaviours open, and wants the same of all runs', () => {
    expect(judge(tests, [ran('x', 'c'), ran('y', 'c')], new Map())).toEqual({ passed: 2, skipped: 0, failures: [] });
    expect(judge(tests, [ran('x', 'c'), ran('y')], new Map()).failures).toEqual([
      'c goes one way with x, another with y',
    ]);
    expect(judge(tests, [ran('x', 'b'), ran('y', 'b')], new Map([['b', 'r']]))).toMatchObject({
      passed: 1,
      skipped: 1,
    });
  });
});

describe('what is read', () => {
  it('is refused when it cannot be counted', () => {
    for (const text of ['{}', '[]', '[{"id":"a","kind":"odd","needs":[]}]', '[null]'])
      expect(() => readCatalogue(text)).toThrow(TypeError);
    for (const text of ['[]', 'null', '1']) expect(() => readResults(text)).toThrow(TypeError);
  });

  it('has a reason for every expectation', () => {
    const path = join(checkout({}), 'e.json');
    for (const failing of [undefined, [{ tests: ['a'] }], [{ tests: [], reason: 'x' }], [null]]) {
      writeFileSync(path, JSON.stringify({ failing }));
      expect(() => readExpectations(path)).toThrow(TypeError);
    }
    expect(readExpectations(new URL('expectations.json', import.meta.url)).size).toBeGreaterThan(0);
  });

  it('says where the files come from', () => {
    expect(cacheTests.files in FILES).toBe(true);
  });
});
