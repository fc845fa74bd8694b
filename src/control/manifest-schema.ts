/** The shape of a manifest as it is written, key by key, and what each key takes. */
import { GRANT_NAME, TENANT_NAME } from '../names.ts';
import { ABI_NAMES } from '../abi/abi.ts';
import { FAILURE_KINDS, MEASURES } from '../failure-rule.ts';
import * as z from 'zod';
import { BACKEND_BUDGETS, BUDGETS, HEALTH_BUDGETS, MANIFEST_LIMITS, type Budget } from './manifest-limits.ts';
import {
  backendUrl,
  guestFolder,
  hostPattern,
  insidePath,
  keySetText,
  pageFile,
  pathPrefix,
  requestTarget,
} from './manifest-values.ts';

/** The guest ABIs that a manifest may name. `auto` lets the deploy step tell from the module's imports and exports. */
export const ABI_CHOICES = ['auto', ...ABI_NAMES] as const;

/** `request`: every request gets a fresh instance. `reuse`: instances stay warm and are recycled. */
export const ISOLATIONS = ['request', 'reuse'] as const;

const GRANT_WORDS = 'a name of 1 to 63 letters, digits, ".", "_" and "-"';
const VARIABLE_NAME = /^[^=\0]+$/;
const WITHOUT_NUL = /^[^\0]*$/;

/** The sentence for a value that is not `what`, or is not there; it follows the value in the fault. */
function need(
  what: string,
  remedy: string,
): { error: (issue: { input?: unknown; code?: string }) => string | undefined } {
  return {
    error: ({ input, code }) => {
      if (code === 'unrecognized_keys') return undefined;
      return input === undefined ? `is missing; ${remedy}` : `is not ${what}; ${remedy}`;
    },
  };
}

/** Text that `read` turns into its one spelling, or answers `null` for. */
function textThat(read: (text: string) => string | null, what: string, remedy: string): z.ZodType<string> {
  const message = need(what, remedy);
  return z
    .string(message)
    .refine((text) => read(text) !== null, message)
    .transform((text) => read(text) ?? text);
}

function matching(pattern: RegExp, what: string, remedy: string): z.ZodType<string> {
  return z.string(need(what, remedy)).regex(pattern, need(what, remedy));
}

/** A list without repetitions and with at most `most` items. */
function distinct<T extends string>(item: z.ZodType<T>, most: number, what: string, remedy: string): z.ZodType<T[]> {
  return z.array(item, need(what, remedy)).superRefine((items, context) => {
    if (items.length > most) context.addIssue({ code: 'custom', message: `has more than ${most} items; remove some` });
    items.forEach((text, index) => {
      if (items.indexOf(text) === index) return;
      context.addIssue({ code: 'custom', path: [index], message: 'is listed twice; remove one of the two' });
    });
  });
}

/** A table of text by name. The keys' rule is `name`, the values' `value`. */
function named<T>(
  name: z.ZodType<string>,
  value: z.ZodType<T>,
  most: number,
  remedy: string,
): z.ZodType<Record<string, T>> {
  return z
    .record(name, value, need('a table', remedy))
    .refine((table) => Object.keys(table).length <= most, { error: `has more than ${most} entries; remove some` });
}

function whole({ standard, least, ceiling }: Budget): z.ZodNumber {
  const message = need(`a whole number from ${least} to ${ceiling}`, `leave it out for ${standard}`);
  return z.number(message).int(message).min(least, message).max(ceiling, message);
}

function budget(limit: Budget): z.ZodDefault<z.ZodNumber> {
  return whole(limit).default(limit.standard);
}

const limits = z.strictObject(
  {
    cpu_ms: budget(BUDGETS.cpu_ms),
    cpu_weight: budget(BUDGETS.cpu_weight),
    cpu_ms_per_second: budget(BUDGETS.cpu_ms_per_second),
    cpu_burst_ms: budget(BUDGETS.cpu_burst_ms),
    wall_ms: budget(BUDGETS.wall_ms),
    memory_mb: budget(BUDGETS.memory_mb),
    concurrency: budget(BUDGETS.concurrency),
    subrequests: budget(BUDGETS.subrequests),
    websockets: budget(BUDGETS.websockets),
    request_body_mb: budget(BUDGETS.request_body_mb),
    cache_mb: budget(BUDGETS.cache_mb),
    scratch_mb: budget(BUDGETS.scratch_mb),
  },
  need('a table', 'write [limits] on a line of its own'),
);

