import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { cpuSecondsOf, parseStat } from '../../../bench/cpu-time.ts';

const LINE = '4242 (node) S 17 1 1 0 -1 4194304 100 200 0 0 250 50 30 20 20 0 11 0 12345 1000 200';

describe('parseStat', () => {
  it('adds user and system time, those of waited-for children too', () => {
    expect(parseStat(LINE)).toEqual({ parent: 17, seconds: 3.5 });
  });

  it('is not misled by a command full of blanks and parentheses', () => {
    expect(parseStat(LINE.replace('(node)', '(a) R 99 (b c)'))).toEqual({ parent: 17, seconds: 3.5 });
  });
});

describe.runIf(process.platform === 'linux')('cpuSecondsOf', () => {
  it('grows with what the process computes', () => {
    const before = cpuSecondsOf(process.pid);
    const end = process.cpuUsage().user + 60_000;
    while (process.cpuUsage().user < end);
    expect(cpuSecondsOf(process.pid)).toBeGreaterThan(before);
  });

  it('counts a child that still runs', async () => {
    const child = spawn(process.execPath, [
      '-e',
      'const e=Date.now()+200;while(Date.now()<e);console.log(1);setInterval(()=>0,1e6)',
    ]);
    try {
      const before = cpuSecondsOf(process.pid);
      await once(child.stdout, 'data');
      expect(cpuSecondsOf(process.pid) - before).toBeGreaterThan(0);
      expect(cpuSecondsOf(child.pid as number)).toBeGreaterThan(0);
    } finally {
      child.kill();
    }
  });

  it('throws for a process that is gone', () => {
    expect(() => cpuSecondsOf(2 ** 30)).toThrow('ENOENT');
  });
});
