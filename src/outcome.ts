/** How a request ended: one closed list of words for the client, the access log, the metrics and the tenant's log. */

/** Each outcome with the status a client gets for it and the sentence that explains it without leaking anything. */
export const OUTCOMES = {
  ok: { status: 200, title: 'The guest answered' },
  bad_request: { status: 400, title: 'The request is not valid HTTP/1.1' },
  unknown_host: { status: 404, title: 'No app is deployed at this address' },
  body_limit: { status: 413, title: 'The request body is larger than this app accepts' },
  concurrency_limit: { status: 429, title: 'This app has too many requests in flight' },
  cpu_quota: { status: 429, title: 'This app has used up its share of CPU time' },
  client_closed: { status: 499, title: 'The client closed the connection' },
  guest_trap: { status: 500, title: 'The app failed' },
  stack_limit: { status: 500, title: 'The app ran out of stack' },
  internal_error: { status: 500, title: 'The edge failed' },
  no_response: { status: 502, title: 'The app ended without a valid response' },
  backend_error: { status: 502, title: 'The origin of this app cannot be reached' },
  cpu_limit: { status: 503, title: 'The app used up its CPU budget' },
  memory_limit: { status: 503, title: 'The app used up its memory budget' },
  capacity: { status: 503, title: 'The edge is at its capacity' },
  draining: { status: 503, title: 'The edge is shutting down' },
  wall_limit: { status: 504, title: 'The app did not answer in time' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

/** One of the closed list of ways in which a request ends. */
export type Outcome = keyof typeof OUTCOMES;

/** Every outcome, in a fixed order: the index is the outcome's place in metrics slots. */
export const OUTCOME_NAMES: readonly Outcome[] = Object.freeze(Object.keys(OUTCOMES) as Outcome[]);

/** Outcomes after which the same request may well succeed a moment later: they carry `Retry-After: 1` (RFC 9110 §10.2.3). */
export const RETRYABLE: ReadonlySet<Outcome> = new Set<Outcome>([
  'concurrency_limit',
  'cpu_quota',
  'capacity',
  'draining',
]);
