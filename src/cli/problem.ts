/** What can go wrong between the command and the server, as errors that read well. */
import * as z from 'zod';

/** The server refuses: its `application/problem+json` (RFC 9457), or its status alone when it sends none. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  /** HTTP status. */
  readonly status: number;
  /** One of the codes of the control API; `null` when the answer has none. */
  readonly code: string | null;
  readonly title: string;
  readonly detail: string;
  /** Every fault, when there are several. */
  readonly errors: readonly string[];

  constructor(status: number, problem: Problem) {
    super(problem.detail === '' ? problem.title : `${problem.title}: ${problem.detail}`);
    this.status = status;
    this.code = problem.code;
    this.title = problem.title;
    this.detail = problem.detail;
    this.errors = problem.errors;
  }
}

/** No answer: nobody listens, the connection breaks, time is up, or what answers does not speak HTTP. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** An answer that is not one of the control API. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

interface Problem {
  readonly title: string;
  readonly detail: string;
  readonly code: string | null;
  readonly errors: readonly string[];
}

/** Each part stands for itself: one that is malformed does not hide the others. */
const problemBody = z.object({
  title: z.string().catch(''),
  detail: z.string().catch(''),
  code: z.string().nullable().catch(null),
  errors: z.array(z.string()).catch([]),
});

/** A title for statuses whose answer has none. */
const TITLES: ReadonlyMap<number, string> = new Map([
  [401, 'The server does not know you'],
  [403, 'This token does not allow it'],
  [404, 'There is no such thing'],
  [409, 'It cannot be done as things stand'],
  [412, 'It was changed meanwhile'],
  [413, 'It is too large'],
  [429, 'Too many requests'],
  [501, 'The server cannot do it'],
  [503, 'The server is not ready'],
]);

/** Reads a refusal. Any status and any bytes give an error that says something. */
export function problemOf(status: number, body: Uint8Array): ProblemError {
  const read = problemBody.safeParse(parsed(body));
  const { title, detail, code, errors } = read.success ? read.data : { title: '', detail: '', code: null, errors: [] };
  const standard = TITLES.get(status) ?? `The server answered with status ${status}`;
  return new ProblemError(status, { title: title === '' ? standard : title, detail, code, errors });
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return null;
  }
}

/** Codes of errors that mean: nobody is there. */
const ABSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Codes of errors that mean: the connection broke, and whether the request was carried out is not known. */
const LOST: ReadonlySet<string> = new Set([
  'UND_ERR_BODY_TIMEOUT',
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'UND_ERR_SOCKET',
  'ETIMEDOUT',
]);

/** The code of a network error, `''` without one. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

/** Whether the connection broke: the same request may be sent again under the same idempotency key. */
export function isLoss(error: unknown): boolean {
  return LOST.has(codeOf(error));
}

/** A network error in words. Errors that are none come back as they are. */
export function networkError(error: unknown, url: string): Error {
  const code = codeOf(error);
  const name = error instanceof Error ? error.name : '';
  if (ABSENT.has(code)) {
    return new UnreachableError(
      `no Kerb answers at ${url} (${code}); start one with npm start, or name another with --control`,
    );
  }
  if (isLoss(error))
    return new UnreachableError(`the connection to ${url} broke, twice; see whether the server is well`);
  if (name === 'TimeoutError' || code === 'UND_ERR_HEADERS_TIMEOUT')
    return new UnreachableError(`${url} does not answer in time; see whether the server is well`);
  if (code.startsWith('HPE_'))
    return new UnreachableError(`what answers at ${url} does not speak HTTP; check --control`);
  if (/^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)) {
    return new UnreachableError(`${url} cannot be trusted (${code}); check its certificate and --control`);
  }
  if (isNetworkCode(code))
    return new UnreachableError(`talking to ${url} failed (${code}); see whether the server is well`);
  return error instanceof Error ? error : new Error(String(error));
}

/** Codes of the system and of the client's protocol. A wrong argument is a fault of this program and stays what it is. */
function isNetworkCode(code: string): boolean {
  return /^E[A-Z]+$/.test(code) || (code.startsWith('UND_ERR_') && code !== 'UND_ERR_INVALID_ARG');
}
