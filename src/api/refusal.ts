/** The refusal that an HTTP request ends in: a status, a code for programs, a sentence for people. */
import { KerbError, type KerbErrorCode } from '../errors.ts';

/** The closed list of `code` in a problem. `bad_request` stands for every fault of a request that has no word of its own. */
export const PROBLEM_CODES = [
  'unauthorized',
  'forbidden',
  'not_found',
  'conflict',
  'precondition_failed',
  'bad_request',
  'bad_manifest',
  'bad_module',
  'refused_module',
  'route_conflict',
  'wider_capabilities',
  'signature_required',
  'too_large',
  'rate_limited',
  'idempotency_mismatch',
  'unsupported',
  'internal',
  'draining',
] as const;

/** One of {@link PROBLEM_CODES}. */
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** More about a refusal than its sentence. */
export interface RefusalMore {
  /** Every fault, when there are several. */
  readonly errors?: readonly string[];
  /** Response fields, with names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is not done, and why. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: ProblemCode;
  readonly errors: readonly string[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: ProblemCode, message: string, more: RefusalMore = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = more.errors ?? [];
    this.headers = more.headers ?? {};
  }
}

/** A malformed request (RFC 9110 §15.5.1). */
export function badRequest(message: string, errors: readonly string[] = []): Refusal {
  return new Refusal(400, 'bad_request', message, { errors });
}

/** Too much at once (RFC 6585 §4); `afterSeconds` is when to come back (RFC 9110 §10.2.3). */
export function tooMany(message: string, afterSeconds = 1): Refusal {
  return new Refusal(429, 'rate_limited', message, { headers: { 'retry-after': String(afterSeconds) } });
}

/** What a client gets for an error of the parts below; `null`: it is the server's fault, and nothing of it is told. */
const STATUSES = {
  bad_config: null,
  cannot_listen: null,
  corrupt: null,
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  route_conflict: 409,
  wider_capabilities: 409,
  precondition_failed: 412,
  too_large: 413,
  bad_manifest: 422,
  bad_module: 422,
  refused_module: 422,
  signature_required: 422,
  unsupported: 501,
} as const satisfies Record<KerbErrorCode, number | null>;

/** The refusal that an error means for a client; `null` when it is a fault of the server. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  if (!(error instanceof KerbError)) return null;
  const code = told(error.code);
  const status = STATUSES[error.code];
  if (code === null || status === null) return null;
  const headers = code === 'unauthorized' ? { 'www-authenticate': 'Bearer realm="kerb", error="invalid_token"' } : {};
  return new Refusal(status, code, error.message, { errors: error.details, headers });
}

function told(code: KerbErrorCode): ProblemCode | null {
  return PROBLEM_CODES.find((known) => known === code) ?? null;
}
