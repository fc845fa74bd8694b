/** `kerb canary`: gives a second version a share of the requests, and takes it back. */
import { ACCEPT_WIDER, versionNumber } from './activate.ts';
import { tenantAnswer } from './answers.ts';
import type { Call } from './client.ts';
import { EXIT, UsageError, type Command, type CommandContext } from './command.ts';
import { IF_MATCH, ifMatchOf } from './options.ts';
import { answer } from './output.ts';
import { TENANT, tenantName, tenantPath } from './tenant-argument.ts';
import { inForce } from './tenant-lines.ts';

/** The command. A canary that is there already is replaced. */
export const canary: Command = {
  name: 'canary',
  summary: 'give a second version a share of the requests',
  usage: [
    'kerb canary TENANT VERSION --percent N   start it, or change its share',
    'kerb canary TENANT --stop                take it back',
    'The server takes it back by itself when its requests cost too much.',
  ],
  options: {
    percent: { value: 'N', help: 'share of the requests, more than 0 and less than 100' },
    'max-cost-factor': {
      value: 'F',
      help: 'take it back when a request costs more than F times one of the active version',
    },
    stop: { help: 'take the canary back' },
    ...ACCEPT_WIDER,
    ...IF_MATCH,
  },
  positionals: [TENANT, { name: 'VERSION', optional: true, help: 'number of the version' }],
  run: async (context) => {
    const changed = await context.client().ask(tenantAnswer, callOf(context));
    answer(context, changed, () => [inForce(changed)]);
    return EXIT.ok;
  },
};

function callOf({ positionals, options }: CommandContext): Call {
  const place = { path: tenantPath(tenantName(positionals[0]), 'canary'), ifMatch: ifMatchOf(options) };
  if (!options.has('stop')) return { ...place, method: 'PUT', body: { json: start(positionals[1], options) } };
  if (positionals[1] === undefined && !options.has('percent')) return { ...place, method: 'DELETE' };
  throw new UsageError('--stop takes the canary back, whichever it is; leave VERSION and --percent out');
}

function start(version: string | undefined, options: CommandContext['options']): Record<string, unknown> {
  const percent = decimal(
    options.text('percent'),
    '--percent',
    'more than 0 and less than 100',
    (value) => value < 100,
  );
  if (version === undefined || percent === undefined)
    throw new UsageError('VERSION and --percent are needed, or --stop');
  const factor = decimal(options.text('max-cost-factor'), '--max-cost-factor', 'more than 1', (value) => value > 1);
  return {
    version: versionNumber(version),
    percent,
    ...(factor === undefined ? {} : { maxCostFactor: factor }),
    ...(options.has('accept-wider') ? { accept: 'wider' } : {}),
  };
}

function decimal(
  text: string | undefined,
  name: string,
  words: string,
  isFine: (value: number) => boolean,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,6}(?:\.[0-9]{1,6})?$/.test(text) ? Number(text) : NaN;
  if (value > 0 && isFine(value)) return value;
  throw new UsageError(`${name}: ${JSON.stringify(text)} is not a number ${words}`);
}
