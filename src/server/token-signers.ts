/** The issuers as whom a deployment's guests may sign, with their keys on this thread. */
import { readSigningKey, type SigningKey } from '../auth/signing-key.ts';
import { claimsFault, signClaims, type ClaimsFault, type SigningTerms } from '../auth/token-signing.ts';
import type { SigningVerdict, TokenSigner } from '../capability/jwt.ts';
import { KerbError } from '../errors.ts';
import type { JwtIssuer } from '../runtime/deployment.ts';

/** Gives a key, which is read when it is first asked for. Rejects with `bad_request` when there is none that is usable. */
export type LoadSigningKey = () => Promise<SigningKey>;

/** Keys by the name of their issuer. */
export type SigningKeys = ReadonlyMap<string, LoadSigningKey>;

/** @param secrets - The texts of the keys, by the name of their secret; `null`: it is not set. */
export function signingKeys(specs: readonly JwtIssuer[], secrets: ReadonlyMap<string, Uint8Array | null>): SigningKeys {
  return new Map(
    specs.flatMap(({ name, sign }) => {
      if (sign === null) return [];
      let reading: Promise<SigningKey> | null = null;
      return [[name, () => (reading ??= keyOf(sign.secret, sign.alg, secrets))] as const];
    }),
  );
}

/** The signers by name. */
export function tokenSigners(specs: readonly JwtIssuer[], keys: SigningKeys): ReadonlyMap<string, TokenSigner> {
  return new Map(
    specs.flatMap(({ name, issuer, audience, sign }) => {
      const key = keys.get(name);
      if (sign === null || key === undefined) return [];
      return [[name, tokenSigner(key, { issuer, audience, ttlSeconds: sign.ttlSeconds })] as const];
    }),
  );
}

const WHY = {
  claims: 'the claims are no JSON object of up to 4096 bytes in which every name comes once',
  reserved: 'the claims iss, aud, iat and exp are the host’s to make',
  lifetime: 'the token would live longer than ttl_s of the manifest allows',
} as const satisfies Record<ClaimsFault, string>;

function tokenSigner(key: LoadSigningKey, terms: SigningTerms): TokenSigner {
  return {
    sign: async (claims, ttlSeconds): Promise<SigningVerdict> => {
      const asked = { claims, ttlSeconds };
      const fault = claimsFault(asked, terms);
      if (fault !== null) return { kind: 'refused', fault, why: WHY[fault] };
      try {
        return { kind: 'signed', token: await signClaims(await key(), asked, terms, Date.now()) };
      } catch (error) {
        if (error instanceof KerbError) return { kind: 'refused', fault: 'no_key', why: error.message };
        throw error;
      }
    },
  };
}

async function keyOf(
  secret: string,
  alg: SigningKey['alg'],
  secrets: ReadonlyMap<string, Uint8Array | null>,
): Promise<SigningKey> {
  const text = secrets.get(secret) ?? null;
  if (text === null)
    throw new KerbError('bad_request', `the secret ${secret} is not set; set it with kerb secret put, a private JWK`);
  return readSigningKey(text, alg);
}
