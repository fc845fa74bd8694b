import { describe, expect, it } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { ERRNO } from '../../../../src/abi/kerb/errno.ts';
import {
  MAX_CLAIMS_BYTES,
  MAX_SIGNATURES,
  MAX_VERIFICATIONS,
  VERIFICATION_CPU_MS,
} from '../../../../src/abi/kerb/limits.ts';
import { MAX_SIGNED_CLAIMS_BYTES } from '../../../../src/auth/limits.ts';
import type { SigningVerdict, TokenIssuer, TokenSigner, TokenVerdict } from '../../../../src/capability/jwt.ts';
import { DirectGuest, inRequest } from '../http-wasm/direct-guest.ts';

/** An issuer that notes what it is asked and answers one thing. */
class OneVerdict implements TokenIssuer {
  readonly asked: string[] = [];
  readonly #verdict: TokenVerdict | Promise<TokenVerdict>;

  constructor(verdict: TokenVerdict | Promise<TokenVerdict>) {
    this.#verdict = verdict;
  }

  verify(token: string): Promise<TokenVerdict> {
    this.asked.push(token);
    return Promise.resolve(this.#verdict);
  }
}

const VALID: TokenVerdict = { kind: 'valid', claims: Buffer.from('{"sub":"ada"}') };

async function verify(guest: DirectGuest, name: string, token: string, buf = 0, limit = 100): Promise<number> {
  return Number(await guest.invoke('kerb_jwt.verify', name, token, buf, limit));
}

describe('verify', () => {
  it('writes the claims where they fit, and answers their length', async () => {
    const idp = new OneVerdict(VALID);
    await inRequest({ issuers: { idp } }, async (guest) => {
      expect(await verify(guest, 'idp', 'a.b.c', 16, 12)).toBe(13);
      expect(guest.memory.readText(16, 13)).toBe('\0'.repeat(13));
      expect(await verify(guest, 'idp', 'a.b.c', 16, 13)).toBe(13);
      expect(guest.memory.readText(16, 13)).toBe('{"sub":"ada"}');
    });
    expect(idp.asked).toEqual(['a.b.c', 'a.b.c']);
  });

  it.each([
    ['invalid', 'bad_token'],
    ['expired', 'expired'],
    ['no_keys', 'no_keys'],
  ] as const)('answers that a token is %s', async (fault, errno) => {
    await inRequest({ issuers: { idp: new OneVerdict({ kind: 'refused', fault }) } }, async (guest) => {
      expect(await verify(guest, 'idp', 'x')).toBe(ERRNO[errno]);
    });
  });

  it.each(['other', '', 'constructor', '__proto__', 'i'.repeat(64)])('knows no issuer %j', async (name) => {
    await inRequest({ issuers: { idp: new OneVerdict(VALID) } }, async (guest) => {
      expect(await verify(guest, name, 'x')).toBe(ERRNO.not_granted);
    });
  });

  it('refuses a token that is too long without a look at it', async () => {
    const idp = new OneVerdict(VALID);
    await inRequest({ issuers: { idp } }, (guest) => {
      expect(guest.call('kerb_jwt.verify', 'idp', 0, 8_193, 0, 10)).toBe(ERRNO.bad_token);
      expect(guest.call('kerb_jwt.verify', 'idp', 0, -1, 0, 10)).toBe(ERRNO.bad_token);
    });
    expect(idp.asked).toEqual([]);
  });

  it('charges each verification, and verifies nothing once the CPU time is used up', async () => {
    const idp = new OneVerdict({ kind: 'refused', fault: 'invalid' });
    const guest = await inRequest({ issuers: { idp } }, async (own) => {
      await verify(own, 'idp', 'x');
      await verify(own, 'idp', 'x');
      await verify(own, 'other', 'x');
      own.charge = () => {
        throw new GuestFault('used up', 'cpu_limit');
      };
      expect(() => own.call('kerb_jwt.verify', 'idp', 'x', 0, 10)).toThrow('used up');
    });
    expect([guest.chargedMs, idp.asked.length]).toEqual([2 * VERIFICATION_CPU_MS, 2]);
  });

  it('verifies so many in a request, and as many in the next', async () => {
    const guest = new DirectGuest();
    const issuers = { idp: new OneVerdict(VALID) };
    for (let request = 0; request < 2; request++) {
      await guest.handle({ issuers }, async () => {
        for (let i = 0; i < MAX_VERIFICATIONS; i++) expect(await verify(guest, 'idp', 'x')).toBe(13);
        expect(await verify(guest, 'idp', 'x')).toBe(ERRNO.too_many);
      });
      guest.guest.reset('exchange');
    }
  });

  it.each([
    [65_536, 1],
    [65_530, 10],
    [-4, 8],
    [0, -1],
  ])('ends the guest on a buffer at %i of %i', async (buf, limit) => {
    const idp = new OneVerdict(VALID);
    await inRequest({ issuers: { idp } }, (guest) => {
      expect(() => guest.call('kerb_jwt.verify', 'idp', 'x', buf, limit)).toThrow(GuestFault);
    });
    expect(idp.asked).toEqual([]);
  });

  it('that ends after its request writes nothing, also when the next one has begun', async () => {
    const late = Promise.withResolvers<TokenVerdict>();
    const guest = new DirectGuest();
    const verdicts: Promise<number>[] = [];
    const issuers = { idp: new OneVerdict(late.promise) };
    await guest.handle({ issuers }, () => void verdicts.push(verify(guest, 'idp', 'x')));
    guest.guest.reset('instance');
    await guest.handle({ issuers }, async () => {
      late.resolve(VALID);
      expect(await Promise.all(verdicts)).toEqual([ERRNO.cancelled]);
    });
    expect(guest.memory.readText(0, 4)).toBe('\0\0\0\0');
  });

  it('outside a request answers no_request', async () => {
    expect(await verify(new DirectGuest(), 'idp', 'x')).toBe(ERRNO.no_request);
  });
});

/** A signer that notes what it is asked and answers one thing. */
class OneSignature implements TokenSigner {
  readonly asked: [string, number][] = [];
  readonly #verdict: SigningVerdict | Promise<SigningVerdict>;

