/** `kerb config`: the config stores of a tenant, text by key. */
import { configAnswer } from './answers.ts';
import { EXIT, type Command, type CommandGroup } from './command.ts';
import { VALUE_FILE, readValue, withoutLineEnd } from './input.ts';
import { answer, linesOf, print, printJson, remark } from './output.ts';
import { TENANT, tenantName, tenantPath } from './tenant-argument.ts';

const STORE = { name: 'STORE', help: 'name of the config store' } as const;
const KEY = { name: 'KEY', help: 'the key' } as const;

const get: Command = {
  name: 'config get',
  summary: 'print the text of a key',
  usage: [],
  options: {},
  positionals: [TENANT, STORE, KEY],
  run: async (context) => {
    const [tenant, store = '', key = ''] = context.positionals;
    const path = tenantPath(tenantName(tenant), 'config', store, key);
    const headers = { accept: 'text/plain' };
    const { body } = await context.client().send({ method: 'GET', path, headers });
    const text = Buffer.from(body).toString('utf8');
    if (context.json) printJson(context, { key, value: text });
    else if (context.io.isTerminal) print(context, ...linesOf(text));
    else context.io.stdout.write(body);
    return EXIT.ok;
  },
};

const put: Command = {
  name: 'config put',
  summary: 'set the text of a key',
  usage: ['The text is VALUE, or that of --file or standard input without one line end at its end.'],
  options: VALUE_FILE,
  positionals: [TENANT, STORE, KEY, { name: 'VALUE', optional: true, help: 'the text' }],
  run: async (context) => {
    const [tenant, store = '', key = '', value] = context.positionals;
    const path = tenantPath(tenantName(tenant), 'config', store, key);
    const body = value === undefined ? withoutLineEnd(await readValue(context)) : Buffer.from(value);
    await context
      .client()
      .send({ method: 'PUT', path, headers: { 'content-type': 'text/plain; charset=utf-8' }, body });
    answer(context, { key }, () => []);
    remark(context, `${key} is set`);
    return EXIT.ok;
  },
};

const remove: Command = {
  name: 'config delete',
  summary: 'remove a key',
  usage: [],
  options: {},
  positionals: [TENANT, STORE, KEY],
  run: async (context) => {
    const [tenant, store = '', key = ''] = context.positionals;
    await context.client().send({ method: 'DELETE', path: tenantPath(tenantName(tenant), 'config', store, key) });
    answer(context, { key }, () => []);
    remark(context, `${key} is removed`);
    return EXIT.ok;
  },
};

const list: Command = {
  name: 'config list',
  summary: 'list the keys of a store with their texts',
  usage: [],
  options: {},
  positionals: [TENANT, STORE],
  run: async (context) => {
    const [tenant, store = ''] = context.positionals;
    const path = tenantPath(tenantName(tenant), 'config', store);
    const { items } = await context.client().ask(configAnswer, { method: 'GET', path });
    answer(context, { items }, () => Object.entries(items).map(([key, text]) => `${key} = ${JSON.stringify(text)}`));
    return EXIT.ok;
  },
};

/** The commands of config stores. */
export const config: CommandGroup = {
  name: 'config',
  summary: 'read and change the config stores of a tenant',
  subcommands: [get, put, remove, list],
};
