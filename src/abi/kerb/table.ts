/** The import modules of Kerb's own, beside those of an ABI's specification. */
import type { HostModule } from '../host-function.ts';
import { CONFIG_FUNCTIONS } from './config-functions.ts';
import { KV_FUNCTIONS } from './kv-functions.ts';
import { LOG_FUNCTIONS } from './log-functions.ts';
import { RATE_FUNCTIONS } from './rate-functions.ts';
import { SECRET_FUNCTIONS } from './secret-functions.ts';
import type { KerbState } from './state.ts';

/** Each module with its functions, in the order of its README. */
export const KERB_MODULES: ReadonlyMap<string, HostModule<KerbState>> = new Map([
  ['kerb_kv', KV_FUNCTIONS],
  ['kerb_config', CONFIG_FUNCTIONS],
  ['kerb_secret', SECRET_FUNCTIONS],
  ['kerb_rate', RATE_FUNCTIONS],
  ['kerb_log', LOG_FUNCTIONS],
]);
