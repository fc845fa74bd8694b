/** Stores as fast as it can until it is killed: `node store-writer.ts FOLDER SEED` writes a line for each thing that is stored. */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openBlobs } from '../../src/store/blob-store.ts';
import { openStore } from '../../src/store/sqlite-store.ts';
import { Random } from '../fuzz/random.ts';
import { TENANT, summed, testSealer, type Acknowledged } from './store-acknowledged.ts';

const [folder = '', seed = '0'] = process.argv.slice(2);
const random = new Random(Number(seed));
const store = openStore(join(folder, 'state.db'), testSealer());
const blobs = openBlobs(join(folder, 'blobs'));
if (store.tenant(TENANT) === null) store.createTenant(TENANT, 0);

const content = (most: number): Uint8Array => summed(randomBytes(random.below(most)));

async function deploy(): Promise<Acknowledged> {
  const [module, file] = [content(200_000), content(20_000)];
  const [digest, fileDigest] = await Promise.all([blobs.put(module), blobs.put(file)]);
  return store.atomically(() => {
    const files = { 'content/index.html': fileDigest };
    const texts = {
      manifest: 'x'.repeat(random.below(9_000)),
      abi: 'http-wasm',
      report: null,
      signedBy: null,
      note: '',
    };
    const made = { tenant: TENANT, digest, size: module.length, createdMs: 0, createdBy: 'writer', files };
    const { version } = store.appendVersion({ ...made, ...texts });
    const { revision } = store.changeTenant(
      TENANT,
      { active: version, previous: version > 1 ? version - 1 : null },
      null,
    );
    const entry = { timeMs: 0, actor: 'writer', action: 'version.create', tenant: TENANT, detail: { version } };
    return { kind: 'deploy', version, revision, auditId: store.appendAudit(entry).id };
  });
}

function kv(): Acknowledged {
  const key = `key-${random.below(5)}`;
  const write = { value: content(random.once(5) ? 300_000 : 500), metadata: null, expiresMs: null };
  return { kind: 'kv', key, generation: store.putKv(TENANT, 'cart', key, write, 0) };
}

function secret(): Acknowledged {
  const count = Number(Buffer.from(store.secret(TENANT, 'COUNT') ?? []).toString()) + 1;
  store.putSecret(TENANT, 'COUNT', Buffer.from(String(count)));
  return { kind: 'secret', count };
}

function usage(): Acknowledged {
  store.addUsage([{ tenant: TENANT, hourMs: 0, requests: 1, cpuUs: 1, outcomes: { ok: 1 } }]);
  return { kind: 'usage', requests: store.usage(TENANT, 0, 1)[0]?.requests ?? 0 };
}

function limits(): Acknowledged {
  const { revision } = store.changeTenant(TENANT, { limits: { cpu_ms: random.between(1, 50) } }, null);
  return { kind: 'revision', revision };
}

while (true) {
  const done = await random.pick([deploy, deploy, kv, kv, secret, usage, limits])();
  writeSync(1, `${JSON.stringify(done)}\n`);
  // Nothing is on its way between two deploys, so whatever no version names may go.
  if (random.once(10)) await blobs.sweep(store.digests(), 0);
}
