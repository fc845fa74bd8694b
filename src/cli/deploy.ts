/** `kerb deploy`: uploads a version of an app and puts it in force. */
import { ACCEPT_WIDER } from './activate.ts';
import { deployedAnswer, tenantAnswer, type DeployedAnswer, type TenantAnswer } from './answers.ts';
import type { Client } from './client.ts';
import { EXIT, type Command, type CommandContext } from './command.ts';
import { edgeUrls } from './edge-urls.ts';
import { IF_MATCH, ifMatchOf } from './options.ts';
import { answer, remark, styled, type Line } from './output.ts';
import { ProblemError } from './problem.ts';
import { progressOf } from './progress.ts';
import { bytes, shortDigest } from './quantity.ts';
import { tenantPath } from './tenant-argument.ts';
import { signatureOf } from './sign.ts';
import { reportLines } from './tenant-lines.ts';
import { readUpload, type AppUpload } from './upload.ts';

/** The command. What it cannot read it refuses before anything is sent; a refused version changes nothing. */
export const deploy: Command = {
  name: 'deploy',
  summary: 'upload a version of an app and put it in force',
  usage: [
    'PATH is a folder with a kerb.toml (only what the manifest names is uploaded), a .wasm, or a package as .tar.gz.',
    'Once the command is done the new version answers all new requests; the one before stays for kerb rollback.',
  ],
  options: {
    name: { value: 'TENANT', help: 'the tenant; without it, the name in the manifest' },
    create: { help: 'make the tenant when there is none' },
    'no-activate': { help: 'store the version and leave the active one as it is' },
    ...ACCEPT_WIDER,
    sign: { value: 'KEYFILE', help: 'sign the module with this private key, a JWK of Ed25519 or P-256' },
    note: { value: 'TEXT', help: 'a note for the list of versions' },
    ...IF_MATCH,
  },
  positionals: [{ name: 'PATH', optional: true, help: 'folder, .wasm or .tar.gz; the working directory without it' }],
  run: async (context) => {
    const client = context.client();
    const upload = await readUpload(context.positionals[0] ?? '.', context.options.text('name'), context);
    if (context.options.has('create')) await createIfMissing(client, upload.tenant);
    const deployed = await send(client, upload, context);
    const tenant = await client.ask(tenantAnswer, { method: 'GET', path: tenantPath(upload.tenant) });
    const urls = deployed.active ? edgeUrls(tenant.hosts, upload.path, client.base, context.env) : [];
    answer(context, { ...deployed, urls }, () => lines(deployed, tenant, urls));
    return EXIT.ok;
  },
};

async function createIfMissing(client: Client, name: string): Promise<void> {
  try {
    await client.send({ method: 'GET', path: tenantPath(name) });
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 404) throw error;
    await client.send({ method: 'POST', path: ['v1', 'tenants'], body: { json: { name } } });
  }
}

async function send(client: Client, upload: AppUpload, context: CommandContext): Promise<DeployedAnswer> {
  const { options, io } = context;
  const { tenant, bytes: body } = upload;
  const signature = await signatureOf(upload, context);
  remark(context, [styled('dim', `uploading ${upload.summary} to ${tenant} (${bytes(body.length)})`)]);
  const progress = progressOf(io, 'uploaded', body.length);
  try {
    return await client.ask(deployedAnswer, {
      method: 'POST',
      path: tenantPath(tenant, 'versions'),
      query: {
        activate: String(!options.has('no-activate')),
        accept: options.has('accept-wider') ? 'wider' : undefined,
        note: options.text('note'),
      },
      headers: { 'content-type': upload.contentType, ...signature },
      body,
      ifMatch: ifMatchOf(options),
      onSent: (sent) => progress.at(sent),
    });
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) throw withCreate(error, tenant);
    throw error;
  } finally {
    progress.end();
  }
}

function withCreate({ status, title, detail, code, errors }: ProblemError, tenant: string): ProblemError {
  const remedy = `if there is no tenant ${tenant} yet, add --create`;
  return new ProblemError(status, { title, code, errors, detail: detail === '' ? remedy : `${detail}; ${remedy}` });
}

function lines(
  { version, active, capabilities }: DeployedAnswer,
  tenant: TenantAnswer,
  urls: readonly string[],
): Line[] {
  const { digest, size, abi, report } = version;
  const state = active ? 'is active' : `is stored; kerb activate ${version.tenant} ${version.version} puts it in force`;
  const { added, removed } = capabilities;
  return [
    [styled('bold', `${version.tenant} version ${version.version}`), ` ${state}`],
    `  module ${shortDigest(digest)}, ${bytes(size)}, ${abi}${version.signedBy === null ? '' : `, signed by ${version.signedBy}`}`,
    ...reportLines(report ?? {}),
    ...(added.length + removed.length === 0 ? [] : ['capabilities:']),
    ...added.map((text): Line => [styled('yellow', `  + ${text}`)]),
    ...removed.map((text): Line => [styled('green', `  - ${text}`)]),
    ...(active && tenant.hosts.length === 0 ? ['no host leads to it; kerb domain add gives it one'] : []),
    ...urls.map((url): Line => ['serves ', styled('bold', url)]),
  ];
}
