/** The issuers whose tokens a deployment's guests may have verified, with their keys on this thread. */
import { CachedKeys } from '../auth/cached-keys.ts';
import { verifyIssuerToken, type TrustedIssuer } from '../auth/issuer-token.ts';
import { readKeysWith } from '../auth/key-set.ts';
import { KEY_SET_TIMEOUT_MS, MAX_KEY_SET_BYTES } from '../auth/limits.ts';
import type { VerifyingKey } from '../auth/public-key.ts';
import { importIssuerKey } from '../auth/rsa-key.ts';
import { BackendError, type Backend, type BackendResponse } from '../capability/backend.ts';
import type { TokenIssuer } from '../capability/jwt.ts';
import { KerbError } from '../errors.ts';
import { BodyError } from '../http/body.ts';
import { HeaderList } from '../http/headers.ts';
import type { JwtIssuer } from '../runtime/deployment.ts';
import type { BackendsByName } from './subrequests.ts';
import type { LoadSigningKey, SigningKeys } from './token-signers.ts';

/** The issuers by name. Nothing is fetched before a token asks for it. */
export function tokenIssuers(
  specs: readonly JwtIssuer[],
  backends: BackendsByName,
  signing: SigningKeys = new Map(),
): ReadonlyMap<string, TokenIssuer> {
  return new Map(specs.map((spec) => [spec.name, tokenIssuer(spec, backends, signing.get(spec.name))]));
}

function tokenIssuer(
  { issuer, audience, keys }: JwtIssuer,
  backends: BackendsByName,
  signing: LoadSigningKey | undefined,
): TokenIssuer {
  const load = async (): Promise<ReadonlyMap<string, VerifyingKey>> => {
    if (keys.kind === 'signing') return ownKeys(signing);
    const text = keys.kind === 'text' ? keys.text : await fetchText(backends.get(keys.backend), keys.path);
    return readKeysWith(documentOf(text), importIssuerKey);
  };
  // What a set could not be had for is told by `no_keys`; the backend's own failures are in its figures.
  const cached = new CachedKeys({ load, clock: () => performance.now(), report: () => undefined });
  const trusted: TrustedIssuer = { issuer, audience, keys: cached };
  return { verify: (token) => verifyIssuerToken(token, trusted, Date.now()) };
}

/** The public half of the key that the tenant signs with. Rejects with `bad_request` when there is none. */
async function ownKeys(signing: LoadSigningKey | undefined): Promise<ReadonlyMap<string, VerifyingKey>> {
  if (signing === undefined) throw new KerbError('bad_request', 'there is no key that signs');
  const { kid, verifies } = await signing();
  return new Map([[kid, verifies]]);
}

function documentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What a parser says quotes the text, which is hostile.
    throw new KerbError('bad_request', 'the key set is not JSON');
  }
}

/** The text of an answer 200 of a granted backend, bounded in time and size. Rejects with `conflict`. */
async function fetchText(backend: Backend | undefined, target: string): Promise<string> {
  if (backend === undefined) throw new KerbError('conflict', 'the backend of the key set is not granted');
  try {
    const headers = HeaderList.from([
      ['Accept', 'application/json'],
      ['Accept-Encoding', 'identity'],
    ]);
    const signal = AbortSignal.timeout(KEY_SET_TIMEOUT_MS);
    return await textOf(await backend.fetch({ method: 'GET', target, headers, body: null, signal }));
  } catch (error) {
    if (error instanceof BackendError || error instanceof BodyError)
      throw new KerbError('conflict', `the key set cannot be fetched: ${error.message}`);
    throw error;
  }
}

async function textOf({ status, body }: BackendResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    if (status !== 200) throw new KerbError('conflict', `the answer with the key set has status ${status}`);
    for (let chunk = await body.read(MAX_KEY_SET_BYTES); chunk !== null; chunk = await body.read(MAX_KEY_SET_BYTES)) {
      bytes += chunk.length;
      if (bytes > MAX_KEY_SET_BYTES)
        throw new KerbError('conflict', `the key set is larger than ${MAX_KEY_SET_BYTES} bytes`);
      chunks.push(chunk);
    }
  } finally {
    body.cancel();
  }
  return Buffer.concat(chunks).toString();
}
