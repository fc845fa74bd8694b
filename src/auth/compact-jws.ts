/** Signed texts in compact form (RFC 7515 section 7.1): reading them strictly, and verifying them with a key chosen by the caller. */
import { compactVerify, errors } from 'jose';
import { decodeBase64url } from './base64url.ts';
import { MAX_KID_LENGTH } from './limits.ts';
import type { VerifyingKey } from './public-key.ts';
import { readObject } from './strict-json.ts';

/** Why a text is not taken as a signed one. */
export type JwsFault = 'malformed' | 'header';

/** A text that is not taken; nothing of it is in the message. */
export class JwsRefused extends Error {
  override readonly name = 'JwsRefused';
  readonly fault: JwsFault;

  constructor(fault: JwsFault) {
    super(fault);
    this.fault = fault;
  }
}

/** A text that was read. Nothing in it is believed before {@link hasSignatureOf}. */
export interface CompactJws {
  readonly text: string;
  readonly alg: string;
  readonly kid: string | null;
  /** As a media type: lower case, without `application/` (RFC 7515 section 4.1.9). */
  readonly typ: string | null;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Headers that are refused: those that bring or name a key, which would be the attacker's, and those that change how the rest is
 * to be read. Any `crit` is refused, since no extension is known here (RFC 7515 section 4.1.11).
 */
const REFUSED_HEADERS = ['crit', 'b64', 'zip', 'jwk', 'jku', 'x5u', 'x5c'] as const;

/** Reads a text. Throws {@link JwsRefused}: `malformed` when it is not three parts of canonical base64url with a JSON header, else `header`. */
export function readCompact(text: string): CompactJws {
  const [first = '', second = '', third = '', ...more] = text.split('.', 4);
  const [header, payload, signature] = [decodeBase64url(first), decodeBase64url(second), decodeBase64url(third)];
  if (more.length > 0 || !header || !payload || !signature) throw new JwsRefused('malformed');
  const members = readObject(header);
  if (members === null || signature.length === 0) throw new JwsRefused('malformed');
  return { text, ...headerOf(members), payload, signature };
}

function headerOf(members: ReadonlyMap<string, unknown>): Pick<CompactJws, 'alg' | 'kid' | 'typ'> {
  if (REFUSED_HEADERS.some((name) => members.has(name))) throw new JwsRefused('header');
  const alg = members.get('alg');
  if (typeof alg !== 'string') throw new JwsRefused('header');
  const typ = textOf(members, 'typ')?.toLowerCase() ?? null;
  return { alg, kid: textOf(members, 'kid'), typ: typ?.replace(/^application\//, '') ?? null };
}

function textOf(members: ReadonlyMap<string, unknown>, name: string): string | null {
  const value = members.get(name);
  if (value === undefined) return null;
  if (typeof value !== 'string' || value === '' || value.length > MAX_KID_LENGTH) throw new JwsRefused('header');
  return value;
}

/**
 * Whether a key made the signature, with the key's own algorithm: a header that names another is a signature that does not fit. So is
 * one of another length than 64 bytes (RFC 7518 section 3.4, RFC 8032 section 5.1.6).
 */
export async function hasSignatureOf(jws: CompactJws, { alg, key }: VerifyingKey): Promise<boolean> {
  try {
    await compactVerify(jws.text, key, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
