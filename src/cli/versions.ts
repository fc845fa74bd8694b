/** `kerb versions`: what was deployed, newest first. */
import { pageOf, versionAnswer } from './answers.ts';
import { EXIT, type Command } from './command.ts';
import { answer } from './output.ts';
import { OPTIONAL_TENANT, tenantHere, tenantPath } from './tenant-argument.ts';
import { versionTable } from './tenant-lines.ts';

/** Versions that are listed unless more are asked for. */
const STANDARD_LIMIT = 20;

/** The command. */
export const versions: Command = {
  name: 'versions',
  summary: 'list the versions of a tenant',
  usage: ['Newest first. The state says which one serves and which one is a canary.'],
  options: { limit: { value: 'N', short: 'n', help: `how many, ${STANDARD_LIMIT} without it` } },
  positionals: [OPTIONAL_TENANT],
  run: async (context) => {
    const tenant = tenantHere(context.positionals[0], context);
    const most = context.options.whole('limit', 1, 1_000_000) ?? STANDARD_LIMIT;
    const call = { method: 'GET' as const, path: tenantPath(tenant, 'versions') };
    const items = await Array.fromAsync(context.client().list(pageOf(versionAnswer), call, most));
    answer(context, { items }, () => versionTable(items, context.io.isTerminal ? context.io.columns : null));
    return EXIT.ok;
  },
};
