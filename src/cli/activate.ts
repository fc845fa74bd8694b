/** `kerb activate`: puts a stored version in force. */
import { tenantAnswer } from './answers.ts';
import { EXIT, UsageError, type Command } from './command.ts';
import { IF_MATCH, ifMatchOf, wholeOf } from './options.ts';
import { answer } from './output.ts';
import { TENANT, tenantName, tenantPath } from './tenant-argument.ts';
import { inForce } from './tenant-lines.ts';

/** The consent to a version that may do more than the active one. */
export const ACCEPT_WIDER = {
  'accept-wider': { help: 'agree that the version may do more than the active one' },
} as const;

/** The number of a version. Throws {@link UsageError} for what is none. */
export function versionNumber(text: string | undefined): number {
  const version = wholeOf(text ?? '', 1, 999_999_999);
  if (version === null)
    throw new UsageError(`${JSON.stringify(text ?? '')} is no version; kerb versions lists their numbers`);
  return version;
}

/** The command. Refused with 404 for a version that is not there, with 409 for one that may do more and is not accepted. */
export const activate: Command = {
  name: 'activate',
  summary: 'put a stored version in force',
  usage: ['Requests go to it as soon as the command is done; a canary ends.'],
  options: { ...ACCEPT_WIDER, ...IF_MATCH },
  positionals: [TENANT, { name: 'VERSION', help: 'number of the version, as kerb versions lists it' }],
  run: async (context) => {
    const { positionals, options } = context;
    const tenant = tenantName(positionals[0]);
    const wider = options.has('accept-wider') ? { accept: 'wider' } : {};
    const body = { json: { version: versionNumber(positionals[1]), ...wider } };
    const call = { method: 'POST' as const, path: tenantPath(tenant, 'activate'), body, ifMatch: ifMatchOf(options) };
    const changed = await context.client().ask(tenantAnswer, call);
    answer(context, changed, () => [inForce(changed)]);
    return EXIT.ok;
  },
};
