/** Where the server is and which token opens it: options first, then the environment, then what the local server left. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';
import { OPERATOR_TOKEN_FILE } from '../auth/operator-token.ts';
import type { ClientSetup } from './client.ts';
import { UsageError, type CommandContext } from './command.ts';

/** Where a server listens that was started without saying. */
export const DEFAULT_CONTROL = 'http://127.0.0.1:8081';
/** The folder of its state. */
const DEFAULT_DATA = '.kerb';
/** Longer than any token that Kerb issues. */
const MAX_TOKEN_CHARS = 8_192;

type Given = Pick<CommandContext, 'options' | 'env' | 'cwd' | 'signal'>;

/**
 * The address by `--control` or `KERB_CONTROL_URL`, the token by `--token-file`, `KERB_TOKEN` or `<data>/operator.token`, where `<data>` is
 * `--data`, `KERB_DATA` or `.kerb`. The last is for the server of this machine: it is sent to loopback addresses alone, unless `--data`
 * names the folder.
 *
 * Throws {@link UsageError} for an address or token that is none, `KerbError` `not_found` for a `--token-file` that cannot be read.
 */
export function connectionOf(given: Given): ClientSetup {
  const base = controlUrl(given);
  return { base, signal: given.signal, ...tokenFor(base, given) };
}

function controlUrl({ options, env }: Given): string {
  const option = options.text('control');
  const variable = env['KERB_CONTROL_URL'] ?? '';
  const from = option === undefined ? 'KERB_CONTROL_URL' : '--control';
  const text = option ?? (variable === '' ? DEFAULT_CONTROL : variable);
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\//i.test(text) || url.username !== '' || url.password !== '' || /[?#]/.test(text)) {
    throw new UsageError(`${from}: ${JSON.stringify(text)} is not an address; write it like ${DEFAULT_CONTROL}`);
  }
  return url.href.replace(/\/+$/, '');
}

type FoundToken = Pick<ClientSetup, 'token' | 'tokenRemedy'>;

function tokenFor(base: string, { options, env, cwd }: Given): FoundToken {
  const file = options.text('token-file');
  if (file !== undefined) return found(tokenOfFile(resolve(cwd, file)), `--token-file ${file}`);
  const variable = env['KERB_TOKEN'] ?? '';
  if (variable !== '') return found(checkedToken(variable, 'KERB_TOKEN'), 'KERB_TOKEN');
  const data = options.text('data');
  const local = join(data ?? (env['KERB_DATA'] || DEFAULT_DATA), OPERATOR_TOKEN_FILE);
  if (data === undefined && !isLoopback(new URL(base).hostname))
    return missing(`${local} is for servers of this machine only`);
  const token = tokenIfAny(resolve(cwd, local));
  return token === null ? missing(`${local} is not there`) : found(token, local);
}

function found(token: string, from: string): FoundToken {
  return { token, tokenRemedy: `the token is that of ${from}; name another with --token-file, KERB_TOKEN or --data` };
}

function missing(why: string): FoundToken {
  const tokenRemedy = `no token was found: --token-file is not given, KERB_TOKEN is not set, ${why}`;
  return { token: null, tokenRemedy };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}

function tokenOfFile(path: string): string {
  try {
    return checkedToken(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new KerbError(
      'not_found',
      `--token-file: ${path} cannot be read (${codeOf(error)}); check the path and who may read it`,
    );
  }
}

/** `null` when there is no such file, or when it is another user's. */
function tokenIfAny(path: string): string | null {
  try {
    return checkedToken(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return null;
  }
}

/** A token goes into a header field as it is: visible ASCII without spaces (RFC 6750 §2.1). Its text is in no message. */
function checkedToken(text: string, from: string): string {
  const token = text.trim();
  if (token.length <= MAX_TOKEN_CHARS && /^[A-Za-z0-9._~+/-]+=*$/.test(token)) return token;
  throw new UsageError(`${from}: holds no token; a token is one word of letters, digits and ".-_~+/"`);
}

function codeOf(error: unknown): string {
  return systemCode(error);
}