  constructor(verdict: SigningVerdict | Promise<SigningVerdict>) {
    this.#verdict = verdict;
  }

  sign(claims: Uint8Array, ttlSeconds: number): Promise<SigningVerdict> {
    this.asked.push([Buffer.from(claims).toString(), ttlSeconds]);
    return Promise.resolve(this.#verdict);
  }
}

const SIGNED: SigningVerdict = { kind: 'signed', token: 'a.b.c' };

async function sign(guest: DirectGuest, name: string, claims: string, ttl = 0, buf = 0, limit = 100): Promise<number> {
  return Number(await guest.invoke('kerb_jwt.sign', name, claims, ttl, buf, limit));
}

describe('sign', () => {
  it('writes the token where it fits, and answers its length', async () => {
    const me = new OneSignature(SIGNED);
    await inRequest({ signers: { me } }, async (guest) => {
      expect(await sign(guest, 'me', '{"sub":"ada"}', 60, 16, 4)).toBe(5);
      expect(guest.memory.readText(16, 5)).toBe('\0'.repeat(5));
      expect(await sign(guest, 'me', '{}', -1, 16, 5)).toBe(5);
      expect(guest.memory.readText(16, 5)).toBe('a.b.c');
    });
    expect(me.asked).toEqual([
      ['{"sub":"ada"}', 60],
      ['{}', 2 ** 32 - 1],
    ]);
  });

  it.each([
    ['claims', 'invalid'],
    ['reserved', 'forbidden'],
    ['lifetime', 'invalid'],
    ['no_key', 'no_keys'],
  ] as const)('tells the guest of %s, and the log why', async (fault, errno) => {
    const guest = await inRequest(
      { signers: { me: new OneSignature({ kind: 'refused', fault, why: 'the reason' }) } },
      async (asking) => expect(await sign(asking, 'me', '{}')).toBe(ERRNO[errno]),
    );
    expect(guest.lines).toEqual([['warn', 'kerb_jwt.sign: the reason']]);
  });

  it.each(['other', '', 'constructor', 'i'.repeat(64)])('signs as nobody called %j', async (name) => {
    await inRequest(
      { signers: { me: new OneSignature(SIGNED) }, issuers: { other: new OneVerdict(VALID) } },
      async (g) => expect(await sign(g, name, '{}')).toBe(ERRNO.not_granted),
    );
  });

  it('refuses claims that are too long without a look at them', async () => {
    const me = new OneSignature(SIGNED);
    await inRequest({ signers: { me } }, (guest) => {
      expect(guest.call('kerb_jwt.sign', 'me', 0, MAX_CLAIMS_BYTES + 1, 0, 0, 10)).toBe(ERRNO.too_large);
      expect(() => guest.call('kerb_jwt.sign', 'me', 0, -1, 0, 0, 10)).toThrow(GuestFault);
      expect(() => guest.call('kerb_jwt.sign', 'me', 0, 2, 0, 65_530, 10)).toThrow(GuestFault);
    });
    expect(me.asked).toEqual([]);
  });

  it('signs so many in a request, and as many in the next', async () => {
    const guest = new DirectGuest();
    const signers = { me: new OneSignature(SIGNED) };
    for (let request = 0; request < 2; request++) {
      await guest.handle({ signers }, async () => {
        for (let i = 0; i < MAX_SIGNATURES; i++) expect(await sign(guest, 'me', '{}')).toBe(5);
        expect(await sign(guest, 'me', '{}')).toBe(ERRNO.too_many);
      });
      guest.guest.reset('exchange');
    }
  });

  it('that ends after its request writes nothing', async () => {
    const late = Promise.withResolvers<SigningVerdict>();
    const guest = new DirectGuest();
    const answers: Promise<number>[] = [];
    const signers = { me: new OneSignature(late.promise) };
    await guest.handle({ signers }, () => void answers.push(sign(guest, 'me', '{}')));
    guest.guest.reset('instance');
    late.resolve(SIGNED);
    expect(await Promise.all(answers)).toEqual([ERRNO.cancelled]);
    expect(guest.memory.readText(0, 4)).toBe('\0\0\0\0');
  });

  it('outside a request answers no_request', async () => {
    expect(await sign(new DirectGuest(), 'me', '{}')).toBe(ERRNO.no_request);
  });
});

it('takes as many bytes of claims as are signed', () => {
  expect(MAX_CLAIMS_BYTES).toBe(MAX_SIGNED_CLAIMS_BYTES);
});
