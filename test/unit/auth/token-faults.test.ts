import { describe, expect, it } from 'vitest';
import { MAX_DESCRIPTION_LENGTH } from '../../../src/auth/limits.ts';
import { bearerChallenge, TOKEN_FAULTS, tokenRefused, type TokenFault } from '../../../src/auth/token-faults.ts';
import { KerbError } from '../../../src/errors.ts';

describe('the reasons', () => {
  it.each(Object.keys(TOKEN_FAULTS) as TokenFault[])('%s fits a challenge (RFC 6750 section 3)', (fault) => {
    const error = tokenRefused(fault);
    expect(error.code).toBe('unauthorized');
    expect(error.message).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(error.message.length).toBeLessThanOrEqual(MAX_DESCRIPTION_LENGTH);
    expect(bearerChallenge(error)).toBe(
      `Bearer realm="kerb", error="invalid_token", error_description="${error.message}"`,
    );
  });
});

describe('bearerChallenge', () => {
  it('has no error when there was no token (RFC 6750 section 3.1)', () => {
    expect(bearerChallenge(null)).toBe('Bearer realm="kerb"');
  });

  it('does not pass on a message that is not one of ours', () => {
    const strange = new KerbError('unauthorized', 'x"\r\nset-cookie: a=b');
    expect(bearerChallenge(strange)).toBe('Bearer realm="kerb", error="invalid_token"');
  });
});
