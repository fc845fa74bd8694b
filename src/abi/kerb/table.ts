/** The import modules of Kerb's own, which guests of plain ABIs may import beside those of their ABI. */
import type { HostModule } from '../host-function.ts';
import { CACHE_FUNCTIONS } from './cache-functions.ts';
import { CONFIG_FUNCTIONS } from './config-functions.ts';
import { FETCH_FUNCTIONS } from './fetch-functions.ts';
import { GEO_FUNCTIONS } from './geo-functions.ts';
import type { KerbGuest } from './guest.ts';
import { JWT_FUNCTIONS } from './jwt-functions.ts';
import { KV_FUNCTIONS } from './kv-functions.ts';
import { LOG_FUNCTIONS } from './log-functions.ts';
import { RATE_FUNCTIONS } from './rate-functions.ts';
import { SECRET_FUNCTIONS } from './secret-functions.ts';

/** Each module with its functions, in the order of its README: for binding and for admission. */
export const KERB_MODULES: ReadonlyMap<string, HostModule<KerbGuest>> = new Map([
  ['kerb_kv', KV_FUNCTIONS],
  ['kerb_config', CONFIG_FUNCTIONS],
  ['kerb_secret', SECRET_FUNCTIONS],
  ['kerb_rate', RATE_FUNCTIONS],
  ['kerb_log', LOG_FUNCTIONS],
  ['kerb_fetch', FETCH_FUNCTIONS],
  ['kerb_jwt', JWT_FUNCTIONS],
  ['kerb_geo', GEO_FUNCTIONS],
  ['kerb_cache', CACHE_FUNCTIONS],
]);
