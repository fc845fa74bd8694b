/** What auth needs to be kept: the ports to durable state, and how they fit the store. */
import type { Json } from '../store/records.ts';
import type { LedgerStore } from '../store/store.ts';

/** Where the signing keys are kept. They are private: what implements it seals them. */
export interface KeyStore {
  /** What was saved last; `null`: nothing yet. */
  load(): Json | null;
  /** When it returns, the value has reached the disk. */
  save(keys: Json): void;
}

/** The tokens that were issued. `revokeToken` answers yes to one of several who ask at the same time: one-time tokens rest on that. */
export type TokenLog = Pick<LedgerStore, 'addToken' | 'token' | 'revokeToken'>;

const SETTING = 'issuer-keys';

/** The signing keys as a sealed setting of the store. */
export function keyStoreIn(store: Pick<LedgerStore, 'setting' | 'putSetting'>): KeyStore {
  return { load: () => store.setting(SETTING), save: (keys) => store.putSetting(SETTING, keys) };
}
