/** `kerb secret`: values that apps may read and nobody else ever sees again. */
import { resolve } from 'node:path';
import { nameAnswer, pageOf } from './answers.ts';
import { EXIT, UsageError, type Command, type CommandContext, type CommandGroup } from './command.ts';
import { askHidden, readAll, readFileUpTo, withoutLineEnd } from './input.ts';
import { answer, remark } from './output.ts';
import { TENANT, tenantName, tenantPath } from './tenant-argument.ts';

const NAME = { name: 'NAME', help: 'name of the secret, as the manifest grants it' } as const;
/** More than a secret has: keys and certificates are a few KiB. */
const MAX_SECRET_BYTES = 1024 * 1024;

/** The value is never an argument: arguments are in the shell's history and in the list of processes. */
async function valueOf(context: CommandContext, name: string): Promise<Uint8Array> {
  const file = context.options.text('file');
  if (file !== undefined) return readFileUpTo(resolve(context.cwd, file), MAX_SECRET_BYTES);
  if (context.io.stdin.isTTY === true) return Buffer.from(await askHidden(context, `Value of ${name}: `));
  return withoutLineEnd(await readAll(context.io.stdin, context.signal));
}

const put: Command = {
  name: 'secret put',
  summary: 'set a secret',
  usage: [
    'The value comes from --file (as it is), or from standard input (without the line end that echo adds),',
    'or is asked for at the terminal and not shown. It is never an argument.',
  ],
  options: { file: { value: 'FILE', help: 'file with the value' } },
  positionals: [TENANT, NAME],
  run: async (context) => {
    const [tenant, name] = [tenantName(context.positionals[0]), context.positionals[1] ?? ''];
    const body = await valueOf(context, JSON.stringify(name));
    if (body.length === 0) throw new UsageError('the value is empty; give one, or use kerb secret delete');
    const headers = { 'content-type': 'application/octet-stream' };
    await context.client().send({ method: 'PUT', path: tenantPath(tenant, 'secrets', name), headers, body });
    answer(context, { tenant, name }, () => []);
    remark(context, `secret ${name} of ${tenant} is set`);
    return EXIT.ok;
  },
};

const remove: Command = {
  name: 'secret delete',
  summary: 'remove a secret',
  usage: [],
  options: {},
  positionals: [TENANT, NAME],
  run: async (context) => {
    const [tenant, name] = [tenantName(context.positionals[0]), context.positionals[1] ?? ''];
    await context.client().send({ method: 'DELETE', path: tenantPath(tenant, 'secrets', name) });
    answer(context, { tenant, name }, () => []);
    remark(context, `secret ${name} of ${tenant} is removed`);
    return EXIT.ok;
  },
};

const list: Command = {
  name: 'secret list',
  summary: 'list the names of secrets',
  usage: ['Names only: values never come back.'],
  options: {},
  positionals: [TENANT],
  run: async (context) => {
    const path = tenantPath(tenantName(context.positionals[0]), 'secrets');
    const items = await Array.fromAsync(context.client().list(pageOf(nameAnswer), { method: 'GET', path }));
    answer(context, { items }, () => items);
    return EXIT.ok;
  },
};

/** The commands of secrets. */
export const secret: CommandGroup = {
  name: 'secret',
  summary: 'set, remove and list the secrets of a tenant',
  subcommands: [put, remove, list],
};
