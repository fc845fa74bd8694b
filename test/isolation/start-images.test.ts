/** Images of started instances under attack: what requests do never reaches one, and making one costs others nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Admin } from '../e2e/admin.ts';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { guest as guestOf } from '../guests.ts';
import { guest, limits, wasi } from './guests.ts';

/** Its start fills memory and a global; its requests answer `C` where they find these as the start left them, and soil both. */
const SOILER = guest({
  memory: '2 4',
  fields: `(global $left (mut i32) (i32.const 0)) (table $t 1 1 funcref)
    (func (export "_initialize")
      (global.set $left (i32.const 7))
      (memory.fill (i32.const 65536) (i32.const 7) (i32.const 4096)))
    (func $clean (result i32) (local $at i32) (local $sum i32)
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
      (i32.and (i32.eq (global.get $left) (i32.const 7)) (i32.eq (local.get $sum) (i32.const 28672))))`,
  handle: `(local $ending i32) (local $clean i32)
    (local.set $clean (call $clean))
    (drop (call $uri (i32.const 0) (i32.const 64)))
    (local.set $ending (i32.load8_u (i32.const 1)))
    (i32.store8 (i32.const 0) (select (i32.const 67) (i32.const 68) (local.get $clean)))
    (call $write (i32.const 1) (i32.const 0) (i32.const 1))
    (if (i32.eq (local.get $ending) (i32.const 103)) (then (drop (memory.grow (i32.const 1)))))
    (global.set $left (i32.const 165))
    (memory.fill (i32.const 0) (i32.const 165) (i32.mul (memory.size) (i32.const 65536)))
    (if (i32.eq (local.get $ending) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $ending) (i32.const 108)) (then (loop $l (br $l))))`,
});

const POLL = wasi('poll_oneoff', '(param i32 i32 i32 i32) (result i32)');

/** Sleeps for an hour at its start. */
const SLEEPER = guest({
  imports: POLL,
  fields: `(func (export "_initialize")
    (i64.store (i32.const 24) (i64.const 3600000000000))
    (drop (call $wasi (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 256))))`,
});
const LOOPER = guest({ fields: '(func (export "_initialize") (loop $for_ever (br $for_ever)))' });
const WHOLE: TestApp = { manifest: limits({ cpu_ms: 50 }), module: SOILER };

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    apps: {
      one: WHOLE,
      two: WHOLE,
      sleeper: { module: SLEEPER },
      looper: { manifest: limits({ cpu_ms: 20 }), module: LOOPER },
    },
    flags: ['--threads', '2'],
  });
});
afterAll(() => edge.stop());

describe('what a request writes', () => {
  it.each([
    ['answered', '/a', 200],
    ['grown and answered', '/g', 200],
    ['trapped', '/t', 500],
    ['killed', '/l', 503],
  ])('is in no instance after one that ended %s', async (_, path, status) => {
    expect(edge.stderr).toMatch(/one: version .*start-up once/);
    for (let round = 0; round < 12; round++) {
      const soiled = await Promise.all([edge.fetch('one', path), edge.fetch('two', path)]);
      expect(soiled.map((answer) => answer.status)).toEqual([status, status]);
      const found = await Promise.all(['one', 'two', 'one', 'two'].map((app) => edge.fetch(app, '/a')));
      expect(found.map(({ text }) => text)).toEqual(['C', 'C', 'C', 'C']);
    }
  });
});

describe('start-up code', () => {
  it('that sleeps does not keep others from serving, when an image alone is wanted', () => {
    expect(edge.stderr).toMatch(
      /sleeper: version .*start-up per instance: it waits \(wasi_snapshot_preview1.poll_oneoff\)/,
    );
  });

  it('that never ends has its CPU time and no more', async () => {
    expect(edge.stderr).toMatch(/looper: version .*start-up per instance: its start-up ended as cpu_limit/);
    expect((await edge.fetch('looper')).status).toBe(503);
  });

  it('that fills more memory than images may have is run in each instance', async () => {
    const admin = await Admin.of(edge);
    await admin.change('POST', '/tenants', { json: { name: 'hoarder' } });
    const module = guestOf(() => ({
      pages: 512,
      fields: '(func (export "_start") (memory.fill (i32.const 0) (i32.const 1) (i32.const 33554432)))',
    }));
    const { body } = await admin.change('POST', '/tenants/hoarder/versions', { module });
    expect(JSON.stringify(body)).toMatch(/"imageBytes":null,"perInstance":"it leaves 33554432 bytes/);
    expect((await edge.fetch('hoarder')).status).toBe(200);
  });
});