const health = z.strictObject(
  {
    path: textThat(requestTarget, 'a path and query from "/" on', 'e.g. path = "/healthz"'),
    interval_s: budget(HEALTH_BUDGETS.interval_s),
    timeout_ms: budget(HEALTH_BUDGETS.timeout_ms),
    unhealthy: budget(HEALTH_BUDGETS.unhealthy),
    healthy: budget(HEALTH_BUDGETS.healthy),
    status: budget(HEALTH_BUDGETS.status),
  },
  need('a table', 'e.g. health = { path = "/healthz" }'),
);

const backend = z.strictObject(
  {
    url: textThat(
      backendUrl,
      'an http or https URL of a host, without user, query and fragment',
      'e.g. url = "http://127.0.0.1:9000"',
    ),
    connect_ms: whole(BACKEND_BUDGETS.connect_ms).optional(),
    first_byte_ms: whole(BACKEND_BUDGETS.first_byte_ms).optional(),
    between_bytes_ms: whole(BACKEND_BUDGETS.between_bytes_ms).optional(),
    connections: whole(BACKEND_BUDGETS.connections).optional(),
    health: health.optional(),
  },
  need('a table', 'write [backends.<name>] with url = "http://…" below it'),
);

const WORD = /^[\x21-\x7e]{1,256}$/;
const WORD_WORDS = 'a text of 1 to 256 visible ASCII characters';

/** What becomes of a request whose guest fails by its own fault: it ends, or goes on without the guest. */
export const FAILURE_MODES = ['closed', 'open'] as const;

const failureMode = z
  .enum(FAILURE_MODES, need(`one of ${FAILURE_MODES.join(', ')}`, 'leave it out for closed'))
  .default('closed');

const jwksPlace = z.strictObject(
  {
    backend: matching(GRANT_NAME, GRANT_WORDS, 'name one of [backends.<name>]'),
    path: textThat(requestTarget, 'a path and query from "/" on', 'e.g. path = "/.well-known/jwks.json"'),
  },
  need('a table', 'or a key set in quotes'),
);

/** Algorithms that a guest's tokens are signed with. */
export const SIGNING_ALGORITHMS = ['EdDSA', 'ES256'] as const;

const TOKEN_SECONDS: Budget = { standard: 300, least: 1, ceiling: MANIFEST_LIMITS.tokenSeconds };

const jwtSigning = z.strictObject(
  {
    secret: matching(GRANT_NAME, GRANT_WORDS, 'name the secret with the key, a private JWK'),
    alg: z
      .enum(SIGNING_ALGORITHMS, need(`one of ${SIGNING_ALGORITHMS.join(', ')}`, 'leave it out for EdDSA'))
      .default('EdDSA'),
    ttl_s: budget(TOKEN_SECONDS),
  },
  need('a table', 'e.g. sign = { secret = "SIGNING_KEY", alg = "EdDSA", ttl_s = 300 }'),
);

const NO_KEYS = need(
  'a key set or { backend = "…", path = "…" }',
  'e.g. jwks = { backend = "idp", path = "/jwks.json" }',
);

const jwtIssuer = z
  .strictObject(
    {
      issuer: matching(WORD, WORD_WORDS, 'give the "iss" of its tokens'),
      audience: matching(WORD, WORD_WORDS, 'give the "aud" of tokens for this app'),
      jwks: z
        .union(
          [textThat(keySetText, 'a key set, JSON with a list "keys"', 'e.g. the text of jwks.json'), jwksPlace],
          NO_KEYS,
        )
        .optional(),
      sign: jwtSigning.optional(),
    },
    need('a table', 'write [jwt.<name>] with issuer, audience and jwks below it'),
  )
  .refine(({ jwks, sign }) => jwks !== undefined || sign !== undefined, { path: ['jwks'], error: NO_KEYS.error({}) });

const fileInside = (example: string): z.ZodType<string> =>
  textThat(insidePath, 'a relative path that stays beside the manifest', `e.g. ${example}`);

