/** Schemas of the JSON that requests bring. Unknown members are refused: a misspelt one would be a wish that is not heard. */
import { z } from 'zod';
import { BUDGETS } from '../control/manifest-limits.ts';
import { SCOPES } from '../auth/scopes.ts';
import { BODY_LIMITS, REQUEST_LIMITS, SPAN_LIMITS } from './limits.ts';
import { line, storeKey, tenantName, versionNumber } from './names.ts';

/** Members of a JWK that are private, or that make it a shared secret (RFC 7518 §6). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

function ceiling(name: keyof typeof BUDGETS): z.ZodOptional<z.ZodInt> {
  const { least, ceiling: most } = BUDGETS[name];
  const words = `must be a whole number from ${least} to ${most}`;
  return z.int(words).min(least, words).max(most, words).optional();
}

export const newTenantBody = z.strictObject({ name: tenantName });
export const emptyBody = z.strictObject({});
export const activateBody = z.strictObject({ version: versionNumber, accept: z.literal('wider').optional() });

export const canaryBody = z.strictObject({
  version: versionNumber,
  percent: z.number().gt(0, 'must be more than 0').lt(100, 'must be less than 100; to serve all, activate the version'),
  maxCostFactor: z.number().gt(1, 'must be more than 1').max(1_000, 'must be at most 1000').default(2),
  accept: z.literal('wider').optional(),
});

/** Ceilings of a tenant; none that is higher than the process's own. */
export const limitsBody = z
  .strictObject({
    cpu_ms: ceiling('cpu_ms'),
    wall_ms: ceiling('wall_ms'),
    memory_mb: ceiling('memory_mb'),
    concurrency: ceiling('concurrency'),
    cpu_ms_per_second: ceiling('cpu_ms_per_second'),
    cpu_weight: ceiling('cpu_weight'),
  })
  .meta({ id: 'Limits' });

export const allowBody = z.strictObject({
  allow: z
    .array(z.string().regex(/^[0-9a-fA-F.:]{2,45}\/[0-9]{1,3}$/, 'must be an address range such as 10.0.0.0/8'))
    .max(REQUEST_LIMITS.listed),
});

const publicKey = z
  .record(z.string().max(64), z.json())
  .refine((key) => typeof key['kty'] === 'string', 'must be a JWK with a kty')
  .refine(
    (key) => !PRIVATE_MEMBERS.some((name) => Object.hasOwn(key, name)),
    'has private members; send the public key only',
  )
  .meta({ id: 'PublicKey', description: 'A public key as a JWK (RFC 7517).' });

/** Keys that may sign a tenant's modules. */
export const signingKeysBody = z
  .strictObject({
    required: z
      .array(z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be a JWK thumbprint: 43 characters (RFC 7638)'))
      .max(REQUEST_LIMITS.listed),
    keys: z.array(publicKey).max(REQUEST_LIMITS.listed),
  })
  .meta({ id: 'SigningKeys' });

/** A whole config store. */
export const configBody = z.strictObject({
  items: z
    .record(
      storeKey,
      z.string().refine((text) => Buffer.byteLength(text) <= BODY_LIMITS.configValue, 'is too long'),
    )
    .refine((items) => Object.keys(items).length <= REQUEST_LIMITS.configKeys, 'has too many keys'),
});

export const purgeBody = z
  .strictObject({
    url: z.string().min(1).max(2_048).optional(),
    tag: line(REQUEST_LIMITS.textChars).optional(),
    all: z.literal(true).optional(),
    soft: z.boolean().optional(),
  })
  .refine(
    ({ url, tag, all }) => [url, tag, all].filter((given) => given !== undefined).length === 1,
    'must have one of url, tag and all',
  );

export const tokenBody = z
  .strictObject({
    subject: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/,
        'must be 1 to 64 letters, digits and "._@+-", the first a letter or digit',
      ),
    scopes: z
      .array(z.enum(SCOPES))
      .min(1, 'must name a scope')
      .refine((scopes) => new Set(scopes).size === scopes.length, 'must name each scope once'),
    tenant: tenantName.nullable().optional(),
    once: z.boolean().optional().meta({ description: 'Good for one request.' }),
    ttlSeconds: z
      .int()
      .min(1, 'must be 1 or more')
      .max(SPAN_LIMITS.tokenSeconds, `must be at most ${SPAN_LIMITS.tokenSeconds}: 90 days`),
  })
  .refine(
    ({ scopes, tenant }) => scopes.every((scope) => scope === 'operator') === ((tenant ?? null) === null),
    'must name a tenant for the tenant scopes, and none for operator alone',
  );
