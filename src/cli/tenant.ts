/** `kerb tenant`: tenants as such, and their ceilings. */
import { pageOf, tenantAnswer, type TenantAnswer } from './answers.ts';
import { EXIT, UsageError, type Command, type CommandContext, type CommandGroup } from './command.ts';
import { askShown } from './input.ts';
import { IF_MATCH, ifMatchOf } from './options.ts';
import { answer, remark } from './output.ts';
import { table } from './table.ts';
import { TENANT, tenantName, tenantPath } from './tenant-argument.ts';
import { tenantLines } from './tenant-lines.ts';
import { limits } from './tenant-limits.ts';

const create: Command = {
  name: 'tenant create',
  summary: 'make a tenant',
  usage: ['It serves nothing until something is deployed to it.'],
  options: {},
  positionals: [TENANT],
  run: async (context) => {
    const body = { json: { name: tenantName(context.positionals[0]) } };
    const made = await context.client().ask(tenantAnswer, { method: 'POST', path: ['v1', 'tenants'], body });
    answer(context, made, () => tenantLines(made));
    return EXIT.ok;
  },
};

const list: Command = {
  name: 'tenant list',
  summary: 'list all tenants',
  usage: [],
  options: {},
  positionals: [],
  run: async (context) => {
    const call = { method: 'GET' as const, path: ['v1', 'tenants'] };
    const items = await Array.fromAsync(context.client().list(pageOf(tenantAnswer), call));
    answer(context, { items }, () => listLines(items, context.io));
    return EXIT.ok;
  },
};

function listLines(
  items: readonly TenantAnswer[],
  { isTerminal, columns }: CommandContext['io'],
): ReturnType<typeof table> {
  const heads = [
    { title: 'TENANT' },
    { title: 'SOURCE' },
    { title: 'ACTIVE', align: 'right' as const },
    { title: 'CANARY', align: 'right' as const },
    { title: 'REVISION', align: 'right' as const },
    { title: 'HOSTS' },
  ];
  const rows = items.map(({ name, source, active, canary, revision, hosts }) => [
    name,
    source,
    String(active ?? '-'),
    canary === null ? '-' : `${canary.version} (${canary.percent} %)`,
    String(revision),
    hosts.join(', '),
  ]);
  return table(heads, rows, isTerminal ? columns : null);
}

const show: Command = {
  name: 'tenant show',
  summary: 'print what is known of a tenant',
  usage: [],
  options: {},
  positionals: [TENANT],
  run: async (context) => {
    const path = tenantPath(tenantName(context.positionals[0]));
    const shown = await context.client().ask(tenantAnswer, { method: 'GET', path });
    answer(context, shown, () => tenantLines(shown));
    return EXIT.ok;
  },
};

const remove: Command = {
  name: 'tenant delete',
  summary: 'remove a tenant with its versions and stores',
  usage: ['Nothing of it comes back. At a terminal its name is asked for; elsewhere --yes is needed.'],
  options: { yes: { short: 'y', help: 'do not ask' }, ...IF_MATCH },
  positionals: [TENANT],
  run: async (context) => {
    const tenant = tenantName(context.positionals[0]);
    const ifMatch = ifMatchOf(context.options);
    if (!context.options.has('yes')) await confirm(context, tenant);
    await context.client().send({ method: 'DELETE', path: tenantPath(tenant), ifMatch });
    answer(context, { name: tenant }, () => []);
    remark(context, `${tenant} is deleted`);
    return EXIT.ok;
  },
};

async function confirm(context: CommandContext, tenant: string): Promise<void> {
  if (context.io.stdin.isTTY !== true) throw new UsageError('deleting a tenant cannot be undone; say --yes');
  const typed = await askShown(
    context,
    `Versions, stores and secrets of ${tenant} go with it. Type its name to delete it: `,
  );
  if (typed.trim() !== tenant) throw new UsageError('that is not its name; nothing was deleted');
}

/** The commands of tenants. */
export const tenant: CommandGroup = {
  name: 'tenant',
  summary: 'create, list, show, limit and delete tenants',
  subcommands: [create, list, show, remove, limits],
};
