import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { runVisits } from '../../../bench/visits-run.ts';
import { VisitsRecord } from '../../../bench/visits-record.ts';
import {
  countVerdicts,
  exchangesOf,
  faultsAmong,
  firstBytesOf,
  verdictOn,
  type Target,
} from '../../../bench/visits.ts';
import { requestText } from '../../../src/lab/exchange.ts';

const OK = { status: 200, outcome: '', head: 'HTTP/1.1 200 OK', body: 'a\n' };
const FROM = '127.0.0.1:1';

function target(host: string): Target {
  const request = requestText({ method: 'GET', target: '/', host: `${host}.localhost` });
  return { request, status: 200, field: null, body: `${host}\n` };
}

describe('verdictOn', () => {
  it('tells right, wrong, refused and lost apart', () => {
    const right = target('a');
    const verdict = (response: typeof OK | null): string => verdictOn(response, right, FROM).verdict;
    expect(verdict(OK)).toBe('right');
    expect(verdict({ ...OK, body: 'b\n' })).toBe('wrong');
    expect(verdict({ ...OK, status: 503, outcome: 'capacity' })).toBe('503 capacity');
    expect(verdict(null)).toBe('lost');
    expect(verdictOn({ ...OK, body: 'b\n' }, right, FROM).fault).toContain('b');
  });
});

describe('VisitsRecord', () => {
  const made = { sinceMs: 10, firstByteMs: 12, nowMs: 13, from: FROM };

  it('keeps the order of the plan, and holds for lost what it is not told of', () => {
    const record = new VisitsRecord([target('a'), target('a'), target('b')]);
    record.made({ ...made, visit: 2, response: OK });
    record.made({ ...made, visit: 0, response: OK });
    record.late(0.5);
    expect(record.left).toBe(1);
    const result = record.result();
    expect(result.verdicts).toEqual(['right', 'lost', 'wrong']);
    expect(result.firstByteMs[0]).toBe(2);
    expect(result.wholeMs[0]).toBe(3);
    expect(result.latenessMs).toEqual([0.5]);
    expect(result.faults[0]).toContain('wrong: GET / HTTP/1.1 Host: b.localhost');
    expect(faultsAmong(result)).toBe(2);
    expect(firstBytesOf(result)).toEqual([2]);
    expect(countVerdicts(result.verdicts)).toEqual({ right: 1, lost: 1, wrong: 1 });
  });

  it('keeps a few faults only', () => {
    const record = new VisitsRecord(Array.from({ length: 20 }, () => target('b')));
    for (let visit = 0; visit < 20; visit++) record.made({ ...made, visit, response: OK });
    expect(record.result().faults).toHaveLength(5);
  });
});

describe('exchangesOf', () => {
  it('takes a lab’s tenants in their order, the hostile ones left out', () => {
    const tenants = { tenants: 30, hostile: 0.1, distinct: 0, seed: 1, modules: null };
    const exchanges = exchangesOf({ kind: 'lab', tenants });
    expect(exchanges).toHaveLength(30);
    expect(exchanges[7]?.request).toContain('Host: t000007.localhost');
  });
});

describe('the generator of visits', () => {
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function serve(): Promise<number> {
    const server = createServer((request, response) => {
      const host = (request.headers.host ?? '').split('.')[0] ?? '';
      response.end(host === 'c' ? 'x\n' : `${host}\n`);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  const visited = { kind: 'listed', targets: ['a', 'b', 'c'].map(target) } as const;

  it('visits in turn over several connections', async () => {
    const order = { kind: 'in turn', lanes: 3, places: [0, 1, 2, 1, 0] } as const;
    const { result } = await runVisits({ port: await serve(), visited, order }, process.pid, []);
    expect(result.verdicts).toEqual(['right', 'right', 'wrong', 'right', 'right']);
    expect(result.firstByteMs.every((ms, at) => ms > 0 && ms <= (result.wholeMs[at] ?? 0))).toBe(true);
  });

  it('visits when it is due, and counts from then', async () => {
    const order = { kind: 'on schedule', places: [0, 1, 0], atMs: [0, 30, 60] } as const;
    const run = await runVisits({ port: await serve(), visited, order }, process.pid, []);
    expect(run.result.verdicts).toEqual(['right', 'right', 'right']);
    expect(run.result.latenessMs).toHaveLength(3);
    expect(run.result.latenessMs.every((ms) => ms >= 0)).toBe(true);
    expect(run.seconds).toBeGreaterThanOrEqual(0.05);
  });
});
