/** Checks foreign values against schemas, and says every fault with its place. */
import { z } from 'zod';
import { shownKey } from '../control/manifest-quote.ts';
import { clipped, printable } from '../quoted.ts';
import { PROBLEM_LIMITS, REQUEST_LIMITS } from './limits.ts';
import { badRequest } from './refusal.ts';

/**
 * The value as the schema reads it. Throws 400 with every fault.
 *
 * @param where - `path`, `query` or `body`, for the faults.
 */
export function validated<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => fault(where, issue));
  throw badRequest(`the ${where} of the request does not fit; see errors`, faults);
}

function fault(where: string, issue: z.core.$ZodIssue): string {
  const place = issue.path.length === 0 ? where : `${where}: ${shownKey(issue.path)}`;
  return clipped(`${place}: ${printable(issue.message)}`, PROBLEM_LIMITS.errorChars);
}

/**
 * JSON (RFC 8259) from bytes: UTF-8, at most {@link REQUEST_LIMITS.jsonDepth} deep, without a member `__proto__`, which some programs
 * would follow. Throws 400.
 */
export function parsedJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(utf8(bytes, 'body'));
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest('the body is not JSON; check its quotes and commas');
    throw error;
  }
  inspect(value, 0);
  return value;
}

/** Text of strictly valid UTF-8. Throws 400. */
export function utf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badRequest(`the ${where} is not UTF-8; encode it as UTF-8`);
  }
}

function inspect(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= REQUEST_LIMITS.jsonDepth) {
    throw badRequest(`the body has more than ${REQUEST_LIMITS.jsonDepth} levels; make it flatter`);
  }
  if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) {
    throw badRequest('the body has a member "__proto__", which is refused; choose another name');
  }
  for (const inner of Object.values(value)) inspect(inner, depth + 1);
}

/** An integer in decimal digits, as paths and queries have it: `integer` is how the document describes it. */
export function decimal(least: number, most: number): z.ZodType<number, string> {
  const words = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,15})$/, words)
    .transform(Number)
    .refine((value) => value >= least && value <= most, words)
    .meta({ integer: { minimum: least, maximum: most } });
}

/** `true` or `false`. */
export function flag(standard: 'true' | 'false'): z.ZodType<boolean, string | undefined> {
  return z
    .enum(['true', 'false'])
    .default(standard)
    .transform((value) => value === 'true');
}
