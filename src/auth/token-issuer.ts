/** Mints tokens: JWTs (RFC 7519) signed by the process, each written to the token log before anybody has it. */
import { randomBytes } from 'node:crypto';
import { KerbError } from '../errors.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { MAX_SUBJECT_LENGTH, MAX_TOKEN_TTL_S, MIN_TOKEN_TTL_S, OPERATOR_TOKEN_TTL_S } from './limits.ts';
import type { TokenLog } from './ports.ts';
import { assertNarrower, isConsistent, orderedScopes, type Identity, type Scope } from './scopes.ts';
import { tokenRefused } from './token-faults.ts';
import { OWN_AUDIENCE, OWN_ISSUER } from './token-source.ts';

/** What is asked for. */
export interface TokenRequest {
  /** Who the token is for, in the audit log. */
  readonly subject: string;
  readonly scopes: readonly Scope[];
  readonly tenant: string | null;
  /** Whole seconds, from {@link MIN_TOKEN_TTL_S} to {@link MAX_TOKEN_TTL_S}. */
  readonly ttlSeconds: number;
  /** Good for one request: what a CI job is given. */
  readonly once?: boolean;
}

/** A token and what names it. */
export interface MintedToken {
  readonly token: string;
  /** Its `jti`: what revokes it. */
  readonly id: string;
  readonly expiresMs: number;
}

/** What an issuer rests on. */
export interface IssuerParts {
  readonly keys: IssuerKeys;
  readonly log: TokenLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The subject of the token in the operator's file. */
export const OPERATOR_SUBJECT = 'operator';

/** No colon, which marks the subjects of other issuers, and no slash, which marks who asked for a token. */
const SUBJECT = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;
/** Bytes of a `jti`: none is guessed, none comes twice. */
const ID_BYTES = 16;

/** Mints tokens. */
export class TokenIssuer {
  readonly #keys: IssuerKeys;
  readonly #log: TokenLog;
  readonly #now: () => number;

  constructor({ keys, log, now }: IssuerParts) {
    this.#keys = keys;
    this.#log = log;
    this.#now = now;
  }

  /**
   * Mints what `identity` asks for. Unless that is an operator, its own subject and a slash come before the subject, so that nobody
   * appears in the audit log as somebody else. Rejects with `bad_request` for a request that is malformed or out of bounds, and
   * with `forbidden` for one that is wider than `identity`. With `unauthorized` when the token of `identity` is not valid any more by the
   * time the new one would be logged: its request may have been long on its way.
   */
  async mintFor(identity: Identity, request: TokenRequest): Promise<MintedToken> {
    checkRequest(request);
    const nowMs = this.#wholeSecond();
    assertNarrower(identity, { ...request, expiresMs: nowMs + request.ttlSeconds * 1_000 });
    const subject = identity.scopes.includes('operator') ? request.subject : `${identity.subject}/${request.subject}`;
    if (subject.length > MAX_SUBJECT_LENGTH)
      throw new KerbError('bad_request', 'this token was itself asked for through too many others; use an earlier one');
    return this.#mint({ ...request, subject }, nowMs, identity);
  }

  /** The operator's own token, for the file in the data folder. */
  mintForOperator(): Promise<MintedToken> {
    const request = { subject: OPERATOR_SUBJECT, scopes: ['operator'], tenant: null } as const;
    return this.#mint({ ...request, ttlSeconds: OPERATOR_TOKEN_TTL_S }, this.#wholeSecond(), null);
  }

  /** Claims have seconds: rounding down makes the log and the token say the same. */
  #wholeSecond(): number {
    return Math.floor(this.#now() / 1_000) * 1_000;
  }

  async #mint(request: TokenRequest, createdMs: number, by: Identity | null): Promise<MintedToken> {
    const { subject, tenant, ttlSeconds } = request;
    const scopes = orderedScopes(request.scopes);
    const id = randomBytes(ID_BYTES).toString('base64url');
    const iat = createdMs / 1_000;
    const expiresMs = createdMs + ttlSeconds * 1_000;
    const registered = { iss: OWN_ISSUER, sub: subject, aud: OWN_AUDIENCE, iat, exp: iat + ttlSeconds, jti: id };
    const own = {
      scope: scopes.join(' '),
      ...(tenant === null ? {} : { tenant }),
      ...(request.once ? { once: true } : {}),
    };
    const token = await this.#keys.sign({ ...registered, ...own }, expiresMs);
    // No await between this look and the record: whoever is revoked from here on takes the new token along.
    if (by !== null) this.#refuseEnded(by);
    const mintedBy = by?.tokenId ?? null;
    this.#log.addToken({ id, subject, tenant, scopes, createdMs, expiresMs, revokedMs: null, mintedBy });
    return { token, id, expiresMs };
  }

  #refuseEnded({ tokenId, expiresMs }: Identity): void {
    if (expiresMs <= this.#now()) throw tokenRefused('expired');
    const record = this.#log.token(tokenId);
    if (record !== null && record.revokedMs !== null) throw tokenRefused('revoked');
  }
}

function checkRequest(request: TokenRequest): void {
  const { subject, ttlSeconds } = request;
  if (!SUBJECT.test(subject))
    throw new KerbError('bad_request', 'subject: up to 64 letters, digits and ._@+-, a letter or digit first');
  if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < MIN_TOKEN_TTL_S || ttlSeconds > MAX_TOKEN_TTL_S)
    throw new KerbError('bad_request', `ttlSeconds: a whole number from ${MIN_TOKEN_TTL_S} to ${MAX_TOKEN_TTL_S}`);
  if (!isConsistent(request))
    throw new KerbError('bad_request', 'scopes: operator without a tenant, or tenant scopes with the tenant');
}
