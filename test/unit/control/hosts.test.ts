import { describe, expect, it } from 'vitest';
import { hostsOf, refuseForeignHosts } from '../../../src/control/hosts.ts';
import { refusalOf } from './control-harness.ts';

const NONE: ReadonlySet<string> = new Set();
const WILD: ReadonlySet<string> = new Set(['*.example.com']);

async function foreign(host: string, domains: ReadonlySet<string>): Promise<boolean> {
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
    ['example.com', new Set(['example.com'])],
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
    ['*.com', new Set(['example.com'])],
    ['www.example.com', new Set(['example.com'])],
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
    expect(hostsOf(['shop.localhost', 'b.test'], 'shop', new Set(['b.test', 'a.test']))).toEqual([
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
