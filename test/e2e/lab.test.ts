/** `kerb lab`: a whole run, small, and one that is broken off. */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GUEST_KINDS } from '../../src/lab/guest-kinds.ts';
import type { LabRecord } from '../../src/lab/record.ts';
import { Kerb, untilGone } from './kerb.ts';

let scratch = '';
const running: Kerb[] = [];

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'kerb-lab-test-'));
  await mkdir(join(scratch, 'tmp'));
});
afterEach(async () => {
  for (const kerb of running.splice(0)) if (kerb.alive) await kerb.end('SIGKILL');
  await rm(scratch, { recursive: true, force: true });
});

function start(...argv: string[]): Kerb {
  const kerb = new Kerb(['lab', ...argv], { cwd: scratch, env: { TMPDIR: join(scratch, 'tmp') } });
  running.push(kerb);
  return kerb;
}

/** What is left of the temporary folders, those of the compile cache aside. */
const leftOver = async (): Promise<string[]> =>
  (await readdir(join(scratch, 'tmp'))).filter((name) => name.startsWith('kerb-lab'));

describe('kerb lab', () => {
  it('runs guests of every kind and hostile ones, without a wrong byte, and reports', async () => {
    const size = ['--tenants', '100', '--minutes', '0.15', '--rate', '110', '--shape', 'zipf', '--exponent', '0'];
    const kerb = start(...size, '--hostile', '10%', '--hostile-rate', '8', '--out', 'found', '--json');
    expect(await kerb.ended).toBe(0);

    const record = JSON.parse(kerb.stdout) as LabRecord;
    expect(JSON.parse(await readFile(join(scratch, 'found', 'lab.json'), 'utf8'))).toEqual(record);
    const { all, phases, server, looks, capacity, start: begin } = record;
    expect(all).toMatchObject({ wrong: 0, unexpected: 0, lost: 0 });
    expect(record.faults).toEqual([]);
    expect(server).toMatchObject({ exitCode: 0, aborts: 0 });
    expect(all.sent).toBeGreaterThan(400);
    // Every kind was asked, the rarest too: the load is even.
    expect(record.kinds.map(({ name }) => name)).toEqual(GUEST_KINDS.map(({ name }) => name));
    expect(record.kinds.every(({ tenants }) => tenants > 0)).toBe(true);
    expect(looks.at(-1)?.seen).toBe(100);
    expect(all.cold?.count).toBeGreaterThanOrEqual(100);
    expect(phases.calm.hostile).toEqual({});
    const ends = Object.keys(phases.hostile.hostile);
    for (const end of ['loop cpu_limit', 'recurse stack_limit', 'trap guest_trap', 'grow memory_limit'])
      expect(ends).toContain(end);
    expect(looks.length).toBeGreaterThan(5);
    for (const { residentBytes, mappings, heapBytes } of looks) {
      expect(Math.min(residentBytes ?? 0, mappings ?? 0)).toBeGreaterThan(0);
      // Those of two threads at least, and a part of what is resident.
      expect(heapBytes).toBeGreaterThan(5 * 2 ** 20);
      expect(heapBytes).toBeLessThan(residentBytes ?? 0);
    }
    expect(begin.stocked.residentBytes).toBeGreaterThan(0);
    // Where there are more than 64, all rest until they are asked.
    expect(begin.stocked.awake).toBe(0);
    expect(looks.findLast(({ wakes }) => wakes !== null)?.wakes).toBeGreaterThanOrEqual(100);
    expect(capacity.more).toBeGreaterThan(0);

    const page = await readFile(join(scratch, 'found', 'report.html'), 'utf8');
    expect(page).toContain('no abort, no wrong byte');
    expect(page.match(/<svg/g)?.length).toBe(9);
    expect(await leftOver()).toEqual([]);
  });

  it('leaves neither a server nor a folder when it is broken off', async () => {
    const kerb = start('--tenants', '5', '--minutes', '5', '--rate', '50', '--hostile', '0');
    await kerb.untilSaid(/sending 50 requests a second/);
    const children = await kerb.children();
    expect(children).not.toEqual([]);
    expect(await kerb.interrupt()).toBe(130);
    for (const pid of children) await untilGone(pid);
    expect(await leftOver()).toEqual([]);
    expect(await readdir(scratch)).toEqual(['tmp']);
  });
});
