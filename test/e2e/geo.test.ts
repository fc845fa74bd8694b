/** Guests that ask where their clients are, by databases of the operator's that are replaced while Kerb runs. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BUFFER, BUFFER_BYTES, kerbGuest } from '../kerb-guests.ts';
import { mmdb } from '../unit/geo/mmdb.ts';
import { startEdge, type Edge } from './edge.ts';

/** Says where the address is that is the target without its first character; without one, where the client is. */
const GEO_GUEST = kerbGuest(['lookup'], () => ({
  handle: `(local.set $n (i32.sub (call $uri (i32.const 256) (i32.const 4096)) (i32.const 1)))
    (local.set $n (call $lookup (i32.const 257) (local.get $n) ${BUFFER} ${BUFFER_BYTES}))`,
}));

let folder: string;
let edge: Edge;
let without: Edge;

async function place(city: string): Promise<void> {
  const networks = {
    '127.0.0.0/8': { city: { names: { en: city } } },
    '192.0.2.0/24': { country: { iso_code: 'CH' } },
  };
  await writeFile(join(folder, 'new'), mmdb({ networks }));
  await rename(join(folder, 'new'), join(folder, 'city.mmdb'));
}

async function cityOf(address = ''): Promise<unknown> {
  const { text } = await edge.fetch('granted', `/${address}`);
  return (JSON.parse(text) as { city: unknown }).city;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerb-geo-'));
  await place('Hometown');
  await writeFile(
    join(folder, 'asn.mmdb'),
    mmdb({ networks: { '127.0.0.0/8': { autonomous_system_number: 64_500 } } }),
  );
  const apps = { granted: { manifest: 'geo = true', module: GEO_GUEST }, greedy: { module: GEO_GUEST } };
  edge = await startEdge({
    apps,
    flags: ['--threads', '2', '--geo', join(folder, 'city.mmdb'), '--geo', join(folder, 'asn.mmdb')],
  });
  without = await startEdge({ apps });
});
afterAll(async () => {
  await Promise.all([edge.stop(), without.stop()]);
  await rm(folder, { recursive: true });
});

it('a client is found, and any other address', async () => {
  const { text } = await edge.fetch('granted', '/');
  expect(JSON.parse(text)).toMatchObject({ address: '127.0.0.1', city: 'Hometown', as_number: 64_500, country: null });
  expect((await edge.fetch('granted', '/192.0.2.9')).text).toContain('"country_code":"CH"');
  expect((await edge.fetch('granted', '/nonsense')).text).toBe('errno 03');
});

it('without a database nothing is there, and without a grant the module is refused', async () => {
  expect((await without.fetch('granted', '/')).text).toBe('errno 20');
  await without.untilSaid(/import kerb_geo\.lookup is not granted; add geo = true/);
  expect((await without.fetch('greedy')).status).toBe(404);
});

it('a file that is replaced is used on every thread, without a restart', { timeout: 30_000 }, async () => {
  await place('Newtown');
  await edge.until(() => edge.stderr.split('city.mmdb: Test of').length > 2);
  const cities = await Promise.all(Array.from({ length: 20 }, () => cityOf()));
  expect(new Set(cities)).toEqual(new Set(['Newtown']));
});
