/** The example of a big interpreter from npm: Python in CPython. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge } from './edge.ts';
import { exampleOf } from './examples.ts';

/** KiB of memory that the module declares. A request that stays within them leaves an instance that can be put back. */
const DECLARED_KIB = 10_240;

const EXAMPLE = exampleOf('python-page', 'python.wasm', 'fetch.mjs');

describe.skipIf(EXAMPLE.absent)(`a big interpreter (${EXAMPLE.needs})`, () => {
  let edge: Edge;

  beforeAll(async () => {
    edge = await startEdge({ examples: ['python-page'] });
  }, 60_000);
  afterAll(() => edge.stop());

  const words = async (path: string, body: string): Promise<unknown> => {
    const { status, headers, text } = await edge.fetch('python-page', path, { method: 'POST', body });
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    return JSON.parse(text);
  };

  it('runs a script for each request', async () => {
    expect(await words('/a/b', 'The sea, the sky, the éclair')).toEqual({
      path: '/a/b',
      words: 6,
      most: { the: 3, sea: 1, sky: 1 },
    });
  });

  it('keeps nothing of the request before', async () => {
    for (let round = 0; round < 10; round += 1)
      expect(await words('/', `w${round}`)).toEqual({ path: '/', words: 1, most: { [`w${round}`]: 1 } });
  });

  it('stays within the memory that its module declares', async () => {
    await words('/memory', 'a '.repeat(1_000));
    const line = await edge.untilLogged(({ kind, target }) => kind === 'access' && target === '/memory');
    expect(line['memory_kb']).toBe(DECLARED_KIB);
  });

  it('does not take its options from clients', async () => {
    for (const path of ['/?-c+print(1)', '/?--help', '/?-V'])
      expect(await words(path, 'one')).toEqual({ path: '/', words: 1, most: { one: 1 } });
  });
});
