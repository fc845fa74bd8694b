/** `kerb kv`: the key-value stores of a tenant. */
import { MAX_KV_TTL_SECONDS } from '../store/limits.ts';
import { keyAnswer, pageOf } from './answers.ts';
import { EXIT, type Command, type CommandContext, type CommandGroup } from './command.ts';
import { VALUE_FILE, readValue } from './input.ts';
import { answer, linesOf, print, printJson, remark } from './output.ts';
import { TENANT, tenantName, tenantPath } from './tenant-argument.ts';

const STORE = { name: 'STORE', help: 'name of the store' } as const;
const KEY = { name: 'KEY', help: 'the key' } as const;
/** Ten years: more is for ever. */

function keyPath({ positionals: [tenant, store = '', key = ''] }: CommandContext): string[] {
  return tenantPath(tenantName(tenant), 'kv', store, key);
}

const get: Command = {
  name: 'kv get',
  summary: 'print the value of a key',
  usage: ['The bytes as they are; on a terminal what would drive it is escaped. With --json in base64.'],
  options: {},
  positionals: [TENANT, STORE, KEY],
  run: async (context) => {
    const call = { method: 'GET' as const, path: keyPath(context), headers: { accept: 'application/octet-stream' } };
    const { body, headers } = await context.client().send(call);
    const value = Buffer.from(body);
    const [metadata, generation] = [headers.get('kerb-metadata'), headers.get('kerb-generation')];
    const about = { metadata: metadata === undefined ? null : textOfField(metadata), generation: numberOf(generation) };
    if (context.json) printJson(context, { value: value.toString('base64'), ...about });
    else if (context.io.isTerminal) print(context, ...linesOf(value.toString('utf8')));
    else context.io.stdout.write(value);
    return EXIT.ok;
  },
};

function numberOf(text: string | undefined): number | null {
  return text === undefined || !/^[0-9]{1,15}$/.test(text) ? null : Number(text);
}

const put: Command = {
  name: 'kv put',
  summary: 'set the value of a key',
  usage: ['The value is the bytes of --file or of standard input, exactly.'],
  options: {
    ...VALUE_FILE,
    ttl: { value: 'SECONDS', help: 'forget the key after so many seconds' },
    metadata: { value: 'TEXT', help: 'text that is kept beside the value' },
  },
  positionals: [TENANT, STORE, KEY],
  run: async (context) => {
    const { options } = context;
    const ttl = options.whole('ttl', 1, MAX_KV_TTL_SECONDS);
    const [path, body, metadata] = [keyPath(context), await readValue(context), options.text('metadata')];
    const headers: Record<string, string> = { 'content-type': 'application/octet-stream' };
    if (metadata !== undefined) headers['kerb-metadata'] = fieldValue(metadata);
    await context.client().send({ method: 'PUT', path, query: { ttl: ttl?.toString() }, headers, body });
    answer(context, { key: path.at(-1), bytes: body.length }, () => []);
    remark(context, `${path.at(-1) ?? ''}: ${body.length} bytes are stored`);
    return EXIT.ok;
  },
};

/** Metadata as it travels in a header field: percent-encoded UTF-8. */
function fieldValue(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** What {@link fieldValue} makes; text that is not so encoded stays as it is. */
function textOfField(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const remove: Command = {
  name: 'kv delete',
  summary: 'remove a key',
  usage: [],
  options: {},
  positionals: [TENANT, STORE, KEY],
  run: async (context) => {
    const path = keyPath(context);
    await context.client().send({ method: 'DELETE', path });
    answer(context, { key: path.at(-1) }, () => []);
    remark(context, `${path.at(-1) ?? ''} is removed`);
    return EXIT.ok;
  },
};

const list: Command = {
  name: 'kv list',
  summary: 'list the keys of a store',
  usage: [],
  options: {
    prefix: { value: 'TEXT', help: 'only keys that begin so' },
    limit: { value: 'N', short: 'n', help: 'at most so many; all without it' },
  },
  positionals: [TENANT, STORE],
  run: async (context) => {
    const [tenant, store = ''] = context.positionals;
    const most = context.options.whole('limit', 1, 1_000_000_000) ?? Infinity;
    const query = { prefix: context.options.text('prefix') };
    const call = { method: 'GET' as const, path: tenantPath(tenantName(tenant), 'kv', store), query };
    const items = await Array.fromAsync(context.client().list(pageOf(keyAnswer), call, most));
    answer(context, { items }, () => items.map(({ key }) => key));
    return EXIT.ok;
  },
};

/** The commands of key-value stores. */
export const kv: CommandGroup = {
  name: 'kv',
  summary: 'read and change the key-value stores of a tenant',
  subcommands: [get, put, remove, list],
};
