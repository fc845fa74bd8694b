import { describe, expect, it } from 'vitest';
import { loadScript, parseLoadResult } from '../../../bench/load.ts';
import { JSON_BODY, TENANTS } from '../../../bench/workload.ts';

const LINE = 'kerb-bench requests=5000 us=2000000 connect=0 read=0 write=0 status=0 timeout=0 p50=310 p99=900';
const OUTPUT = `Running 2s test @ http://127.0.0.1:1234/\n  1 threads and 64 connections\nRequests/sec:   2500.00\n${LINE}\n`;

describe('parseLoadResult', () => {
  it('reads the line of our script, wherever it stands', () => {
    const result = { requests: 5000, seconds: 2, errors: 0, p50Us: 310, p99Us: 900 };
    expect(parseLoadResult(OUTPUT)).toEqual(result);
    expect(parseLoadResult(`${LINE}\nmore\n`)).toEqual(result);
  });

  it('adds up every kind of error: a run with any does not count', () => {
    const line = LINE.replace('connect=0', 'connect=1').replace('read=0', 'read=2').replace('timeout=0', 'timeout=4');
    expect(parseLoadResult(`${line.replace('status=0', 'status=8')}\n`)?.errors).toBe(15);
  });

  it('waits for the end of the line', () => {
    expect(parseLoadResult(LINE.slice(0, -3))).toBeNull();
    expect(parseLoadResult(LINE)).toBeNull();
    expect(parseLoadResult('Running 2s test\n')).toBeNull();
  });

  it.each([LINE.replace(' p99=900', ''), LINE.replace('5000', 'nan'), LINE.replace('us=2000000', 'us')])(
    'does not take a broken line for a result: %s',
    (line) => {
      expect(() => parseLoadResult(`${line}\n`)).toThrow("wrk's script said");
    },
  );
});

describe('loadScript', () => {
  it('has wrk format a request to one host once', () => {
    const script = loadScript('hello');
    expect(script).toContain('wrk.method = "GET"\nwrk.headers["Host"] = "hello.localhost"');
    expect(script).not.toContain('function request');
  });

  it('sends the body that the answer is compared with', () => {
    expect(loadScript('echo')).toContain(`wrk.method = "POST"\nwrk.body = [==[${JSON_BODY}]==]`);
  });

  it('goes round all tenants', () => {
    const script = loadScript('tenants');
    expect(script.match(/"hello-\d+\.localhost"/g)).toHaveLength(TENANTS);
    expect(script).toContain('function request()');
  });

  it('ends with the line that is parsed', () => {
    const format = /string\.format\("(kerb-bench [^"]*)\\n"/.exec(loadScript('hello'))?.[1] as string;
    expect(parseLoadResult(`${format.replaceAll('%d', '1')}\n`)?.requests).toBe(1);
  });
});
