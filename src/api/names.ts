/** Schemas of the names that paths, queries and bodies have: each with the one spelling that is taken. */
import { z } from 'zod';
import { hostPattern } from '../control/manifest-values.ts';
import { GRANT_NAME, TENANT_NAME } from '../names.ts';
import { OUTCOME_NAMES } from '../outcome.ts';
import { REQUEST_LIMITS } from './limits.ts';
import { decimal } from './validation.ts';

/** A tenant's name, as `name` of a manifest. */
export const tenantName = z
  .string()
  .regex(TENANT_NAME, 'must be 1 to 63 of a-z, 0-9 and "-"')
  .meta({ description: 'Name of a tenant.' });

/** The name of a store or of a secret, as under `[stores]` of a manifest. */
export const grantName = z
  .string()
  .regex(GRANT_NAME, 'must be 1 to 63 letters, digits, ".", "_" and "-", the first a letter or digit')
  .meta({ description: 'Name of a store or a secret.' });

/** A key of a store: anything but controls, and but what clients take for a step in a path. */
export const storeKey = z
  .string()
  .min(1, 'must not be empty')
  .refine(
    (key) => Buffer.byteLength(key) <= REQUEST_LIMITS.keyBytes,
    `must be at most ${REQUEST_LIMITS.keyBytes} bytes`,
  )
  .refine(
    (key) => !/[\p{Cc}\p{Cs}]/u.test(key) && key !== '.' && key !== '..',
    'must not have controls, nor be "." or ".."',
  )
  .meta({ description: 'Key of a store; a slash in it is written %2F.', minLength: 1 });

/** A host, or `*.` and one: in lower case afterwards. */
export const hostName = z
  .string()
  .max(260, 'must be at most 260 characters')
  .transform((text, context) => {
    const host = hostPattern(text);
    if (host !== null) return host;
    context.addIssue('must be a host name without a port, or "*." and one; e.g. app.example.com');
    return z.NEVER;
  })
  .meta({ description: 'A host name, or `*.` and one.' });

/** The number of a version. */
export const versionNumber = z
  .int('must be a whole number')
  .min(1, 'must be 1 or more')
  .meta({ description: 'Number of a version.' });

/** The id of a token. */
export const tokenId = z
  .string()
  .regex(/^[A-Za-z0-9._~-]{1,128}$/, 'must be 1 to 128 letters, digits, ".", "_", "~" and "-"')
  .meta({ description: 'The `jti` of a token.' });

/** A word or line of text that people read: no controls. */
export function line(most: number): z.ZodType<string, string> {
  return z
    .string()
    .max(most, `must be at most ${most} characters`)
    .refine((text) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text), 'must be one line without control characters');
}

/** A request without parameters of its own. */
export const nothing = z.strictObject({});
export const tenantParams = z.strictObject({ tenant: tenantName });
export const versionParams = z.strictObject({ tenant: tenantName, version: decimal(1, Number.MAX_SAFE_INTEGER) });
export const hostParams = z.strictObject({ tenant: tenantName, host: hostName });
export const storeParams = z.strictObject({ tenant: tenantName, store: grantName });
export const entryParams = z.strictObject({ tenant: tenantName, store: grantName, key: storeKey });
export const secretParams = z.strictObject({ tenant: tenantName, name: grantName });

/** Which part of a list is asked for. */
export const pageQuery = z.strictObject({
  limit: decimal(1, REQUEST_LIMITS.pageItemsMost).optional().meta({ description: 'Items at most; 100 when left out.' }),
  cursor: z
    .string()
    .min(1)
    .max(REQUEST_LIMITS.cursorChars)
    .optional()
    .meta({ description: '`next` of the part before.' }),
});

/** Which log entries are shown. */
export const logQuery = z.strictObject({
  outcome: z.enum(OUTCOME_NAMES as [string, ...string[]]).optional(),
  status: z
    .string()
    .regex(/^[1-5](?:xx|[0-9]{2})$/, 'must be a status such as 404, or a class such as 5xx')
    .optional(),
  method: z
    .string()
    .regex(/^[A-Za-z]{1,20}$/, 'must be a method such as GET')
    .optional(),
  path: z.string().min(1).max(REQUEST_LIMITS.textChars).optional().meta({ description: 'A prefix of the target.' }),
  contains: z.string().min(1).max(REQUEST_LIMITS.textChars).optional(),
});
