/** The example of an interpreter: JavaScript in QuickJS. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge } from './edge.ts';
import { exampleOf } from './examples.ts';

const FOLDER = new URL('../../examples/script-page/', import.meta.url);

/** Lines of the example's manifest behind `name` and `main`. */
const MANIFEST = readFileSync(new URL('kerb.toml', FOLDER), 'utf8').split('\n').slice(2).join('\n');

const EXAMPLE = exampleOf('script-page', 'qjs.wasm', 'build.sh');

/** A page that says what must not be that of the deploy. */
const DICE = `print('Content-Type: application/json\\n');
print(JSON.stringify({ drawn: [Math.random(), Math.random()], ms: Date.now(), query: std.getenv('QUERY_STRING') }));`;

describe.skipIf(EXAMPLE.absent)(`an interpreter (${EXAMPLE.needs})`, () => {
  let edge: Edge;

  beforeAll(async () => {
    edge = await startEdge({ examples: ['script-page'] });
    const files = { 'page/index.js': DICE };
    await edge.put('dice', { module: readFileSync(new URL('qjs.wasm', FOLDER)), manifest: MANIFEST, files });
    await edge.untilSaid('dice: version');
  });
  afterAll(() => edge.stop());

  it('runs a script for each request', async () => {
    const { status, headers, text } = await edge.fetch('script-page', '/a?name=%3CAda%3E', {
      method: 'POST',
      body: 'four',
    });
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('<h1>Hello, &lt;Ada&gt;</h1>');
    expect(text).toContain('<dt>path</dt><dd>/a</dd><dt>body</dt><dd>4 characters</dd>');
  });

  it('keeps nothing, and finds its instance put back', async () => {
    for (let round = 0; round < 20; round += 1)
      expect((await edge.fetch('script-page', `/?name=${round}`)).text).toContain(`<h1>Hello, ${round}</h1>`);
  });

  it('is made once, at deploy, and each request has its own time, chance and variables', async () => {
    expect(edge.stderr).toMatch(/script-page: version .*; start-up once, image \d+ KiB/);
    const drawn = new Set<number>();
    for (let round = 0; round < 5; round += 1) {
      const before = Date.now();
      const said = JSON.parse((await edge.fetch('dice', `/?${round}`)).text) as { drawn: number[]; ms: number };
      expect(said).toMatchObject({ query: String(round) });
      expect(said.ms).toBeGreaterThanOrEqual(before - 1);
      expect(said.ms).toBeLessThanOrEqual(Date.now() + 1);
      for (const number of said.drawn) expect(number >= 0 && number < 1).toBe(true);
      for (const number of said.drawn) drawn.add(number);
    }
    expect(drawn.size).toBe(10);
  });

  it('does not take its options from clients', async () => {
    for (const path of ['/?-e+print(1)', '/?--help', '/?-d=1'])
      expect((await edge.fetch('script-page', path)).text).toContain('<h1>Hello, stranger</h1>');
  });
});
