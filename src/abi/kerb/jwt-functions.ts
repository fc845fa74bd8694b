/** The import module `kerb_jwt`: tokens of the issuers that the manifest trusts, and of those as which the tenant signs. */
import type { HostModule } from '../host-function.ts';
import { ERRNO } from './errno.ts';
import type { KerbGuest } from './guest.ts';
import { MAX_CLAIMS_BYTES, MAX_GRANT_NAME_BYTES, MAX_TOKEN_BYTES } from './limits.ts';

/** Conventions as in `kerb_fetch`. */
export const JWT_FUNCTIONS: HostModule<KerbGuest> = {
  /**
   * Verifies a token (RFC 7519) in compact form, without `Bearer`, and writes its claims to `buf` if they fit in `limit` bytes: the
   * JSON object as the issuer wrote it. Signature, `iss`, `aud`, `exp`, `nbf` and `iat` are checked; what the claims allow is the
   * guest's to decide. May wait a few seconds for the issuer's keys. Parameters: the issuer's name in the manifest; the token; each as
   * pointer and length; buffer and limit. Result: the length of the claims in bytes.
   * Errors: `not_granted` for an issuer that the manifest does not name; `bad_token`; `expired`; `no_keys`; `too_many` beyond 32 tokens
   * in a request; `no_request`; `cancelled`. A buffer outside memory ends the guest before anything is verified. Counts with a fixed
   * time ({@link ./limits.ts VERIFICATION_CPU_MS}) in the request's CPU time.
   */
  verify: {
    signature: 'iiiiii->i',
    suspends: true,
    bind:
      ({ host: { memory }, tokens }) =>
      (name: number, nameLength: number, token: number, tokenLength: number, buf: number, limit: number) => {
        if (nameLength >>> 0 > MAX_GRANT_NAME_BYTES) return ERRNO.not_granted;
        if (tokenLength >>> 0 > MAX_TOKEN_BYTES) return ERRNO.bad_token;
        memory.checkRange(buf, limit);
        const [issuer, text] = [memory.readText(name, nameLength), memory.readText(token, tokenLength)];
        return tokens.verify(issuer, text, { buf, limit });
      },
  },
  /**
   * Signs a token (RFC 7519) as an issuer of the manifest that has `sign`, and writes it to `buf` in compact form if it fits in `limit`
   * bytes: 8 KiB always do. The guest gives claims, a JSON object of up to 4 KiB; the host puts `iss`, `aud`, `iat` and `exp` before
   * them, and chooses key, algorithm and header. Waits for the signature. Parameters: the issuer's name in the manifest; the claims;
   * each as pointer and length; the life in seconds, 0 for the manifest's `ttl_s`; buffer and limit. Result: the length of the token in
   * bytes.
   * Errors: `not_granted` for an issuer that the manifest does not name or that has no `sign`; `too_large` for the claims; `invalid` for
   * claims that are no JSON object in which every name comes once, and for a life beyond `ttl_s`; `forbidden` for claims that are the
   * host's; `no_keys` when the secret is not set or holds no usable key; `too_many` beyond 32 tokens in a request; `no_request`;
   * `cancelled`. A buffer outside memory ends the guest before anything is signed.
   */
  sign: {
    signature: 'iiiiiii->i',
    suspends: true,
    bind:
      ({ host: { memory }, tokens }) =>
      (name: number, nameLength: number, claims: number, claimsLength: number, ttlSeconds: number, ...buffer) => {
        const [buf, limit] = buffer as [number, number];
        memory.checkRange(claims, claimsLength);
        memory.checkRange(buf, limit);
        if (nameLength >>> 0 > MAX_GRANT_NAME_BYTES) return ERRNO.not_granted;
        if (claimsLength >>> 0 > MAX_CLAIMS_BYTES) return ERRNO.too_large;
        const asked = { bytes: memory.read(claims, claimsLength), ttlSeconds: ttlSeconds >>> 0 };
        return tokens.sign(memory.readText(name, nameLength), asked, { buf, limit });
      },
  },
};