const config = z.union(
  [z.string(), z.strictObject({ file: fileInside('file = "conf.json"') }, need('a table', 'or text in quotes'))],
  need('text or { file = "…" }', 'put it in quotes or name a file'),
);

const filterLimits = z.strictObject(
  { cpu_ms: budget(BUDGETS.cpu_ms), wall_ms: budget(BUDGETS.wall_ms), memory_mb: budget(BUDGETS.memory_mb) },
  need('a table', 'write [filters.limits] below its [[filters]]'),
);

const filter = z.strictObject(
  {
    name: matching(GRANT_NAME, GRANT_WORDS, 'e.g. name = "auth"'),
    main: fileInside('main = "auth.wasm"'),
    config: config.default(''),
    abi: z.enum(ABI_CHOICES, need(`one of ${ABI_CHOICES.join(', ')}`, 'leave it out for auto')).default('auto'),
    isolation: z.enum(ISOLATIONS, need(`one of ${ISOLATIONS.join(', ')}`, "leave it out for the app's")).optional(),
    root_id: matching(WITHOUT_NUL, 'text without NUL', 'put it in quotes').default(''),
    failure_mode: failureMode,
    limits: filterLimits.prefault({}),
  },
  need('a table', 'write [[filters]] with name and main below it'),
);

const filters = z
  .array(filter, need('a list of tables', 'write [[filters]] on a line of its own'))
  .superRefine((list, context) => {
    if (list.length > MANIFEST_LIMITS.filters)
      context.addIssue({ code: 'custom', message: `has more than ${MANIFEST_LIMITS.filters} items; remove some` });
    list.forEach(({ name }, index) => {
      if (list.findIndex((other) => other.name === name) === index) return;
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: 'is taken by another filter; choose another',
      });
    });
  });

const grantName = matching(GRANT_NAME, GRANT_WORDS, 'choose another name');
const text = matching(WITHOUT_NUL, 'text without NUL', 'put it in quotes');

const stores = z.strictObject(
  {
    kv: distinct(grantName, MANIFEST_LIMITS.storeNames, 'a list of names', 'e.g. kv = ["sessions"]').default([]),
    cache: z.boolean(need('true or false', 'leave it out for false')).default(false),
    config: named(grantName, text, MANIFEST_LIMITS.storeNames, 'e.g. config = { theme = "dark" }').optional(),
    secrets: distinct(grantName, MANIFEST_LIMITS.storeNames, 'a list of names', 'e.g. secrets = ["API_KEY"]').default(
      [],
    ),
  },
  need('a table', 'write [stores] on a line of its own'),
);

const env = named(
  matching(VARIABLE_NAME, 'a name without "=" and NUL', 'choose another name'),
  text,
  MANIFEST_LIMITS.variables,
  'write [env] on a line of its own',
).refine((table) => Object.entries(table).join().length <= MANIFEST_LIMITS.variableChars, {
  error: `holds more than ${MANIFEST_LIMITS.variableChars} characters; use config = { file = "…" } instead`,
});

const args = z
  .array(text, need('a list of texts', 'e.g. args = ["/app/page.js"]'))
  .refine((list) => list.length <= MANIFEST_LIMITS.arguments, {
    error: `has more than ${MANIFEST_LIMITS.arguments} items; remove some`,
  })
  .refine((list) => list.join(' ').length <= MANIFEST_LIMITS.argumentChars, {
    error: `holds more than ${MANIFEST_LIMITS.argumentChars} characters; put them into a file`,
  });

const files = named(
  textThat(guestFolder, 'an absolute guest path without "." and ".."', 'e.g. "/content" = "./content"'),
  fileInside('"/content" = "./content"'),
  MANIFEST_LIMITS.folders,
  'write [files] on a line of its own',
);

const host = textThat(
  hostPattern,
  'a host name without a port, or "*." and one',
  'e.g. "app.example.com", international names as xn--…',
);

/** One of a closed list of words, without repetition. */
function words<T extends string>(known: readonly T[], remedy: string): z.ZodType<T[]> {
  const what = known.join(', ');
  return distinct(z.enum(known, need(`one of ${what}`, remedy)), known.length, `a list of ${what}`, remedy);
}

