/** Uploads that must never run: each is refused with its reasons, and everybody else is served all the while. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { assemble } from '../wat.ts';
import { besideBystander } from './bystander.ts';
import { expectAttackEnds, expectFailure } from './failures.ts';
import { BYSTANDER, guest } from './guests.ts';

const WHOLE = assemble(guest({}));

/** A guest that imports these functions, `module.name` with a signature each. */
function importer(imports: readonly (readonly [module: string, name: string, signature: string])[]): TestApp {
  const lines = imports.map(([module, name, signature]) => `(import "${module}" "${name}" (func ${signature}))`);
  return { module: guest({ imports: lines.join('\n') }) };
}

function raw(module: Uint8Array): TestApp {
  return { manifest: 'abi = "http-wasm"', module };
}

const REFUSED: readonly (readonly [name: string, attack: string, reasons: readonly string[], app: TestApp])[] = [
  [
    'constructor',
    'the Function constructor, through prototypes',
    [
      '"constructor"."constructor"',
      '"__proto__"."constructor"',
      '"http_handler"."constructor"',
      '"http_handler"."__proto__"',
    ],
    importer([
      ['constructor', 'constructor', '(param i32) (result i32)'],
      ['__proto__', 'constructor', '(param i32) (result i32)'],
      ['http_handler', 'constructor', ''],
      ['http_handler', '__proto__', ''],
    ]),
  ],
  [
    'sandbox',
    'the sandbox’s own imports',
    ['"kerb:sandbox"."interrupt"', '"kerb:sandbox"."yield"'],
    importer([
      ['kerb:sandbox', 'interrupt', '(result i32)'],
      ['kerb:sandbox', 'yield', ''],
    ]),
  ],
  [
    'sandbox-memory',
    'the epoch memory',
    ['"kerb:sandbox"."epoch"'],
    {
      module: guest({ memory: null, imports: '(import "kerb:sandbox" "epoch" (memory 1 1 shared))' }),
    },
  ],
  [
    'sandbox-global',
    'globals of the host',
    ['"http_handler"."g"'],
    {
      module: guest({ imports: '(import "http_handler" "g" (global i32))' }),
    },
  ],
  [
    'unknown',
    'modules and functions that nobody offers',
    ['"env"."system"', '"http_handler"."launch"', '"wasi_snapshot_preview1"."fork"'],
    importer([
      ['env', 'system', '(param i32) (result i32)'],
      ['http_handler', 'launch', ''],
      ['wasi_snapshot_preview1', 'fork', '(result i32)'],
    ]),
  ],
  [
    'signature',
    'host functions with signatures of its own',
    ['"http_handler"."get_uri"', '"http_handler"."log"'],
    {
      module: `(module
        (import "http_handler" "get_uri" (func (param f64 i64) (result i32)))
        (import "http_handler" "log" (func))
        (memory (export "memory") 1) (func (export "handle_request") (result i64) (i64.const 0)))`,
    },
  ],
  [
    'export-signature',
    'handle_request with a signature of its own',
    ['"handle_request"'],
    {
      module:
        '(module (import "http_handler" "log" (func (param i32 i32 i32))) (func (export "handle_request") (param externref) (result f64) (f64.const 0)))',
    },
  ],
  [
    'no-export',
    'no handle_request',
    ['handle_request'],
    { module: '(module (import "http_handler" "log" (func (param i32 i32 i32))))' },
  ],
  [
    'control-characters',
    'a name that would write to the terminal',
    ['"\\u001b[2Jx\\n"'],
    importer([['env', '\\1b[2Jx\\0a', '']]),
  ],
  ['shared-memory', 'a shared memory', ['shared'], { module: guest({ memory: '1 2 shared' }) }],
  [
    'tables',
    'tables of ten million entries',
    ['table entries'],
    { module: guest({ fields: '(table 10000000 funcref)'.repeat(4) }) },
  ],
  [
    'parameters',
    'functions with 1,000 parameters',
    ['param'],
    { module: guest({ fields: `(func (param ${'i32 '.repeat(1000)}))` }) },
  ],
  [
    'locals',
    'a function with 50,000 locals',
    ['locals'],
    { module: guest({ fields: `(func (local ${'i32 '.repeat(50_000)}))` }) },
  ],
  ['loops', 'loops 65 deep', ['loop'], { module: guest({ fields: `(func ${'(loop '.repeat(65)}${')'.repeat(65)})` }) }],
  ['not-wasm', 'no wasm at all', ['not'], raw(Buffer.from('#!/bin/sh\nrm -rf /\n'))],
  ['empty', 'an empty file', ['not'], raw(new Uint8Array(0))],
  ['only-magic', 'four bytes', ['not'], raw(WHOLE.subarray(0, 4))],
  ['component', 'a component', ['not'], raw(Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0))],
  ['truncated', 'half a module', ['not'], raw(WHOLE.subarray(0, WHOLE.length / 2))],
  ['trailing', 'bytes behind the last section', ['not'], raw(Uint8Array.of(...WHOLE, 0xff, 0xff, 0xff))],
  [
    'huge-count',
    'a section that says it has four billion types',
    ['not'],
    raw(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x60)),
  ],
];

