/** `kerb token`: issues and revokes tokens, and tells what yours allows. */
import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';
import { MAX_TOKEN_TTL_S } from '../auth/limits.ts';
import { SCOPES } from '../auth/scopes.ts';
import { tokenAnswer, whoamiAnswer } from './answers.ts';
import { EXIT, UsageError, type Command, type CommandContext, type CommandGroup } from './command.ts';
import { answer, print, printJson, remark } from './output.ts';
import { durationMs, when } from './quantity.ts';
import { tenantName } from './tenant-argument.ts';

/** A month: long enough for a deploy key that is renewed, short enough for one that leaks. */
const STANDARD_TTL = '30d';

const create: Command = {
  name: 'token create',
  summary: 'issue a token',
  usage: [
    'Prints the token alone, once: it is not stored anywhere. --out writes it to a file of yours instead.',
    'Scopes other than operator need --tenant.',
  ],
  options: {
    scope: { value: 'SCOPE', repeatable: true, choices: SCOPES, help: 'what it allows' },
    tenant: { value: 'TENANT', help: 'the only tenant it is for' },
    ttl: { value: 'TIME', help: `how long it is valid, such as 12h or 30d, at most 90d; ${STANDARD_TTL} without it` },
    once: { help: 'good for one request only' },
    out: { value: 'FILE', help: 'new file to write it to, readable by you alone' },
  },
  positionals: [{ name: 'SUBJECT', help: 'who it is for; the audit log shows it' }],
  run: async (context) => {
    const body = { json: grantOf(context) };
    const out = context.options.text('out');
    // Before a token exists: one that cannot be written would be lost and valid.
    const file = out === undefined ? null : await createPrivate(resolve(context.cwd, out));
    try {
      const made = await context.client().ask(tokenAnswer, { method: 'POST', path: ['v1', 'tokens'], body });
      await file?.writeFile(`${made.token}\n`);
      const { token: value, ...rest } = made;
      if (context.json) printJson(context, file === null ? made : { ...rest, file: out });
      else if (file === null) print(context, value);
      remark(context, `token ${made.id} is valid until ${when(made.expiresMs)}; kerb token revoke ${made.id} ends it`);
      return EXIT.ok;
    } catch (error) {
      // The next attempt may make it anew.
      if (out !== undefined) await rm(resolve(context.cwd, out), { force: true });
      throw error;
    } finally {
      await file?.close();
    }
  },
};

function grantOf({ positionals, options }: CommandContext): Record<string, unknown> {
  const scopes = [...new Set(options.texts('scope'))];
  const tenant = options.text('tenant');
  if (scopes.length === 0) throw new UsageError(`--scope is missing; there are ${SCOPES.join(', ')}`);
  if (tenant === undefined && !scopes.includes('operator'))
    throw new UsageError('--tenant is missing: say whose tenant it is for');
  const ttl = options.text('ttl') ?? STANDARD_TTL;
  const ttlSeconds = (durationMs(ttl) ?? NaN) / 1_000;
  if (!(ttlSeconds <= MAX_TOKEN_TTL_S))
    throw new UsageError(`--ttl: ${JSON.stringify(ttl)} is no time up to 90d; write 12h or 30d`);
  const of = tenant === undefined ? {} : { tenant: tenantName(tenant) };
  const once = options.has('once') ? { once: true } : {};
  return { subject: positionals[0], scopes, ...of, ...once, ttlSeconds };
}

async function createPrivate(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  return open(path, 'wx', 0o600).catch((error: unknown) => {
    const code = systemCode(error);
    throw new KerbError('not_found', `--out: ${path} cannot be made (${code}); name a file that is not there yet`);
  });
}

const revoke: Command = {
  name: 'token revoke',
  summary: 'end a token before its time',
  usage: ['Ends every token that was issued with it too.'],
  options: {},
  positionals: [{ name: 'ID', help: 'id of the token, as kerb token create tells it' }],
  run: async (context) => {
    const id = context.positionals[0] ?? '';
    await context.client().send({ method: 'DELETE', path: ['v1', 'tokens', id] });
    answer(context, { id }, () => []);
    remark(context, `token ${id} is revoked`);
    return EXIT.ok;
  },
};

const whoami: Command = {
  name: 'token whoami',
  summary: 'say what your token allows',
  usage: [],
  options: {},
  positionals: [],
  run: async (context) => {
    const client = context.client();
    const me = await client.ask(whoamiAnswer, { method: 'GET', path: ['v1', 'whoami'] });
    answer(context, me, () => [
      `subject  ${me.subject}`,
      `scopes   ${me.scopes.join(', ')}`,
      `tenant   ${me.tenant ?? 'any'}`,
      `expires  ${me.expiresMs === null ? 'never' : when(me.expiresMs)}`,
      `server   ${client.base}`,
    ]);
    return EXIT.ok;
  },
};

/** The commands of tokens. */
export const token: CommandGroup = {
  name: 'token',
  summary: 'issue and revoke tokens, and see what yours allows',
  subcommands: [create, revoke, whoami],
};
