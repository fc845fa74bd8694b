import { describe, expect, test } from 'vitest';
import {
  decodeSubscriptions,
  encodeEvents,
  PREVIEW1_SUBSCRIPTION,
  UNSTABLE_SUBSCRIPTION,
} from '../../../../src/abi/wasi/subscription.ts';

/** A record in which every byte is its own offset, so that each field tells where it was read. */
function numbered(type: number, bytes: number): Buffer {
  const record = Buffer.from(Array.from({ length: bytes }, (_, offset) => offset));
  record[8] = type;
  return record;
}

describe('decoding', () => {
  test.each([
    ['preview1', PREVIEW1_SUBSCRIPTION, 16],
    ['wasi_unstable', UNSTABLE_SUBSCRIPTION, 24],
  ] as const)('finds the clock of %s', (_, layout, clock) => {
    const record = numbered(0, layout.bytes);
    expect(decodeSubscriptions(record, layout)).toEqual([
      {
        type: 0,
        userdata: 0x0706050403020100n,
        clock: record.readUInt32LE(clock),
        timeoutNs: record.readBigUInt64LE(clock + 8),
        flags: record.readUInt16LE(clock + 24),
      },
    ]);
  });

  test.each([
    [1, PREVIEW1_SUBSCRIPTION],
    [2, UNSTABLE_SUBSCRIPTION],
  ] as const)('finds the fd of type %i', (type, layout) => {
    expect(decodeSubscriptions(numbered(type, layout.bytes), layout)).toEqual([
      { type, userdata: 0x0706050403020100n, fd: 0x13121110 },
    ]);
  });

  test('takes several, and none when one is unknown', () => {
    const pair = [numbered(1, 48), numbered(0, 48)];
    expect(decodeSubscriptions(Buffer.concat(pair), PREVIEW1_SUBSCRIPTION)).toHaveLength(2);
    expect(decodeSubscriptions(Buffer.concat([...pair, numbered(3, 48)]), PREVIEW1_SUBSCRIPTION)).toBeNull();
    expect(decodeSubscriptions(Buffer.concat([numbered(255, 48), ...pair]), PREVIEW1_SUBSCRIPTION)).toBeNull();
  });
});

test('events carry the userdata, an errno or the readiness, and zeros elsewhere', () => {
  const events = encodeEvents([
    { subscription: { type: 2, userdata: 0xffff_ffff_ffff_ffffn, fd: 1 }, result: { bytes: 5, flags: 1 } },
    { subscription: { type: 1, userdata: 7n, fd: 9 }, result: 8 },
  ]);
  const expected = Buffer.alloc(64);
  expected.fill(0xff, 0, 8);
  expected[10] = 2;
  expected[16] = 5;
  expected[24] = 1;
  expected[32] = 7;
  expected[40] = 8;
  expected[42] = 1;
  expect(events).toEqual(expected);
});
