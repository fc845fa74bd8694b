/** Whose tokens are taken: this process's own, and those of other issuers that the operator lists. */
import { readFile } from 'node:fs/promises';
import { externalTokens, readExternalIssuers } from '../auth/external-issuer.ts';
import { fetchJson } from '../auth/fetch-json.ts';
import { IssuerKeys } from '../auth/issuer-keys.ts';
import { ensureOperatorToken } from '../auth/operator-token.ts';
import { keyStoreIn } from '../auth/ports.ts';
import { TokenIssuer } from '../auth/token-issuer.ts';
import { ownTokens, type TokenSource } from '../auth/token-source.ts';
import { TokenVerifier } from '../auth/token-verifier.ts';
import { KerbError } from '../errors.ts';
import type { LedgerStore } from '../store/store.ts';
import type { Authority } from './authority.ts';

/** What it rests on. */
export interface AuthorityOptions {
  /** Has the keys and the log of tokens. */
  readonly store: LedgerStore;
  /** Where the operator's token is put. */
  readonly dataFolder: string;
  /** JSON, see {@link readExternalIssuers}; `null`: there are no others. */
  readonly issuersFile: string | null;
  /** Hears why the keys of another issuer cannot be had. */
  readonly report: (message: string) => void;
}

/** How often the operator's token is looked after: it is replaced before it ends. A day. */
const OPERATOR_TOKEN_LOOK_MS = 24 * 3_600_000;

/** An authority and how to end it. */
export interface OpenAuthority extends Authority {
  close(): void;
}

/**
 * Opens it, and makes sure that the data folder has an operator's token. Rejects with `corrupt` when the stored keys are none, and with
 * `bad_config` when the token's file cannot be trusted, or the list of issuers is not usable.
 */
export async function openAuthority(options: AuthorityOptions): Promise<OpenAuthority> {
  const { store, dataFolder: folder, issuersFile, report } = options;
  const now = (): number => Date.now();
  const keys = await IssuerKeys.open(keyStoreIn(store), now());
  const issuer = new TokenIssuer({ keys, log: store, now });
  const others = issuersFile === null ? [] : await sourcesIn(issuersFile, report);
  const verifier = new TokenVerifier({ sources: [ownTokens(keys, now), ...others], log: store, now });
  const ensure = (): Promise<unknown> => ensureOperatorToken({ folder, issuer, verifier, log: store, now });
  await ensure();
  const timer = setInterval(() => {
    ensure().catch((error: unknown) => report(`the operator's token cannot be renewed: ${String(error)}`));
  }, OPERATOR_TOKEN_LOOK_MS).unref();
  return {
    verify: (token) => verifier.verify(token),
    issue: (identity, grant) => issuer.mintFor(identity, grant),
    revoke: (id) => store.revokeToken(id, now()),
    rotate: async () => ({ kid: await keys.rotate(now()) }),
    jwks: () => keys.published(now()),
    close: () => clearInterval(timer),
  };
}

async function sourcesIn(file: string, report: (message: string) => void): Promise<TokenSource[]> {
  const parts = { fetchJson, clock: () => performance.now(), report };
  return readExternalIssuers(await readJson(file)).map((issuer) => externalTokens(issuer, parts));
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KerbError('bad_config', `--issuers: ${file} cannot be read as JSON: ${reason}`);
  }
}
