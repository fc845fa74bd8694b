import { describe, expect, it } from 'vitest';
import { MANIFEST_LIMITS } from '../../../src/control/manifest-limits.ts';
import { parseManifest, type Manifest } from '../../../src/control/manifest.ts';
import { KerbError } from '../../../src/errors.ts';

/** Lines 1 and 2 of every manifest here. */
const HEAD = 'name = "app"\nmain = "app.wasm"\n';

function rulesOf(text: string): Manifest['onFailure'] {
  return parseManifest(HEAD + text, 'kerb.toml').onFailure;
}

function faultsOf(text: string): readonly string[] {
  try {
    parseManifest(HEAD + text, 'kerb.toml');
  } catch (error) {
    if (error instanceof KerbError && error.code === 'bad_manifest') return error.details;
    throw error;
  }
  throw new Error('accepted');
}

describe('a rule of [[on_failure]]', () => {
  it('is for all failures below the path of the app where it says nothing else', () => {
    expect(rulesOf('path = "/api"\n[[on_failure]]\nserve = ["stale"]')).toEqual([
      { path: '/api', on: ['trap', 'budget', 'backend'], serve: ['stale'], page: null },
    ]);
  });

  it('takes every key', () => {
    const text = `origin = "o"\n[backends.o]\nurl = "http://x"
      [[on_failure]]\npath = "/a/"\non = ["trap"]\nserve = ["origin", "page"]\npage = "./pages/Sorry.HTML"\nstatus = 404
      [[on_failure]]\npath = "/a"\non = ["budget"]\nserve = []`;
    expect(rulesOf(text)).toEqual([
      { path: '/a', on: ['trap'], serve: ['origin', 'page'], page: { path: 'pages/Sorry.HTML', status: 404 } },
      { path: '/a', on: ['budget'], serve: [], page: null },
    ]);
  });

  it('has a page with 503 where no status is given', () => {
    expect(rulesOf('[[on_failure]]\nserve = ["page"]\npage = "a.txt"')[0]?.page).toEqual({
      path: 'a.txt',
      status: 503,
    });
  });

  it.each([
    [
      '[on_failure]\nserve = []',
      ':3: on_failure: a table is not a list of tables; write [[on_failure]], in double brackets',
    ],
    ['on_failure = [3]', ':3: on_failure[0]: 3 is not a table; write [[on_failure]] with serve = ["page"] below it'],
    [
      '[[on_failure]]\non = ["trap"]',
      ':3: on_failure[0].serve: is missing; e.g. serve = ["page"], or [] for the error',
    ],
    ['[[on_failure]]\nserve = "page"', ':4: on_failure[0].serve: "page" is not a list of stale, origin, page; e.g.'],
    [
      '[[on_failure]]\nserve = ["retry"]',
      ':4: on_failure[0].serve[0]: "retry" is not one of stale, origin, page; e.g.',
    ],
    ['[[on_failure]]\nserve = ["stale", "stale"]', ':4: on_failure[0].serve[1]: "stale" is listed twice; remove one'],
    [
      '[[on_failure]]\nserve = []\non = ["guest_trap"]',
      ':5: on_failure[0].on[0]: "guest_trap" is not one of trap, budget',
    ],
    ['[[on_failure]]\nserve = []\npath = "../x"', ':5: on_failure[0].path: "../x" is not a path prefix'],
    [
      '[[on_failure]]\nserve = []\nretry = 1',
      ':5: on_failure[0].retry: is an unknown key; the keys here are path, on, serve',
    ],
    [
      '[[on_failure]]\nserve = ["page"]',
      ':3: on_failure[0].page: is missing; name the file that "page" of serve shows',
    ],
    [
      '[[on_failure]]\nserve = []\npage = "a.html"',
      ':5: on_failure[0].page: "a.html" is never shown; add "page" to serve',
    ],
    ['[[on_failure]]\nserve = []\nstatus = 500', ':5: on_failure[0].status: 500 is the status of a page; add "page"'],
    [
      '[[on_failure]]\nserve = ["origin"]',
      ':4: on_failure[0].serve: a list has "origin", and the manifest has none; add',
    ],
  ])('is refused as %j', (text, fault) => {
    expect(faultsOf(text)[0]).toContain(`kerb.toml${fault}`);
  });

  it.each([199, 201, 204, 206, 302, 304, 399, 600, 503.5, '"503"'])('has no page with status %s', (status) => {
    const faults = faultsOf(`[[on_failure]]\nserve = ["page"]\npage = "a.html"\nstatus = ${status}`);
    expect(faults).toEqual([
      expect.stringContaining('is not 200 or a whole number from 400 to 599; leave it out for 503'),
    ]);
  });

  it.each([
    '../other/sorry.html',
    '/etc/sorry.html',
    'a/../../b.html',
    'a\\b.html',
    'a//b.html',
    '.html/..',
    'sorry.svg',
    'sorry.js',
    'kerb.toml',
    'app.wasm',
    'sorry',
    'sorry.html.exe',
    'a\u0000.html',
    `${'a'.repeat(300)}.html`,
  ])('has no page from %j', (page) => {
    const faults = faultsOf(`[[on_failure]]\nserve = ["page"]\npage = ${JSON.stringify(page)}`);
    expect(faults).toEqual([
      expect.stringContaining('is not a relative path of an .html, .htm, .txt, .json or .xml file'),
    ]);
  });
});

describe('rules together', () => {
  it('are for paths below that of the app', () => {
    const rule = (path: string): string => `path = "/api"\n[[on_failure]]\nserve = []\npath = "${path}"`;
    expect(faultsOf(rule('/apix'))).toEqual([
      'kerb.toml:6: on_failure[0].path: "/apix" is not below the path of the app, /api; correct it or leave it out',
    ]);
    expect(rulesOf(rule('/api/x'))).toHaveLength(1);
  });

  it('claim a failure of one path once', () => {
    const text =
      '[[on_failure]]\nserve = []\non = ["trap"]\n[[on_failure]]\nserve = []\npath = "/"\non = ["budget", "trap"]';
    expect(faultsOf(text)).toEqual([
      expect.stringContaining(':9: on_failure[1].on: a list has trap, which a rule above has for this path'),
    ]);
  });

  it('do not send a failed origin’s requests to it', () => {
    const origin = 'origin = "o"\n[backends.o]\nurl = "http://x"\n';
    expect(faultsOf(`${origin}[[on_failure]]\non = ["backend"]\nserve = ["origin"]`)).toEqual([
      expect.stringContaining(
        'on_failure[0].serve: a list has "origin", which is not asked after a failure of a backend',
      ),
    ]);
  });

  it('are few', () => {
    const rule = (at: number): string => `[[on_failure]]\npath = "/${at}"\nserve = []\n`;
    const rules = Array.from({ length: MANIFEST_LIMITS.failureRules }, (_, at) => rule(at)).join('');
    expect(rulesOf(rules)).toHaveLength(MANIFEST_LIMITS.failureRules);
    expect(faultsOf(`${rules}${rule(99)}`)).toEqual([expect.stringContaining('has more than 16 rules; remove some')]);
  });

  it('named like parts of objects are no rules', () => {
    expect(faultsOf('[[on_failure]]\nserve = []\n__proto__ = 1')[0]).toContain('is a reserved name');
    expect(faultsOf('[[on_failure]]\nserve = ["constructor"]')[0]).toContain('is not one of stale, origin, page');
  });
});
