/** Imports that need a grant of the manifest: who imports one without it is refused at deploy, for it could only fail later. */
import { KerbError } from '../errors.ts';
import type { ImportName } from './capabilities.ts';
import type { Manifest } from './manifest.ts';

/** What grants the functions of an import module, or one of them. */
interface Need {
  readonly isGranted: (manifest: Manifest) => boolean;
  readonly remedy: string;
}

const NEEDS: ReadonlyMap<string, Need> = new Map([
  [
    'kerb_kv',
    { isGranted: ({ stores }) => stores.kv.length > 0, remedy: 'name its stores, e.g. [stores] kv = ["sessions"]' },
  ],
  [
    'kerb_config',
    { isGranted: ({ stores }) => stores.config !== null, remedy: 'give it a config, e.g. [stores] config = {}' },
  ],
  [
    'kerb_secret',
    { isGranted: ({ stores }) => stores.secrets.length > 0, remedy: 'name them, e.g. [stores] secrets = ["API_KEY"]' },
  ],
  [
    'kerb_fetch',
    { isGranted: ({ backends }) => backends.length > 0, remedy: 'add [backends.<name>] with url = "http://…"' },
  ],
  ['kerb_jwt', { isGranted: ({ jwt }) => jwt.length > 0, remedy: 'add [jwt.<name>] with issuer, audience and jwks' }],
  ['kerb_cache', { isGranted: ({ stores }) => stores.cache, remedy: 'add [stores] cache = true' }],
  ['kerb_geo', { isGranted: ({ geo }) => geo, remedy: 'add geo = true' }],
  [
    'kerb_jwt.sign',
    {
      isGranted: ({ jwt }) => jwt.some(({ sign }) => sign !== null),
      remedy: 'add sign = { secret = "SIGNING_KEY" } to a [jwt.<name>]',
    },
  ],
]);

/** Throws `refused_module` that lists every import whose grant the manifest does not have. */
export function refuseUngranted(manifest: Manifest, imports: readonly ImportName[]): void {
  const details = imports.flatMap(({ module, name }) => {
    const need = NEEDS.get(`${module}.${name}`) ?? NEEDS.get(module);
    return need === undefined || need.isGranted(manifest)
      ? []
      : [`import ${module}.${name} is not granted; ${need.remedy}, or build without it`];
  });
  if (details.length === 0) return;
  throw new KerbError('refused_module', 'the module imports what its manifest does not grant', [...new Set(details)]);
}

/** Throws `refused_module` for what an app of the tenants folder cannot have: it has no secrets, so it cannot sign. */
export function refuseInFolder({ jwt }: Manifest): void {
  const details = jwt.flatMap(({ name, sign }) =>
    sign === null
      ? []
      : [
          `[jwt.${name}] sign: an app of the tenants folder has no secrets, so it has no key to sign with; ` +
            `deploy it with kerb deploy and set ${sign.secret} with kerb secret put, or remove sign`,
        ],
  );
  if (details.length === 0) return;
  throw new KerbError('refused_module', 'the manifest asks for what apps of the tenants folder do not have', details);
}
