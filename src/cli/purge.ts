/** `kerb purge`: has the caches forget responses. */
import { purgeAnswer } from './answers.ts';
import { EXIT, UsageError, type Command } from './command.ts';
import { answer, remark } from './output.ts';
import { TENANT, tenantName, tenantPath } from './tenant-argument.ts';

/** The command. When it ends, nothing of what was purged is served any more. */
export const purge: Command = {
  name: 'purge',
  summary: 'drop cached responses of a tenant',
  usage: ['One of --url, --tag and --all says which.'],
  options: {
    url: { value: 'URL', help: 'the response of this address' },
    tag: { value: 'TAG', help: 'all responses with this tag' },
    all: { help: 'all responses of the tenant' },
    soft: { help: 'keep them as stale ones, to be revalidated' },
  },
  positionals: [TENANT],
  run: async (context) => {
    const { options } = context;
    const tenant = tenantName(context.positionals[0]);
    const which = [['url', options.text('url')] as const, ['tag', options.text('tag')] as const].filter(
      ([, text]) => text !== undefined,
    );
    const all = options.has('all');
    if (which.length + (all ? 1 : 0) !== 1) throw new UsageError('say which: one of --url, --tag and --all');
    const soft = options.has('soft') ? { soft: true } : {};
    const json = { ...Object.fromEntries(which), ...(all ? { all } : {}), ...soft };
    const path = tenantPath(tenant, 'purge');
    const { purged } = await context.client().ask(purgeAnswer, { method: 'POST', path, body: { json } });
    answer(context, { tenant, ...json, purged }, () => []);
    const what = purged === 1 ? 'response' : 'responses';
    remark(context, `${tenant}: ${purged} stored ${what} ${options.has('soft') ? 'made stale' : 'purged'}`);
    return EXIT.ok;
  },
};
