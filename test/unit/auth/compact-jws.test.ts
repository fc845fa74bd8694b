import { describe, expect, it } from 'vitest';
import { hasSignatureOf, JwsRefused, readCompact } from '../../../src/auth/compact-jws.ts';
import { importPublicKey } from '../../../src/auth/public-key.ts';
import { ed25519, forge, hmac, p256, part, type Pair } from './forge.ts';

const ED = ed25519();
const EC = p256();

function fault(text: string): string | null {
  try {
    readCompact(text);
    return null;
  } catch (error) {
    if (error instanceof JwsRefused) return error.fault;
    throw error;
  }
}

const signed = (header: unknown, pair: Pair = ED): string => forge(header, 'payload', pair.sign);

describe('readCompact', () => {
  it('reads the parts', () => {
    const text = signed({ alg: 'EdDSA', kid: 'k', typ: 'application/AT+JWT', other: [1] });
    const jws = readCompact(text);
    expect(jws).toMatchObject({ text, alg: 'EdDSA', kid: 'k', typ: 'at+jwt' });
    expect(Buffer.from(jws.payload).toString()).toBe('payload');
    expect(jws.signature).toHaveLength(64);
    expect(readCompact(signed({ alg: 'EdDSA' }))).toMatchObject({ kid: null, typ: null });
  });

  const [header = '', payload = '', signature = ''] = signed({ alg: 'EdDSA' }).split('.');
  it.each([
    ['nothing', ''],
    ['one part', header],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${header}.${payload}.${signature}.`],
    ['five parts', `${header}.${payload}.${signature}.AA.AA`],
    ['no header', `.${payload}.${signature}`],
    ['no signature', `${header}.${payload}.`],
    ['a padded header', `${header}=.${payload}.${signature}`],
    ['a space', `${header}.${payload}.${signature} `],
    ['a payload in two spellings', `${header}.AB.${signature}`],
    ['a header that is no object', `${part('[]')}.${payload}.${signature}`],
    ['a header with a member twice', `${part('{"alg":"none","alg":"EdDSA"}')}.${payload}.${signature}`],
    ['the JSON form', JSON.stringify({ payload, protected: header, signature })],
  ])('refuses %s', (_, text) => expect(fault(text)).toBe('malformed'));

  it.each([
    ['crit', ['exp']],
    ['crit', []],
    ['b64', false],
    ['b64', true],
    ['zip', 'DEF'],
    ['jwk', ED.publicJwk],
    ['jku', 'https://attacker.example/keys'],
    ['x5u', 'https://attacker.example/chain'],
    ['x5c', ['AAAA']],
    ['kid', 7],
    ['kid', ''],
    ['kid', 'x'.repeat(257)],
    ['kid', { toString: 'x' }],
    ['typ', ['JWT']],
    ['alg', null],
  ])('refuses the header %s: %j', (name, value) => {
    expect(fault(signed({ alg: 'EdDSA' }))).toBeNull();
    expect(fault(signed({ alg: 'EdDSA', [name]: value }))).toBe('header');
  });

  it('refuses a header without alg', () => expect(fault(signed({ kid: 'k' }))).toBe('header'));
});

describe('hasSignatureOf', () => {
  const fits = async (text: string, pair: Pair): Promise<boolean> =>
    hasSignatureOf(readCompact(text), await importPublicKey(pair.publicJwk));

  it('accepts the signature of the key, and of no other', async () => {
    for (const pair of [ED, EC]) {
      expect(await fits(signed({ alg: pair.alg }, pair), pair)).toBe(true);
      expect(await fits(signed({ alg: pair.alg }, pair), pair === ED ? ed25519() : p256())).toBe(false);
    }
  });

  it('refuses the algorithm of another key', async () => {
    expect(await fits(signed({ alg: 'ES256' }, ED), ED)).toBe(false);
    expect(await fits(signed({ alg: 'EdDSA' }, EC), EC)).toBe(false);
    expect(await fits(signed({ alg: 'ES256' }, EC), ED)).toBe(false);
    expect(await fits(signed({ alg: 'Ed25519' }, ED), ED)).toBe(false);
  });

  it('refuses a MAC, whatever the secret', async () => {
    const secrets = [
      EC.publicJwk.x ?? '',
      JSON.stringify(EC.publicJwk),
      Buffer.from(EC.publicJwk.x ?? '', 'base64url'),
    ];
    for (const secret of secrets) expect(await fits(forge({ alg: 'HS256' }, 'payload', hmac(secret)), EC)).toBe(false);
  });

  it('refuses signatures of other lengths, also the DER form', async () => {
    const text = signed({ alg: 'ES256' }, EC);
    const input = text.slice(0, text.lastIndexOf('.'));
    const right = EC.sign(Buffer.from(input));
    const integer = (bytes: Uint8Array): Buffer => Buffer.from([2, bytes.length + 1, 0, ...bytes]);
    const content = Buffer.concat([integer(right.subarray(0, 32)), integer(right.subarray(32))]);
    const wrong = [
      right.subarray(0, 63),
      Buffer.concat([right, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), right]),
      Buffer.concat([right, right]),
      Buffer.from([0x30, content.length, ...content]),
      Buffer.alloc(64),
    ];
    expect(await fits(`${input}.${part(right)}`, EC)).toBe(true);
    for (const signature of wrong) expect(await fits(`${input}.${part(signature)}`, EC)).toBe(false);
  });
});
