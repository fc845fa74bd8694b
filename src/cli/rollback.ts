/** `kerb rollback`: back to the version that was in force before. */
import { tenantAnswer } from './answers.ts';
import { EXIT, type Command } from './command.ts';
import { IF_MATCH, ifMatchOf } from './options.ts';
import { answer } from './output.ts';
import { OPTIONAL_TENANT, tenantHere, tenantPath } from './tenant-argument.ts';
import { inForce } from './tenant-lines.ts';

/** The command. Refused with 409 when no other version was in force. */
export const rollback: Command = {
  name: 'rollback',
  summary: 'go back to the version that was in force before',
  usage: ['Nothing is compiled or uploaded: the version is there. Rolling back twice is where it began.'],
  options: IF_MATCH,
  positionals: [OPTIONAL_TENANT],
  run: async (context) => {
    const tenant = tenantHere(context.positionals[0], context);
    const path = tenantPath(tenant, 'rollback');
    const call = { method: 'POST' as const, path, body: { json: {} }, ifMatch: ifMatchOf(context.options) };
    const changed = await context.client().ask(tenantAnswer, call);
    answer(context, changed, () => [inForce(changed)]);
    return EXIT.ok;
  },
};
