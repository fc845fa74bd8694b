/** Live tails: what those who follow a tenant are told, over real threads. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEntry, LogTap } from '../../src/control/plane.ts';
import type { Json } from '../../src/store/records.ts';
import { MAX_TAIL_ENTRIES } from '../../src/telemetry/tail-queue.ts';
import { guest, RESPONSE } from '../guests.ts';
import { DataPlane, saying, version } from './data-plane.ts';

/** Says `hello` in the log, at the level of information. */
const TALKING = guest((text) => ({
  handle: `(call $log (i32.const 0) ${text('hello')}) (call $write ${RESPONSE} ${text('said')}) (i64.const 0)`,
}));

let plane: DataPlane;
let heard: LogEntry[];
afterEach(() => plane.close());

/** Follows `app`; settles when every thread does: each new connection may reach another. */
async function follow(tenant = 'app'): Promise<() => void> {
  const tap: LogTap = plane.threads.tail;
  const stop = tap.follow(tenant, (entry) => void heard.push(entry));
  await plane.threads.usage();
  return stop;
}

async function untilHeard(count: number): Promise<void> {
  while (heard.length < count) await new Promise(setImmediate);
}

describe('without an access log', () => {
  beforeEach(async () => {
    heard = [];
    plane = await DataPlane.start();
    await plane.threads.publish([version(TALKING, { version: 'v7' })], []);
  });

  it('each request is told of with its record, and each line of a guest', async () => {
    await follow();
    await plane.fetch('127.0.3.4', '/x?y');
    await untilHeard(2);
    const [line, request] = heard.toSorted((a, b) => a.kind.localeCompare(b.kind));
    expect(line).toMatchObject({ kind: 'guest', tenant: 'app', level: 'info', text: 'hello' });
    expect(request).toMatchObject({
      kind: 'request',
      tenant: 'app',
      record: { version: 'v7', client: '127.0.3.4', method: 'GET', target: '/x?y', status: 200, outcome: 'ok' },
    });
    expect(plane.lines).toEqual([]);
  });

  it('no request is missed on any thread', async () => {
    await follow();
    const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
    await Promise.all(paths.map((path, i) => plane.fetch(`127.0.4.${i % 50}`, path)));
    await untilHeard(200);
    const targets = heard.flatMap((entry) => (entry.kind === 'request' ? [targetOf(entry.record)] : []));
    expect(targets.toSorted()).toEqual(paths.toSorted());
  });

  it('nothing is told of a tenant to those who follow another, nor after the end', async () => {
    const [stop, stopOther] = [await follow(), await follow('other')];
    stop();
    await plane.threads.usage();
    await plane.fetch();
    await follow();
    await plane.fetch('127.0.0.1', '/later');
    await untilHeard(2);
    stopOther();
    expect(heard.map(({ tenant, kind }) => `${tenant} ${kind}`).toSorted()).toEqual(['app guest', 'app request']);
  });
});

function targetOf(record: Json): string {
  return (record as { readonly target: string }).target;
}

describe('beside an access log', () => {
  beforeEach(async () => {
    heard = [];
    plane = await DataPlane.start({ threads: 1, accessLog: 'keep' });
  });

  it('both are told of the same requests', async () => {
    await plane.threads.publish([version(saying('x'))], []);
    await follow();
    await plane.fetch();
    await untilHeard(1);
    while (plane.lines.length < 1) await new Promise(setImmediate);
    expect(heard).toEqual([{ kind: 'request', tenant: 'app', record: plane.lines[0] }]);
  });
});

describe('more than a tail takes', () => {
  it('is dropped, counted and told of, and no request waits for it', async () => {
    heard = [];
    plane = await DataPlane.start({ threads: 1 });
    const chatty = guest((text) => ({
      handle: `(loop $more (call $log (i32.const 0) ${text('again')})
        (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 190)))) (i64.const 0)`,
    }));
    await plane.threads.publish([version(chatty)], []);
    await follow();
    const requests = 8;
    await Promise.all(Array.from({ length: requests }, () => plane.fetch()));
    while (plane.threads.tail.dropped === 0) await plane.fetch();
    const gap = (): LogEntry | undefined =>
      heard.find((entry) => entry.kind === 'guest' && /^\d+ entries were dropped/.test(entry.text));
    expect(gap()).toMatchObject({ level: 'warn', tenant: 'app' });
    expect(heard.length).toBeGreaterThan(MAX_TAIL_ENTRIES);
  });
});
