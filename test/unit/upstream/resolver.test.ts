import { describe, expect, test } from 'vitest';
import { AddressPolicy } from '../../../src/upstream/address-policy.ts';
import { MAX_ADDRESSES } from '../../../src/upstream/limits.ts';
import { resolveAllowed, type NameLookup } from '../../../src/upstream/resolver.ts';
import { errorOf, LOOPBACK_ALLOWED } from './origin.ts';

const strict = new AddressPolicy();

/** A name server that answers the same to everything, and counts. */
function answering(...addresses: string[]): NameLookup & { asked: string[] } {
  const asked: string[] = [];
  const lookup = async (hostname: string): Promise<string[]> => {
    asked.push(hostname);
    return Promise.resolve(addresses);
  };
  return Object.assign(lookup, { asked });
}

async function allowed(hostname: string, policy: AddressPolicy, lookup?: NameLookup): Promise<string[]> {
  return (await resolveAllowed(hostname, 80, policy, lookup)).map(({ address }) => address);
}

describe('names', () => {
  test('give every public address in order, with its family', async () => {
    expect(await resolveAllowed('app.example', 80, strict, answering('1.1.1.1', '2606:4700::1111'))).toEqual([
      { address: '1.1.1.1', family: 'ipv4' },
      { address: '2606:4700::1111', family: 'ipv6' },
    ]);
  });

  test('of many addresses give the first few', async () => {
    const many = Array.from({ length: 100 }, (_, i) => `1.1.1.${i}`);
    expect(await allowed('app.example', strict, answering(...many))).toEqual(many.slice(0, MAX_ADDRESSES));
  });

  test('DNS rebinding: private addresses among public ones are left out', async () => {
    expect(await allowed('evil.example', strict, answering('127.0.0.1', '1.1.1.1', '::1', '::ffff:10.0.0.1'))).toEqual([
      '1.1.1.1',
    ]);
  });

  test.each(['127.0.0.1', '169.254.169.254', '::ffff:127.0.0.1', 'fe80::1', '0.0.0.0'])(
    'a name for %s is refused',
    async (address) => {
      const error = await errorOf(resolveAllowed('evil.example', 80, strict, answering(address)));
      expect(error.fault).toBe('refused_address');
      expect(error.message).toContain('evil.example');
      expect(error.message).not.toContain(address);
    },
  );

  test('a name server that answers with text is refused', async () => {
    const error = await errorOf(resolveAllowed('evil.example', 80, strict, answering('not an address')));
    expect(error.fault).toBe('refused_address');
  });

  test('a name without addresses, and one that is not found', async () => {
    expect((await errorOf(resolveAllowed('app.example', 80, strict, answering()))).fault).toBe('dns');
    const failing: NameLookup = async () => Promise.reject(new Error('ENOTFOUND'));
    expect((await errorOf(resolveAllowed('app.example', 80, strict, failing))).fault).toBe('dns');
  });

  test('a name for an own listener is refused and says so', async () => {
    const policy = new AddressPolicy({ allow: ['127.0.0.0/8'], neverReach: [{ address: '127.0.0.1', port: 80 }] });
    const error = await errorOf(resolveAllowed('localhost', 80, policy));
    expect(error).toMatchObject({ fault: 'refused_address', message: expect.stringContaining('listener') as unknown });
  });
});

describe('localhost (RFC 6761)', () => {
  test.each(['localhost', 'LOCALHOST', 'localhost.', 'site.localhost', 'a.b.localhost.'])(
    '%s is loopback without DNS',
    async (name) => {
      const lookup = answering('1.1.1.1');
      expect(await allowed(name, LOOPBACK_ALLOWED, lookup)).toEqual(['127.0.0.1', '::1']);
      expect(lookup.asked).toEqual([]);
    },
  );

  test('is refused unless the operator allows loopback', async () => {
    expect((await errorOf(resolveAllowed('site.localhost', 80, strict))).fault).toBe('refused_address');
  });

  test('gives the one family that is allowed', async () => {
    expect(await allowed('localhost', new AddressPolicy({ allow: ['::1'] }))).toEqual(['::1']);
  });

  test('names that only end alike are asked for', async () => {
    const lookup = answering('1.1.1.1');
    await allowed('notlocalhost', strict, lookup);
    await allowed('localhost.example', strict, lookup);
    expect(lookup.asked).toEqual(['notlocalhost', 'localhost.example']);
  });
});

describe('IP literals', () => {
  test('are not looked up, and are checked', async () => {
    const lookup = answering('1.1.1.1');
    expect(await allowed('[2606:4700::1111]', strict, lookup)).toEqual(['2606:4700::1111']);
    expect((await errorOf(resolveAllowed('127.0.0.1', 80, strict, lookup))).fault).toBe('refused_address');
    expect((await errorOf(resolveAllowed('[::ffff:7f00:1]', 80, strict, lookup))).fault).toBe('refused_address');
    expect(lookup.asked).toEqual([]);
  });
});
