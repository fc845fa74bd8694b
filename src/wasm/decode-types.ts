/** Decoding of types and bounds (§5.3): the parts of a module that several sections share. */

import { MODULE_LIMITS } from '../limits.ts';
import { Value } from './module.ts';
import type { FunctionType, Limits, ValueType } from './module.ts';
import { malformed } from './reader.ts';
import type { Reader } from './reader.ts';
import type { Refusals } from './refusals.ts';

const ACCEPTED = new Set<number>(Object.values(Value));
/** Reference types of the garbage collection and function reference proposals: `(ref …)` and the abstract heap types. */
const REFUSED_REFERENCES = new Set([
  0x63, 0x64, 0x65, 0x67, 0x68, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73, 0x74,
]);
const FUNCTION_FORM = 0x60;
const NO_GC = 'compile without garbage-collected types (WasmGC)';

/** True for the byte of a value type that Kerb accepts. */
export function isAccepted(code: number): boolean {
  return ACCEPTED.has(code);
}

/** Reads a value type; stops with a refusal on garbage-collected and typed references. */
export function readValueType(reader: Reader, refusals: Refusals): ValueType {
  const at = reader.offset;
  const code = reader.byte();
  if (ACCEPTED.has(code)) return code;
  if (REFUSED_REFERENCES.has(code)) return refusals.stop(`reference type 0x${code.toString(16)} at byte ${at}`, NO_GC);
  throw malformed(at, `unknown value type 0x${code.toString(16)}`);
}

/** Reads the type section's content. */
export function readTypes(reader: Reader, refusals: Refusals): FunctionType[] {
  const at = reader.offset;
  const count = reader.count(1);
  if (count > MODULE_LIMITS.types) {
    refusals.stop(
      `types: ${count} in the type section at byte ${at}, at most ${MODULE_LIMITS.types}`,
      'merge or split the module',
    );
  }
  return Array.from({ length: count }, (_, index) => readFunctionType(reader, index, refusals));
}

function readFunctionType(reader: Reader, index: number, refusals: Refusals): FunctionType {
  const at = reader.offset;
  const form = reader.byte();
  if (form === 0x4e || form === 0x4f || form === 0x50 || form === 0x5e || form === 0x5f) {
    refusals.stop(`type ${index} at byte ${at} is a WasmGC type`, NO_GC);
  }
  if (form !== FUNCTION_FORM) throw malformed(at, `unknown type form 0x${form.toString(16)}`);
  const params = readValueTypes(reader, refusals);
  const results = readValueTypes(reader, refusals);
  refusals.over('parameters', params.length, MODULE_LIMITS.params, `type ${index}`, 'pass a pointer to a struct');
  refusals.over('results', results.length, MODULE_LIMITS.results, `type ${index}`, 'return through memory');
  return { params, results };
}

function readValueTypes(reader: Reader, refusals: Refusals): ValueType[] {
  const count = reader.count(1);
  const types: ValueType[] = [];
  for (let index = 0; index < count; index++) types.push(readValueType(reader, refusals));
  return types;
}

const HAS_MAXIMUM = 1;
const SHARED = 2;
const WIDE = 4;
const CUSTOM_PAGE_SIZE = 8;

/** Reads the bounds of a memory or table, with the flags of proposals that admission refuses. */
export function readLimits(reader: Reader): Limits {
  const at = reader.offset;
  const flags = reader.byte();
  if (flags > 15) throw malformed(at, `unknown limits flags 0x${flags.toString(16)}`);
  const wide = (flags & WIDE) !== 0;
  const initial = wide ? reader.u64() : reader.u32();
  const maximum = (flags & HAS_MAXIMUM) === 0 ? null : wide ? reader.u64() : reader.u32();
  const customPageSize = (flags & CUSTOM_PAGE_SIZE) !== 0;
  if (customPageSize) reader.u32();
  return { initial, maximum, shared: (flags & SHARED) !== 0, wide, customPageSize };
}

/** The length of a vector; above `limit` reading stops with a refusal. */
export function boundedCount(reader: Reader, what: string, limit: number, refusals: Refusals): number {
  const at = reader.offset;
  const count = reader.count(1);
  if (count > limit)
    refusals.stop(
      `${what}: ${count} at byte ${at}, at most ${limit}`,
      'split the module or link out what it does not use',
    );
  return count;
}
