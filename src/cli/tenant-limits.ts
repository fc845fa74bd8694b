/** `kerb tenant limits`: the ceilings that an operator sets for a tenant. */
import { limitsAnswer, tenantAnswer } from './answers.ts';
import { EXIT, UsageError, type Command, type CommandContext, type OptionSpec } from './command.ts';
import { IF_MATCH, ifMatchOf } from './options.ts';
import { answer, type Line } from './output.ts';
import { TENANT, tenantName, tenantPath } from './tenant-argument.ts';

/** Every ceiling, as the API names it, with what the help says. */
const CEILINGS = {
  cpu_ms: 'CPU time of one request, in ms',
  wall_ms: 'time of one request, in ms',
  memory_mb: 'memory of one instance, in MiB',
  concurrency: 'requests in flight',
  cpu_ms_per_second: 'CPU time a second, all requests together, in ms',
  cpu_weight: 'share of a thread beside other tenants; 100 is standard',
} as const satisfies Record<string, string>;

const NAMES = Object.keys(CEILINGS) as (keyof typeof CEILINGS)[];

function optionName(ceiling: string): string {
  return ceiling.replaceAll('_', '-');
}

const OPTIONS: Readonly<Record<string, OptionSpec>> = Object.fromEntries(
  NAMES.map((name) => [optionName(name), { value: 'N', help: CEILINGS[name] }]),
);

/** The command. Refused with 412 when the tenant changes between its reading and its writing. */
export const limits: Command = {
  name: 'tenant limits',
  summary: 'show and set the ceilings of a tenant',
  usage: [
    'Without options it shows them. Ceilings that are not named stay as they are.',
    'A manifest that asks for more than a ceiling is refused.',
  ],
  options: {
    ...OPTIONS,
    clear: { value: 'NAME', repeatable: true, choices: NAMES.map(optionName), help: 'take a ceiling away' },
    ...IF_MATCH,
  },
  positionals: [TENANT],
  run: async (context) => {
    const tenant = tenantName(context.positionals[0]);
    const { set, cleared } = changesOf(context);
    const isChange = Object.keys(set).length + cleared.length > 0;
    const now = isChange ? await change(context, tenant, set, cleared) : await shown(context, tenant);
    answer(context, now, () => lines(now));
    return EXIT.ok;
  },
};

type Ceilings = Readonly<Record<string, number | null>>;

function changesOf({ options }: CommandContext): { set: Record<string, number>; cleared: string[] } {
  const given = NAMES.map((name) => [name, options.whole(optionName(name), 1, 999_999_999)] as const);
  const set = given.filter((pair): pair is [(typeof pair)[0], number] => pair[1] !== undefined);
  const cleared = options.texts('clear').map((name) => name.replaceAll('-', '_'));
  const both = set.find(([name]) => cleared.includes(name));
  if (both !== undefined) throw new UsageError(`--${optionName(both[0])} sets what --clear takes away; leave one out`);
  return { set: Object.fromEntries(set), cleared };
}

async function shown(context: CommandContext, tenant: string): Promise<Ceilings> {
  return context.client().ask(limitsAnswer, { method: 'GET', path: tenantPath(tenant, 'limits') });
}

/** The API sets all ceilings at once: what is not named is sent as it was, for the revision that it was read at. */
async function change(
  context: CommandContext,
  tenant: string,
  set: Ceilings,
  cleared: readonly string[],
): Promise<Ceilings> {
  const client = context.client();
  const before = await client.ask(tenantAnswer, { method: 'GET', path: tenantPath(tenant) });
  const kept = Object.entries({ ...before.limits, ...set }).filter(([name]) => !cleared.includes(name));
  const json = Object.fromEntries(kept);
  const ifMatch = ifMatchOf(context.options) ?? before.revision;
  await client.send({ method: 'PUT', path: tenantPath(tenant, 'limits'), body: { json }, ifMatch });
  return shown(context, tenant);
}

function lines(ceilings: Ceilings): Line[] {
  const set = NAMES.filter((name) => typeof ceilings[name] === 'number');
  if (set.length === 0) return ["no ceilings: the server's own apply"];
  return set.map((name) => `${optionName(name).padEnd(18)} ${ceilings[name] ?? ''}  ${CEILINGS[name]}`);
}
