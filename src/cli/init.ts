/** `kerb init`: the folder of a new app, which serves before anything has been built. */
import { basename, relative, resolve } from 'node:path';
import { KerbError } from '../errors.ts';
import { EXIT, type Command, type CommandContext } from './command.ts';
import { addFiles, isEmptyFolder, type Written } from './init-folder.ts';
import { answer, type Line } from './output.ts';
import { TEMPLATES, templateFiles, tenantName, type Template } from './init-template.ts';

/** The command. */
export const init: Command = {
  name: 'init',
  summary: 'make the folder of a new app',
  usage: [
    'kerb init hello                    a new folder, with an app of that name',
    'kerb init hello --template rust    in another language',
    'kerb init --list                   what there is',
    'kerb init --force                  adds what is missing to this folder; no file is ever overwritten',
  ],
  options: {
    template: { value: 'NAME', short: 't', choices: TEMPLATES.map(({ name }) => name), help: 'what to begin with' },
    list: { help: 'list the templates' },
    force: { help: 'add missing files to a folder that is not empty' },
  },
  positionals: [{ name: 'FOLDER', optional: true, help: 'where the app goes; this folder by default' }],
  run: async (context) => (context.options.has('list') ? list(context) : make(context)),
};

function list(context: CommandContext): number {
  const width = Math.max(...TEMPLATES.map(({ name }) => name.length));
  answer(context, { templates: TEMPLATES }, () =>
    TEMPLATES.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`),
  );
  return EXIT.ok;
}

async function make(context: CommandContext): Promise<number> {
  const { positionals, options, cwd } = context;
  const folder = resolve(cwd, positionals[0] ?? '.');
  const template = TEMPLATES.find(({ name }) => name === options.text('template')) ?? TEMPLATES[0];
  if (!(await isEmptyFolder(folder)) && !options.has('force')) throw notEmpty(folder);
  const name = tenantName(basename(folder));
  const outcome = await addFiles(folder, await templateFiles(template, name));
  answer(context, { folder, name, template: template.name, ...outcome }, () =>
    story(relative(cwd, folder), name, template, outcome),
  );
  return EXIT.ok;
}

function notEmpty(folder: string): KerbError {
  const remedy = 'name another one, or add --force: it adds what is missing and overwrites nothing';
  return new KerbError('conflict', `${folder}: is not empty; ${remedy}`);
}

/** @param folder - Relative to where the user is; empty for that folder itself. */
function story(folder: string, name: string, template: Template, { written, kept }: Written): Line[] {
  return [
    ...written.map((path) => `  + ${path}`),
    ...kept.map((path) => `  = ${path} (was there)`),
    '',
    `The app ${name} is ready to serve: handler.wasm is built already.`,
    '',
    ...(folder === '' ? [] : [`  cd ${quotedForShell(folder)}`]),
    `  ${'kerb dev'.padEnd(30)}serves it, and again after each build`,
    `  ${template.build.padEnd(30)}builds handler.wasm; README.md has more`,
  ];
}

function quotedForShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
