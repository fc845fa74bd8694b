/** The example of an interpreter: needs its module, which is built by examples/script-page/build.sh and not in the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEdge, type Edge } from './edge.ts';

const EXAMPLE = new URL('../../examples/script-page/', import.meta.url);
const MODULE = new URL('qjs.wasm', EXAMPLE);

/** Lines of the example's manifest behind `name` and `main`. */
const MANIFEST = readFileSync(new URL('kerb.toml', EXAMPLE), 'utf8').split('\n').slice(2).join('\n');

describe.skipIf(!existsSync(MODULE))('an interpreter (needs examples/script-page/build.sh to have run)', () => {
  let edge: Edge;

  beforeAll(async () => {
    edge = await startEdge();
    const page = join(edge.tenants, 'script-page', 'page');
    await mkdir(page, { recursive: true });
    await writeFile(join(page, 'index.js'), readFileSync(new URL('page/index.js', EXAMPLE)));
    await edge.put('script-page', { module: readFileSync(MODULE), manifest: MANIFEST });
    await edge.untilSaid('script-page: version');
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

  it('does not take its options from clients', async () => {
    for (const path of ['/?-e+print(1)', '/?--help', '/?-d=1'])
      expect((await edge.fetch('script-page', path)).text).toContain('<h1>Hello, stranger</h1>');
  });
});