/** Exports that a careless host calls by spreading, awaiting or printing them. */
const LIVE_EXPORTS = ['then', 'toJSON', '__proto__', 'constructor', 'valueOf', 'toString', 'Symbol.toPrimitive'];

let edge: Edge;

beforeAll(async () => {
  const live = LIVE_EXPORTS.map((name) => `(func (export "${name}") (result i32) unreachable)`).join('\n');
  edge = await startEdge({
    apps: {
      bystander: BYSTANDER,
      ...Object.fromEntries(REFUSED.map(([name, , , app]) => [`bad-${name}`, app])),
      'live-exports': { module: BYSTANDER.module.toString().replace(/\)$/, `${live})`) },
      traps: { module: guest({ fields: '(data (i32.const 65536) "beyond")' }) },
      replaced: { module: guest({ handle: '(call $setStatus (i32.const 201))' }) },
    },
  });
});
afterAll(() => edge.stop());

/** What the log says of an app that is not deployed: its line and those indented under it. */
function refusalOf(name: string): string {
  const lines = edge.stderr.split('\n');
  const start = lines.findIndex((line) => line.includes(`${name}: `));
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => !line.startsWith('  '));
  return [lines[start], ...rest.slice(0, end)].join('\n');
}

describe.each(REFUSED)('%s: %s', (name, _, reasons) => {
  it('is refused with every reason, and serves nothing', async () => {
    const refusal = refusalOf(`bad-${name}`);
    expect(refusal).toContain('not deployed');
    for (const reason of reasons) expect(refusal).toContain(reason);
    // oxlint-disable-next-line no-control-regex -- what must not reach a terminal
    expect(refusal).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    expectFailure(await edge.fetch(`bad-${name}`), 'unknown_host');
  });
});

it('everybody else is served', async () => {
  expect(await besideBystander(edge, () => Promise.resolve('done'))).toBe('done');
});

it('exports that JavaScript would call by itself are never called', async () => {
  const { status, text } = await edge.fetch('live-exports', '/alive');
  expect([status, text]).toEqual([200, '/alive']);
});

it('a data segment beyond the memory fails each request, and nothing else', async () => {
  await expectAttackEnds(edge, 'traps', 'guest_trap');
  expect(edge.alive).toBe(true);
});

it('a bad new version leaves the old one serving', async () => {
  await besideBystander(edge, async () => {
    await edge.put('replaced', importer([['constructor', 'constructor', '']]));
    await edge.untilSaid(/replaced: version \w+ keeps serving/);
    expect((await edge.fetch('replaced')).status).toBe(201);
  });
});
