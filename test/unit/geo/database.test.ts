import { describe, expect, it } from 'vitest';
import { Database } from '../../../src/geo/database.ts';
import { checkDatabase } from '../../../src/geo/database-check.ts';
import { KerbError } from '../../../src/errors.ts';
import { mmdb, shared, sharedMmdb } from './mmdb.ts';

const NETWORKS = { '0.0.0.0/1': { city: { names: { en: 'West' } } }, '2000::/4': { city: { names: { en: 'North' } } } };

async function refusalOf(bytes: Uint8Array): Promise<string> {
  try {
    await checkDatabase(new Database(shared(bytes)));
    return 'taken';
  } catch (error) {
    if (error instanceof KerbError && error.code === 'bad_config') return error.message;
    throw error;
  }
}

it('says what it is', () => {
  expect(new Database(sharedMmdb({ networks: NETWORKS, type: 'GeoLite2-City' })).shape).toMatchObject({
    ipVersion: 6,
    recordBits: 24,
    type: 'GeoLite2-City',
    builtMs: 1_700_000_000_000,
  });
});

describe.each([24, 28, 32] as const)('a file with records of %d bits', (recordBits) => {
  const whole = (): Buffer => mmdb({ networks: NETWORKS, recordBits });

  it('that is whole is taken', async () => {
    expect(await refusalOf(whole())).toBe('taken');
    expect(await refusalOf(mmdb({ networks: { '0.0.0.0/1': {} }, ipVersion: 4, recordBits }))).toBe('taken');
  });

  it('with a node that leads out of it is refused', async () => {
    const bytes = whole();
    bytes.fill(0xff, 0, recordBits / 4);
    expect(await refusalOf(bytes)).toContain('node 0 leads out of the data');
  });

  it('with a node that leads between tree and data is refused', async () => {
    const bytes = whole();
    const { nodeCount } = new Database(shared(bytes)).shape;
    const last = ((nodeCount - 1) * recordBits) / 4;
    if (recordBits === 32) bytes.writeUInt32BE(nodeCount + 3, last);
    else bytes.writeUIntBE(nodeCount + 3, last, 3);
    expect(await refusalOf(bytes)).toContain(`node ${nodeCount - 1} leads out`);
  });

  it('whose entries cannot be read is refused', async () => {
    const bytes = whole();
    const { dataAt } = new Database(shared(bytes));
    bytes.fill(0, dataAt, dataAt + 4); // An extended type that there is none of.
    expect(await refusalOf(bytes)).toContain('cannot be read');
  });
});

it.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('<html>Not found</html>')],
  ['a file whose end is missing', mmdb({ networks: NETWORKS }).subarray(0, 600)],
  ['metadata alone', mmdb({ networks: NETWORKS }).subarray(-200)],
  ['another version', mmdb({ networks: NETWORKS, formatVersion: 3 })],
])('%s is no database', async (_, bytes) => {
  expect(await refusalOf(bytes)).toContain('no usable address database');
});

it('a file with a tree that never ends is refused or walked once', async () => {
  const bytes = mmdb({ networks: NETWORKS });
  bytes.writeUIntBE(0, 0, 3); // The root is its own left side.
  expect(await refusalOf(bytes)).toMatch(/taken|deeper than an address/);
  const deep = mmdb({ networks: { '2000::/4': {} }, ipVersion: 6 });
  const { nodeCount } = new Database(shared(deep)).shape;
  deep.writeUIntBE(0, (nodeCount - 1) * 6, 3);
  expect(await refusalOf(deep)).toMatch(/taken|deeper than an address/);
});

it('a file whose tree is deeper than its addresses are long is refused', async () => {
  const bytes = mmdb({ networks: { '::1/128': {} }, ipVersion: 6 });
  const version = bytes.lastIndexOf('ip_version') + 'ip_version'.length + 1;
  bytes.writeUInt32BE(4, version);
  expect(await refusalOf(bytes)).toContain('deeper than an address is long');
});

it('a damaged entry that only one address leads to is found', async () => {
  const bytes = mmdb({ networks: { ...NETWORKS, '203.0.113.77/32': { city: { names: { en: 'Nowhere' } } } } });
  bytes.writeUInt8(0, bytes.indexOf('Nowhere') - 1);
  expect(await refusalOf(bytes)).toContain('cannot be read');
});

it('no damage of one byte makes a check or a lookup do anything but refuse or answer', async () => {
  const bytes = mmdb({ networks: NETWORKS });
  for (let at = bytes.length - 260; at < bytes.length; at++) {
    for (const value of [0x00, 0x20, 0xff]) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(value, at);
      expect(await refusalOf(damaged)).toMatch(/^taken$|no usable address database/);
    }
  }
});
