import { describe, expect, it } from 'vitest';
import { accessLine, guestLine, type AccessRecord } from '../../../src/telemetry/access-log.ts';

const RECORD: AccessRecord = {
  timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  tenant: 'acme',
  version: 'abc',
  client: '192.0.2.1',
  method: 'GET',
  host: 'acme.test',
  target: '/a?b',
  status: 200,
  outcome: 'ok',
  detail: null,
  served: null,
  wallMs: 1.23456,
  cpuMs: 0.0004,
  waitMs: 7.0004,
  slices: 2,
  hostcalls: 5,
  memoryBytes: 65_536,
  instance: 'fresh',
};

describe('an access line', () => {
  it('is one JSON object with stable keys', () => {
    expect(JSON.parse(accessLine(RECORD))).toEqual({
      time: '2026-01-02T03:04:05.006Z',
      kind: 'access',
      tenant: 'acme',
      version: 'abc',
      client: '192.0.2.1',
      method: 'GET',
      host: 'acme.test',
      target: '/a?b',
      status: 200,
      outcome: 'ok',
      wall_ms: 1.235,
      cpu_ms: 0,
      wait_ms: 7,
      slices: 2,
      hostcalls: 5,
      memory_kb: 64,
      instance: 'fresh',
    });
  });

  it('says why only where there is a reason, and null where no tenant was reached', () => {
    const line = JSON.parse(accessLine({ ...RECORD, tenant: null, version: null, detail: 'why' })) as object;
    expect(line).toMatchObject({ tenant: null, version: null, detail: 'why' });
    expect(accessLine(RECORD)).not.toContain('detail');
  });

  it('says what went through a WebSocket, only where there was one', () => {
    const webSocket = { receivedMessages: 1, receivedBytes: 2, sentMessages: 3, sentBytes: 4, closeCode: 1000 };
    expect(JSON.parse(accessLine({ ...RECORD, webSocket }))).toMatchObject({
      websocket: { received_messages: 1, received_bytes: 2, sent_messages: 3, sent_bytes: 4, close_code: 1000 },
    });
    expect(accessLine({ ...RECORD, webSocket: null })).not.toContain('websocket');
  });

  it('holds no line end that a client chose, and repeats 2 KiB of its text at most', () => {
    const line = accessLine({ ...RECORD, target: `/\r\n{"forged":1}${'x'.repeat(5000)}`, host: 'h'.repeat(5000) });
    expect(line).not.toMatch(/[\r\n]/);
    const { target, host } = JSON.parse(line) as { target: string; host: string };
    expect([target.length, host.length]).toEqual([2048, 2048]);
  });
});

describe("a guest's line", () => {
  it('names its endpoint where it has one', () => {
    expect(JSON.parse(guestLine(0, 'acme', 'info', 'text', 'audit'))).toMatchObject({
      message: 'text',
      endpoint: 'audit',
    });
    expect(guestLine(0, 'acme', 'info', 'text')).not.toContain('endpoint');
  });

  it('cannot pass for another', () => {
    const line = guestLine(0, 'acme', 'info', 'a\n{"kind":"access"}\u2028"');
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      kind: 'guest',
      tenant: 'acme',
      level: 'info',
      message: 'a\n{"kind":"access"}\u2028"',
    });
  });
});
