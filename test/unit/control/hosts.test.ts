import { describe, expect, it } from 'vitest';
import { hostsOf, refuseForeignHosts, type Domains } from '../../../src/control/hosts.ts';
import { refusalOf } from './control-harness.ts';

/** Domains that `shop` was given, and those of somebody else. */
function given(hosts: readonly string[], others: readonly string[] = []): Domains {
  const record = (host: string, tenant: string) => ({ host, tenant, createdMs: 1, createdBy: 'op' });
  const all = new Map(
    [...hosts.map((host) => record(host, 'shop')), ...others.map((host) => record(host, 'bank'))].map((one) => [
      one.host,
      one,
    ]),
  );
  return {
    domain: (host) => all.get(host) ?? null,
    domains: (tenant) => [...all.values()].filter((one) => one.tenant === tenant),
  };
}

const NONE = given([]);
const WILD = given(['*.example.com']);

async function foreign(host: string, domains: Domains): Promise<boolean> {
  try {
    refuseForeignHosts([host], 'shop', domains);
    return false;
  } catch {
    const { code } = await refusalOf(() => refuseForeignHosts([host], 'shop', domains));
    return code === 'refused_module';
  }
}

describe("a host of a tenant's manifest", () => {
  it.each([
    ['shop.localhost', NONE],
    ['www.shop.localhost', NONE],
    ['a.b.shop.localhost', NONE],
    ['*.shop.localhost', NONE],
    ['example.com', given(['example.com'])],
    ['*.example.com', WILD],
    ['www.example.com', WILD],
  ])('%s may be had', async (host, domains) => {
    expect(await foreign(host, domains)).toBe(false);
  });

  it.each([
    ['other.localhost', NONE],
    ['*.localhost', NONE],
    ['localhost', NONE],
    ['evilshop.localhost', NONE],
    ['shop.localhost.example.com', NONE],
    ['example.com', WILD],
    ['a.b.example.com', WILD],
    ['*.www.example.com', WILD],
    ['.example.com', WILD],
    ['*.com', given(['example.com'])],
    ['www.example.com', given(['example.com'])],
    ['www.example.com', given(['*.example.com'], ['www.example.com'])],
    ['www.example.com', given([], ['*.example.com'])],
    ['constructor', NONE],
    ['__proto__', NONE],
  ])('%s may not', async (host, domains) => {
    expect(await foreign(host, domains)).toBe(true);
  });

  it('that is foreign is listed with what to do, and all of them are', async () => {
    const { details, message } = await refusalOf(() =>
      refuseForeignHosts(['a.test', 'shop.localhost', 'b.test'], 'shop', NONE),
    );
    expect(message).toContain('shop');
    expect(details).toEqual([
      'a.test: ask the operator for it (kerb domain add shop a.test), or remove it',
      'b.test: ask the operator for it (kerb domain add shop b.test), or remove it',
    ]);
  });
});

describe('the hosts of a version', () => {
  it("are those of its manifest and the tenant's domains, sorted, each once", () => {
    expect(hostsOf(['shop.localhost', 'b.test'], 'shop', given(['b.test', 'a.test']))).toEqual([
      'a.test',
      'b.test',
      'shop.localhost',
    ]);
  });

  it('leave out what the tenant does not have any more', () => {
    expect(hostsOf(['shop.localhost', 'b.test'], 'shop', NONE)).toEqual(['shop.localhost']);
    expect(hostsOf(['b.test'], 'shop', NONE)).toEqual([]);
  });
});
