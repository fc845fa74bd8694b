/** One health check of a backend: a request of Kerb's own, and what its answer says. */
import { BackendError, type BackendFault, type BackendRequest, type BackendResponse } from '../capability/backend.ts';
import { BodyError, type BodySource } from '../http/body.ts';
import { HeaderList } from '../http/headers.ts';
import { HEALTH_BODY_BYTES, REQUEST_CHUNK_BYTES } from './limits.ts';

/** How a manifest wants a backend to be checked. */
export interface HealthCheckSpec {
  /** Origin-form target of the GET, appended to the backend's base path. */
  readonly path: string;
  /** Between the end of a check and the next one, give or take a tenth. */
  readonly intervalMs: number;
  /** For connecting, the head and the body together. */
  readonly timeoutMs: number;
  /** Failed checks in a row after which the backend is left alone. */
  readonly unhealthy: number;
  /** Checks in a row that succeed after which it is asked again. */
  readonly healthy: number;
  /** The status of a backend that is well. A redirect is an answer like any other, and is not followed. */
  readonly status: number;
}

/** What a check says of its backend; `unknown`: it could not be made, for want of our own, or because its address is refused. */
export type CheckSign = 'healthy' | 'unhealthy' | 'unknown';

/** Faults that say nothing of the backend. */
const OURS: ReadonlySet<BackendFault> = new Set<BackendFault>(['overloaded', 'refused_address']);

/**
 * Makes one check with `send`. Healthy is an answer with the status that was asked for whose body, or the first
 * {@link HEALTH_BODY_BYTES} of it, comes whole and in time. Never rejects for what a backend does.
 */
export async function checkHealth(
  { path, timeoutMs, status }: HealthCheckSpec,
  send: (request: BackendRequest) => Promise<BackendResponse>,
): Promise<CheckSign> {
  const ending = new AbortController();
  const late = setTimeout(() => ending.abort(), timeoutMs);
  try {
    const headers = HeaderList.from([['User-Agent', 'kerb-health']]);
    const answer = await send({ method: 'GET', target: path, headers, body: null, signal: ending.signal });
    await drop(answer.body);
    return answer.status === status ? 'healthy' : 'unhealthy';
  } catch (error) {
    if (error instanceof BackendError) return OURS.has(error.fault) ? 'unknown' : 'unhealthy';
    if (error instanceof BodyError) return 'unhealthy';
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** Reads a body up to the cap and forgets it. */
async function drop(body: BodySource): Promise<void> {
  let bytes = 0;
  try {
    while (bytes < HEALTH_BODY_BYTES) {
      const chunk = await body.read(REQUEST_CHUNK_BYTES);
      if (chunk === null) return;
      bytes += chunk.length;
    }
  } finally {
    body.cancel();
  }
}
