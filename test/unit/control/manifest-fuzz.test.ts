import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { namedFiles } from '../../../src/control/manifest-files.ts';
import { parseManifest, type Manifest } from '../../../src/control/manifest.ts';

const SEED_TEXT = `name = "hello"
main = "handler.wasm"
hosts = ["hello.localhost", "*.example.com"]
path = "/api"
abi = "auto"
isolation = "request"
origin = "site"
config = { file = "conf.json" }
[limits]
cpu_ms = 50
memory_mb = 128
[backends.site]
url = "http://127.0.0.1:9000"
[env]
MODE = "demo"
[files]
"/content" = "./content"
[stores]
kv = ["sessions"]
config = { theme = "dark" }
secrets = ["API_KEY"]
`;

/** What a mutation puts in: syntax, other types, names that act on prototypes, paths that escape. */
const SPLICES = [
  'x',
  '7',
  '-',
  '/',
  ':',
  ' ',
  '',
  '"',
  "'",
  '[',
  ']',
  '{',
  '}',
  '=',
  '.',
  ',',
  '\n',
  '#',
  '\0',
  '\ufeff',
  '\u202e',
  '\\u0000',
  '"""',
  '[[',
  ']]',
  '1',
  '-1',
  '1e400',
  'nan',
  'true',
  '1979-05-27',
  '[]',
  '{}',
  '[[limits]]\n',
  '[limits]\n',
  '[a.b.c.d.e.f.g.h.i]\n',
  '__proto__',
  'constructor',
  'toString',
  '../',
  '/etc/passwd',
  '*',
  '..',
  '%2e',
  'http://u:p@h/',
  'é',
  'a'.repeat(300),
];

/** A small generator with a fixed start: a failure is the same failure next time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutated(seed: number): string {
  const next = numbers(seed);
  let text = SEED_TEXT;
  // Every other text has one small change only: those are often sound still, and then every rule is on its own.
  const gentle = seed % 2 === 0;
  for (let round = gentle ? 0 : next(4); round >= 0; round--) {
    const start = next(text.length);
    const end = Math.min(text.length, start + next(gentle ? 2 : 12));
    text = text.slice(0, start) + (SPLICES[next(SPLICES.length)] ?? '') + text.slice(end);
  }
  return text;
}

/** What holds for every manifest that is accepted, told again in other words than the schema's. */
function isSound(manifest: Manifest): boolean {
  const { name, main, hosts, path, origin, limits, backends, env, files } = manifest;
  const inside = [main, ...namedFiles(manifest).map((file) => file.path), ...files.map(({ folder }) => folder)];
  return (
    /^[a-z0-9-]{1,63}$/.test(name) &&
    inside.every((file) => resolve('/base', file).startsWith('/base/')) &&
    hosts.length > 0 &&
    hosts.every((host) => host === host.toLowerCase() && !/:\d+$|[^\x21-\x7e]/.test(host)) &&
    new URL(`http://x${path}`).pathname === path &&
    (origin === null || backends.some((backend) => backend.name === origin)) &&
    backends.every(({ url }) => /^https?:\/\/[^/@?#]+\/(?!\/)[^?#]*$/.test(url)) &&
    env.every((variable) => !`${variable.name}${variable.value}`.includes('\0')) &&
    Object.values(limits).every((limit) => limit === null || (Number.isSafeInteger(limit) && limit >= 0)) &&
    limits.memoryBytes % 65_536 === 0 &&
    Object.isFrozen(manifest)
  );
}

describe('any text', () => {
  it('is a sound manifest or a list of short faults, never another error', () => {
    const seen = { sound: 0, refused: 0 };
    for (let seed = 1; seed <= 4_000; seed++) {
      const text = mutated(seed);
      try {
        if (!isSound(parseManifest(text, 'kerb.toml'))) throw new Error(`accepted:\n${text}`);
        seen.sound++;
      } catch (error) {
        if (!(error instanceof KerbError)) throw new Error(`seed ${seed}`, { cause: error });
        const helpful = error.details.every(
          (detail) => /^kerb\.toml:\d+: [^\p{C}]{1,226}$/u.test(detail) && detail.includes(';'),
        );
        if (error.details.length === 0 || !helpful)
          throw new Error(`seed ${seed}: ${error.explain()}`, { cause: error });
        seen.refused++;
      }
    }
    expect(seen.sound).toBeGreaterThan(100);
    expect(seen.refused).toBeGreaterThan(1_000);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
