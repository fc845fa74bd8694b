/** The records of `poll_oneoff`: what a guest waits for, and what it is told. */
import { Buffer } from 'node:buffer';
import { ERRNO, type Errno } from './errno.ts';
import type { Readiness } from './descriptor.ts';
import { EVENT_TYPE, type EventType } from './typenames.ts';

/**
 * Where a version of WASI puts the fields of a subscription; `clock` is the offset of the clockid.
 *
 * ```text
 * 0 userdata u64 | 8 eventtype u8 | 16 fd u32
 *                                 | clock+0 id u32 | clock+8 timeout u64 | clock+16 precision u64 | clock+24 flags u16
 * ```
 */
export interface SubscriptionLayout {
  readonly bytes: number;
  readonly clock: number;
}

/** Preview1. */
export const PREVIEW1_SUBSCRIPTION: SubscriptionLayout = { bytes: 48, clock: 16 };

/** `wasi_unstable`, where a clock has a u64 identifier before its id. */
export const UNSTABLE_SUBSCRIPTION: SubscriptionLayout = { bytes: 56, clock: 24 };

/** A decoded subscription. */
export type Subscription =
  | {
      readonly type: typeof EVENT_TYPE.clock;
      readonly userdata: bigint;
      readonly clock: number;
      readonly timeoutNs: bigint;
      /** `subclockflags`. */
      readonly flags: number;
    }
  | { readonly type: Exclude<EventType, typeof EVENT_TYPE.clock>; readonly userdata: bigint; readonly fd: number };

/** The subscriptions in `records`, or `null` when one is of no known type. */
export function decodeSubscriptions(records: Uint8Array, layout: SubscriptionLayout): Subscription[] | null {
  const buffer = Buffer.from(records.buffer, records.byteOffset, records.length);
  const subscriptions: Subscription[] = [];
  for (let at = 0; at < buffer.length; at += layout.bytes) {
    const subscription = decodeSubscription(buffer.subarray(at, at + layout.bytes), layout.clock);
    if (subscription === null) return null;
    subscriptions.push(subscription);
  }
  return subscriptions;
}

function decodeSubscription(record: Buffer, clock: number): Subscription | null {
  const userdata = record.readBigUInt64LE(0);
  const type = record.readUInt8(8);
  if (type === EVENT_TYPE.fd_read || type === EVENT_TYPE.fd_write)
    return { type, userdata, fd: record.readInt32LE(16) };
  if (type !== EVENT_TYPE.clock) return null;
  return {
    type,
    userdata,
    clock: record.readUInt32LE(clock),
    timeoutNs: record.readBigUInt64LE(clock + 8),
    flags: record.readUInt16LE(clock + 24),
  };
}

/** Bytes of an `event`. */
export const EVENT_BYTES = 32;

/** What happened to a subscription: it failed with an errno, or is ready. */
export interface PollEvent {
  readonly subscription: Subscription;
  readonly result: Errno | Readiness;
}

/**
 * Encodes events one after the other:
 *
 * ```text
 * 0 userdata u64 | 8 errno u16 | 10 eventtype u8 | 16 bytes ready u64 | 24 eventrwflags u16
 * ```
 */
export function encodeEvents(events: readonly PollEvent[]): Buffer {
  const records = Buffer.alloc(events.length * EVENT_BYTES);
  for (const [index, { subscription, result }] of events.entries()) {
    const record = records.subarray(index * EVENT_BYTES);
    record.writeBigUInt64LE(subscription.userdata, 0);
    record.writeUInt16LE(typeof result === 'number' ? result : ERRNO.success, 8);
    record.writeUInt8(subscription.type, 10);
    if (typeof result === 'number') continue;
    record.writeBigUInt64LE(BigInt(result.bytes), 16);
    record.writeUInt16LE(result.flags, 24);
  }
  return records;
}
