import { expect, test } from 'vitest';
import { receiptText } from '../../../src/server/receipt.ts';

test('a receipt is a dictionary of structured fields', () => {
  const cost = {
    cpuMs: 1.2344,
    waitMs: 0.0006,
    slices: 2,
    hostcalls: 17,
    memoryBytes: 131_072,
    instance: 'fresh',
  } as const;
  const text = receiptText(cost, '1b2f');
  expect(text).toBe('cpu-us=1234, wait-us=1, slices=2, hostcalls=17, memory-kib=128, version="1b2f", instance=fresh');
  expect(text).toMatch(/^[a-z-]+=([0-9]+|[a-z]+)(, [a-z-]+=([0-9]+|[a-z]+|"[ -~]*"))*$/);
});
