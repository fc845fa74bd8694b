import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { GUEST_KINDS } from '../../../src/lab/guest-kinds.ts';
import { HOSTILE_KINDS } from '../../../src/lab/hostile-kinds.ts';
import { kindName, labTenants, stockApps } from '../../../src/lab/tenants.ts';
import { assemble } from '../../wat.ts';

const GUESTS = new URL('../../../src/lab/guests/', import.meta.url);

describe('labTenants', () => {
  it('gives each kind its share, and every tenant a name and a host of its own', () => {
    const tenants = labTenants({ tenants: 1_000, hostile: 0.012, distinct: 0.3, seed: 1, modules: null });
    const sum = GUEST_KINDS.reduce((total, { weight }) => total + weight, 0);
    for (const { name, weight } of GUEST_KINDS) {
      const count = tenants.filter((tenant) => kindName(tenant) === name).length;
      expect(Math.abs(count - (1_000 * weight) / sum)).toBeLessThan(1);
    }
    expect(tenants.filter(({ guest }) => guest.kind === 'hostile')).toHaveLength(12);
    expect(new Set(tenants.map(({ host }) => host)).size).toBe(1_012);
    expect(tenants.filter(({ mark }) => mark !== null).length / 1_000).toBeCloseTo(0.3, 1);
  });

  it('gives the same for the same seed', () => {
    const options = { tenants: 50, hostile: 0.1, distinct: 0.5, seed: 9, modules: null };
    const shown = (seed: number): unknown => labTenants({ ...options, seed }).map((one) => [kindName(one), one.mark]);
    expect(shown(9)).toEqual(shown(9));
    expect(shown(9)).not.toEqual(shown(10));
  });

  it('has one hostile tenant at least where some are wanted, and none where none are', () => {
    expect(labTenants({ tenants: 5, hostile: 0.01, distinct: 0, seed: 1, modules: null })).toHaveLength(6);
    expect(labTenants({ tenants: 5, hostile: 0, distinct: 0, seed: 1, modules: null })).toHaveLength(5);
  });
});

describe('stockApps', () => {
  it('gives each marked tenant a module unlike all others', () => {
    const apps = [...stockApps(labTenants({ tenants: 40, hostile: 0, distinct: 1, seed: 1, modules: null }))];
    expect(new Set(apps.map(({ module }) => Buffer.from(module).toString('base64'))).size).toBe(40);
  });
});

describe('hostile guests', () => {
  it.each(HOSTILE_KINDS.map(({ name }) => name))('%s.wasm comes from its text', (name) => {
    const text = readFileSync(new URL(`${name}.wat`, GUESTS), 'utf8');
    expect(Buffer.from(assemble(text)).equals(readFileSync(new URL(`${name}.wasm`, GUESTS)))).toBe(true);
  });

  it('are built by their script', () => {
    expect(() => execFileSync('/bin/sh', [new URL('build.sh', GUESTS).pathname, '--check'])).not.toThrow();
  });
});
