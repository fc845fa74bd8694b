/** Other issuers that the operator configured: how far each is believed, and their tokens as a {@link TokenSource}. */
import { TENANT_NAME } from '../names.ts';
import { KerbError } from '../errors.ts';
import { MAX_EXTERNAL_ISSUERS, MAX_EXTERNAL_TTL_MS } from './limits.ts';
import { RemoteKeys, type RemoteParts } from './remote-keys.ts';
import { isScope, type Scope } from './scopes.ts';
import { tokenRefused } from './token-faults.ts';
import { checked, grantOf, OWN_ISSUER, type TokenSource } from './token-source.ts';

/** How far another issuer is believed. What is not listed is not believed: an empty list is nobody and nothing. */
export interface ExternalIssuer {
  /** What its subjects and token ids begin with here, so that they cannot pass for ours. */
  readonly name: string;
  /** Its `iss`, exactly. */
  readonly issuer: string;
  readonly jwksUrl: URL;
  /** The `aud` that its tokens for this server have. */
  readonly audience: string;
  /** Scopes that it may give. `operator` only when it is listed. */
  readonly scopes: readonly Scope[];
  /** Tenants that it may speak for. */
  readonly tenants: readonly string[];
  /** The claim with scopes, separated by spaces. */
  readonly scopeClaim: string;
  /** The claim with the tenant. */
  readonly tenantClaim: string;
}

const NAME = /^[a-z0-9-]{1,32}$/;
const KEYS: ReadonlySet<string> = new Set([
  'name',
  'issuer',
  'jwksUrl',
  'audience',
  'scopes',
  'tenants',
  'scopeClaim',
  'tenantClaim',
]);
/** As URLs have them; the whole of 127/8 is spelled out by the URL parser. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Reads the configured list, JSON. Throws `bad_config` with every fault. */
export function readExternalIssuers(given: unknown): readonly ExternalIssuer[] {
  if (!Array.isArray(given)) throw new KerbError('bad_config', 'the other issuers must be a list');
  const faults: string[] = [];
  const issuers = given.map((entry, index) => issuerOf(entry, (fault) => faults.push(`issuers[${index}]: ${fault}`)));
  for (const member of ['name', 'issuer'] as const)
    if (new Set(issuers.map((issuer) => issuer[member])).size < issuers.length)
      faults.push(`two issuers have the same ${member}; give each its own`);
  if (given.length > MAX_EXTERNAL_ISSUERS) faults.push(`there are more than ${MAX_EXTERNAL_ISSUERS} issuers`);
  if (faults.length > 0) throw new KerbError('bad_config', 'the other issuers cannot be used', faults);
  return Object.freeze(issuers);
}

type Fault = (fault: string) => void;
type Members = ReadonlyMap<string, unknown>;

function issuerOf(entry: unknown, fault: Fault): ExternalIssuer {
  const members: Members = new Map(typeof entry === 'object' && entry !== null ? Object.entries(entry) : []);
  const unknown = [...members.keys()].filter((key) => !KEYS.has(key));
  if (unknown.length > 0) fault(`has ${unknown.length} unknown members; known are ${[...KEYS].join(', ')}`);
  return Object.freeze({
    name: text(members, 'name', NAME, fault),
    issuer: issuerName(members, fault),
    jwksUrl: keySetUrl(members, fault),
    audience: text(members, 'audience', /^.{1,256}$/, fault),
    scopes: list(members, 'scopes', isScope, fault),
    tenants: list(members, 'tenants', (word): word is string => TENANT_NAME.test(word), fault),
    scopeClaim: text(members, 'scopeClaim', /^.{1,256}$/, fault, 'scope'),
    tenantClaim: text(members, 'tenantClaim', /^.{1,256}$/, fault, 'tenant'),
  });
}

function text(members: Members, name: string, pattern: RegExp, fault: Fault, otherwise?: string): string {
  const value = members.get(name) ?? otherwise;
  if (typeof value === 'string' && pattern.test(value)) return value;
  fault(`${name} must be a text that matches ${pattern.source}`);
  return '';
}

function issuerName(members: Members, fault: Fault): string {
  const issuer = text(members, 'issuer', /^.{1,256}$/, fault);
  if (issuer === OWN_ISSUER) fault(`issuer must not be ${OWN_ISSUER}, which is this server itself`);
  return issuer;
}

function list<Word extends string>(
  members: Members,
  name: string,
  isWord: (word: string) => word is Word,
  fault: Fault,
): readonly Word[] {
  const value = members.get(name) ?? [];
  const words: readonly unknown[] = Array.isArray(value) ? value : [null];
  const taken = words.filter((word): word is Word => typeof word === 'string' && isWord(word));
  if (taken.length < words.length) fault(`${name} must be a list, with nothing in it but valid ${name}`);
  return Object.freeze(taken);
}

/** Whoever can change the keys on their way can sign anything: TLS, or not over a network at all. */
function keySetUrl(members: Members, fault: Fault): URL {
  const given = members.get('jwksUrl');
  const url = typeof given === 'string' ? URL.parse(given) : null;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (url === null || !isSafe) fault('jwksUrl must be an https URL; http is for loopback only');
  else if (url.username !== '' || url.password !== '') fault('jwksUrl must have no user name or password');
  return url ?? new URL('https://invalid.invalid');
}

/** Tokens of another issuer: their identities have the issuer's name before them and only what it may give. */
export function externalTokens(config: ExternalIssuer, parts: RemoteParts): TokenSource {
  const keys = new RemoteKeys(config.jwksUrl, parts);
  return {
    issuer: config.issuer,
    audience: config.audience,
    maxLifetimeMs: MAX_EXTERNAL_TTL_MS,
    isLogged: false,
    key: (kid) => keys.key(kid),
    identify: ({ all, subject, id, expiresMs, once }) => {
      const claimed = grantOf(all, config.scopeClaim, config.tenantClaim);
      const scopes = claimed.scopes.filter((scope) => config.scopes.includes(scope));
      const { tenant } = claimed;
      if (tenant !== null && !config.tenants.includes(tenant)) throw tokenRefused('powerless');
      const [ownSubject, tokenId] = [`${config.name}:${subject}`, `${config.name}:${id}`];
      return checked({ subject: ownSubject, tokenId, expiresMs, once, scopes, tenant });
    },
  };
}