const pageStatus = need('200 or a whole number from 400 to 599', 'leave it out for 503');

const onFailure = z.strictObject(
  {
    path: textThat(
      pathPrefix,
      'a path prefix: "/" and plain segments',
      'leave it out for the path of the app',
    ).optional(),
    on: words(FAILURE_KINDS, 'leave it out for all').default([...FAILURE_KINDS]),
    serve: words(MEASURES, 'e.g. serve = ["page"], or [] for the error'),
    page: textThat(
      pageFile,
      'a relative path of an .html, .htm, .txt, .json or .xml file',
      'e.g. page = "sorry.html"',
    ).optional(),
    status: z
      .number(pageStatus)
      .int(pageStatus)
      .refine((status) => status === 200 || (status >= 400 && status <= 599), pageStatus)
      .optional(),
  },
  need('a table', 'write [[on_failure]] with serve = ["page"] below it'),
);

const failureRules = z
  .array(onFailure, need('a list of tables', 'write [[on_failure]], in double brackets'))
  .refine((rules) => rules.length <= MANIFEST_LIMITS.failureRules, {
    error: `has more than ${MANIFEST_LIMITS.failureRules} rules; remove some`,
  });

/** A manifest as it is written. Defaults are filled in, texts are in their one spelling; names are still the file's. */
export const manifestSchema = z.strictObject({
  name: matching(TENANT_NAME, '1 to 63 of a-z, 0-9 and "-"', 'e.g. name = "my-app"'),
  main: fileInside('main = "handler.wasm"'),
  hosts: distinct(host, MANIFEST_LIMITS.hosts, 'a list of host names', 'e.g. hosts = ["app.example.com"]')
    .refine((hosts) => hosts.length > 0, {
      error: 'names no host, so nothing could reach the app; leave it out for <name>.localhost',
    })
    .optional(),
  path: textThat(pathPrefix, 'a path prefix: "/" and plain segments', 'e.g. path = "/api"').default('/'),
  abi: z.enum(ABI_CHOICES, need(`one of ${ABI_CHOICES.join(', ')}`, 'leave it out for auto')).default('auto'),
  isolation: z.enum(ISOLATIONS, need(`one of ${ISOLATIONS.join(', ')}`, 'leave it out for request')).default('request'),
  root_id: matching(WITHOUT_NUL, 'text without NUL', 'put it in quotes').default(''),
  failure_mode: failureMode,
  filters: filters.default([]),
  receipt: z.boolean(need('true or false', 'leave it out for false')).default(false),
  geo: z.boolean(need('true or false', 'leave it out for false')).default(false),
  origin: grantName.optional(),
  config: config.default(''),
  limits: limits.prefault({}),
  backends: named(grantName, backend, MANIFEST_LIMITS.backends, 'write [backends.<name>] with url = "…"').default({}),
  jwt: named(grantName, jwtIssuer, MANIFEST_LIMITS.issuers, 'write [jwt.<name>] with issuer = "…"').default({}),
  args: args.optional(),
  env: env.default({}),
  files: files.default({}),
  stores: stores.prefault({}),
  on_failure: failureRules.default([]),
});

/** A manifest as it is written, checked. */
export type WrittenManifest = z.output<typeof manifestSchema>;

/** The keys that the table at `path` takes; empty where any key or none is taken. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return Object.keys(manifestSchema.shape);
  if (path[0] === 'on_failure') return Object.keys(onFailure.shape);
  if (path[0] === 'backends') return Object.keys(path.length > 2 ? health.shape : backend.shape);
  if (path[0] === 'filters') return Object.keys(path[2] === 'limits' ? filterLimits.shape : filter.shape);
  if (path[0] === 'jwt') return Object.keys(jwtTable(path[2]));
  const tables: Readonly<Record<string, object>> = {
    limits: limits.shape,
    stores: stores.shape,
    config: { file: true },
  };
  return Object.keys(tables[String(path[0])] ?? {});
}

/** Below `[jwt.<name>]`: the table itself, or that of its key. */
function jwtTable(key: PropertyKey | undefined): object {
  if (key === undefined) return jwtIssuer.shape;
  return key === 'sign' ? jwtSigning.shape : jwksPlace.shape;
}
