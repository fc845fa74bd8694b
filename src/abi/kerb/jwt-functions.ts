/** The import module `kerb_jwt`: tokens of the issuers that the manifest trusts. */
import type { HostModule } from '../host-function.ts';
import { ERRNO } from './errno.ts';
import type { KerbGuest } from './guest.ts';
import { MAX_GRANT_NAME_BYTES, MAX_TOKEN_BYTES } from './limits.ts';

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
      ({ host: { memory }, verifications }) =>
      (name: number, nameLength: number, token: number, tokenLength: number, buf: number, limit: number) => {
        if (nameLength >>> 0 > MAX_GRANT_NAME_BYTES) return ERRNO.not_granted;
        if (tokenLength >>> 0 > MAX_TOKEN_BYTES) return ERRNO.bad_token;
        memory.checkRange(buf, limit);
        const [issuer, text] = [memory.readText(name, nameLength), memory.readText(token, tokenLength)];
        return verifications.verify(issuer, text, { buf, limit });
      },
  },
};
