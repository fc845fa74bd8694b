/** What a tenant is charged, told, and refused for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guest, RESPONSE } from '../guests.ts';
import { startEdge, type Edge } from './edge.ts';

const SPIN = guest((text) => ({
  handle: `(local.set $n (i32.const 3000000))
    (loop $more (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $write ${RESPONSE} ${text('done')}) (i64.const 0)`,
}));
const TRAP = guest(() => ({ handle: 'unreachable' }));
/** Claims that it cost nothing. */
const LIAR = guest((text) => ({
  handle: `(call $set ${RESPONSE} ${text('kerb-receipt')} ${text('cpu-us=0')})
    (call $write ${RESPONSE} ${text('free')}) (i64.const 0)`,
}));

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({
    apps: {
      spin: { manifest: 'receipt = true\n[limits]\ncpu_ms = 5000', module: SPIN },
      trap: { manifest: 'receipt = true', module: TRAP },
      liar: { module: LIAR },
      frugal: { manifest: '[limits]\ncpu_ms = 5000\ncpu_ms_per_second = 1\ncpu_burst_ms = 5', module: SPIN },
    },
  });
});
afterAll(() => edge.stop());

describe('a receipt', () => {
  it('tells the client what the request cost, the same as the log', async () => {
    const { headers, text } = await edge.fetch('spin');
    const receipt = new Map(
      String(headers['kerb-receipt'])
        .split(', ')
        .map((member) => member.split('=') as [string, string]),
    );
    const line = await edge.untilLogged(({ kind, tenant }) => kind === 'access' && tenant === 'spin');
    expect(text).toBe('done');
    expect(Number(receipt.get('cpu-us'))).toBeGreaterThan(500);
    expect(Number(receipt.get('cpu-us')) / 1000).toBeCloseTo(Number(line['cpu_ms']), 2);
    expect([receipt.get('hostcalls'), receipt.get('memory-kib'), receipt.get('instance')]).toEqual([
      '1',
      '256',
      'fresh',
    ]);
    expect([line['hostcalls'], line['memory_kb'], line['instance']]).toEqual([1, 256, 'fresh']);
    expect(Number(receipt.get('slices'))).toBe(line['slices']);
  });

  it('comes with a failure too', async () => {
    const { status, headers } = await edge.fetch('trap');
    expect(status).toBe(500);
    expect(headers['kerb-receipt']).toMatch(/^cpu-us=\d+, .*instance=fresh$/);
  });

  it('is nobody’s but the host’s to write, and comes only when the manifest asks', async () => {
    const { headers, text } = await edge.fetch('liar');
    expect([text, headers['kerb-receipt']]).toEqual(['free', undefined]);
  });
});

describe('a CPU quota', () => {
  it('that is used up ends requests as cpu_quota, with Retry-After, and the log names it', async () => {
    const answers = [];
    for (let time = 0; time < 20; time++) answers.push(await edge.fetch('frugal'));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers[0]?.status).toBe(200);
    expect(refused.length).toBeGreaterThan(5);
    for (const { headers } of refused)
      expect([headers['kerb-outcome'], headers['retry-after']]).toEqual(['cpu_quota', '1']);
    const line = await edge.untilLogged(({ outcome }) => outcome === 'cpu_quota');
    expect(line['detail']).toMatch(/limits\.cpu_ms_per_second: 1 are used up/);
    expect((await edge.fetch('spin')).status).toBe(200);
  });
});
