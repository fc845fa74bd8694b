/** Fetches one JSON document of another issuer, bounded in time and size. */
import { KerbError } from '../errors.ts';
import { KEY_SET_TIMEOUT_MS, MAX_KEY_SET_BYTES } from './limits.ts';

/** Fetches a document; rejects, whatever goes wrong, with a `KerbError` that says so. */
export type FetchJson = (url: URL) => Promise<unknown>;

/**
 * {@link FetchJson} over the network: only an answer 200 of at most {@link MAX_KEY_SET_BYTES} decoded bytes within
 * {@link KEY_SET_TIMEOUT_MS} is taken, and no redirect, which could lead anywhere. Rejects with `conflict`.
 */
export async function fetchJson(url: URL): Promise<unknown> {
  try {
    const response = await fetch(url, {
      redirect: 'error',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(KEY_SET_TIMEOUT_MS),
    });
    return await documentOf(response);
  } catch (error) {
    throw error instanceof KerbError
      ? error
      : new KerbError('conflict', `cannot fetch ${url.href}: ${reasonOf(error)}`);
  }
}

async function documentOf(response: Response): Promise<unknown> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the answer has status ${response.status}`);
  }
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (body === null) throw new Error('the answer is empty');
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_KEY_SET_BYTES) throw new Error(`the answer is larger than ${MAX_KEY_SET_BYTES} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
}

/** What a network error says is in its cause; what a parser says quotes the answer, which is hostile. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'the answer is not JSON';
  if (!(error instanceof Error)) return 'it failed';
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
