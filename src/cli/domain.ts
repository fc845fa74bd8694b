/** `kerb domain`: which hosts lead to a tenant. */
import { domainAnswer, pageOf } from './answers.ts';
import { EXIT, type Command, type CommandGroup } from './command.ts';
import { answer, remark } from './output.ts';
import { when } from './quantity.ts';
import { table } from './table.ts';
import { TENANT, tenantName, tenantPath } from './tenant-argument.ts';

const HOST = { name: 'HOST', help: 'host name; *.example.com stands for one label' } as const;

const add: Command = {
  name: 'domain add',
  summary: 'have a host lead to a tenant',
  usage: [],
  options: {},
  positionals: [TENANT, HOST],
  run: async (context) => {
    const [tenant, host = ''] = [tenantName(context.positionals[0]), context.positionals[1]];
    const made = await context.client().ask(domainAnswer, { method: 'PUT', path: tenantPath(tenant, 'domains', host) });
    answer(context, made, () => []);
    remark(context, `${made.host} leads to ${tenant}`);
    return EXIT.ok;
  },
};

const remove: Command = {
  name: 'domain remove',
  summary: 'take a host away from a tenant',
  usage: [],
  options: {},
  positionals: [TENANT, HOST],
  run: async (context) => {
    const [tenant, host = ''] = [tenantName(context.positionals[0]), context.positionals[1]];
    await context.client().send({ method: 'DELETE', path: tenantPath(tenant, 'domains', host) });
    answer(context, { host }, () => []);
    remark(context, `${host} leads to ${tenant} no more`);
    return EXIT.ok;
  },
};

const list: Command = {
  name: 'domain list',
  summary: 'list the hosts that were given to a tenant',
  usage: ['Hosts of the manifest are not among them; kerb tenant show lists all that lead to it.'],
  options: {},
  positionals: [TENANT],
  run: async (context) => {
    const path = tenantPath(tenantName(context.positionals[0]), 'domains');
    const items = await Array.fromAsync(context.client().list(pageOf(domainAnswer), { method: 'GET', path }));
    answer(context, { items }, () =>
      table(
        [{ title: 'HOST' }, { title: 'CREATED' }, { title: 'BY' }],
        items.map(({ host, createdMs, createdBy }) => [host, when(createdMs ?? NaN), createdBy ?? '-']),
        context.io.isTerminal ? context.io.columns : null,
      ),
    );
    return EXIT.ok;
  },
};

/** The commands of hosts. */
export const domain: CommandGroup = {
  name: 'domain',
  summary: 'give hosts to a tenant and take them back',
  subcommands: [add, remove, list],
};
