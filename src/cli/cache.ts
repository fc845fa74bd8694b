/** `kerb cache`: what the cache holds of a tenant, and how often that helped. */
import { cacheAnswer, type CacheAnswer } from './answers.ts';
import { EXIT, type Command, type CommandContext } from './command.ts';
import { answer, type Line } from './output.ts';
import { bytes } from './quantity.ts';
import { OPTIONAL_TENANT, tenantHere, tenantPath } from './tenant-argument.ts';
import { table } from './table.ts';

/** The command. */
export const cache: Command = {
  name: 'cache',
  summary: 'what the cache holds of a tenant, and how often that helped',
  usage: ['Counts are of requests to backends since the server began. `kerb purge` drops what is stored.'],
  options: {},
  positionals: [OPTIONAL_TENANT],
  run: async (context) => {
    const path = tenantPath(tenantHere(context.positionals[0], context), 'cache');
    const held = await context.client().ask(cacheAnswer, { method: 'GET', path });
    answer(context, held, () => lines(held, context.io));
    return EXIT.ok;
  },
};

function lines({ entries, bytes: size, quotaBytes, requests }: CacheAnswer, io: CommandContext['io']): Line[] {
  const counts = Object.entries(requests).filter(([, count]) => count > 0);
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  const heads = [{ title: 'CACHE' }, { title: '', align: 'right' as const }, { title: '', align: 'right' as const }];
  const rows = [
    ['responses', String(entries), ''],
    ['memory', `${bytes(size)} of ${bytes(quotaBytes)}`, ''],
    ...counts.map(([outcome, count]) => [outcome, String(count), `${Math.round((100 * count) / all)} %`]),
  ];
  return table(heads, rows, io.isTerminal ? io.columns : null);
}
