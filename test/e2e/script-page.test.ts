/** The example of an interpreter: JavaScript in QuickJS. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge } from './edge.ts';
import { exampleOf } from './examples.ts';

const EXAMPLE = exampleOf('script-page', 'qjs.wasm', 'build.sh');

describe.skipIf(EXAMPLE.absent)(`an interpreter (${EXAMPLE.needs})`, () => {
  let edge: Edge;

  beforeAll(async () => {
    edge = await startEdge({ examples: ['script-page'] });
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
