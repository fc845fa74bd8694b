/** `kerb check`: whether Kerb runs an app, and why not, without a server. */
import { relative, resolve } from 'node:path';
import { KerbError } from '../errors.ts';
import { EXIT, type Command, type CommandContext } from './command.ts';
import { examine, unreadable, type CheckReport } from './check-report.ts';
import { readSource } from './check-source.ts';
import { reportLines } from './check-text.ts';
import { answer } from './output.ts';

/** The command. */
export const check: Command = {
  name: 'check',
  summary: 'say whether Kerb runs a module, without a server',
  usage: [
    'kerb check .               this folder: its manifest and its module',
    'kerb check handler.wasm    a bare module, with the defaults of a manifest',
    'kerb check . --json        the same as one JSON object',
    '',
    'Ends with 0 when a server would take it, with 1 and every reason when not.',
  ],
  options: {},
  positionals: [{ name: 'PATH', help: 'a folder with a kerb.toml, or a .wasm file' }],
  run: async (context) => {
    const report = await reportOn(context);
    answer(context, jsonOf(report), () => reportLines(report));
    return report.accepted ? EXIT.ok : EXIT.failed;
  },
};

/** What cannot be read for the app's own fault is a refusal; a path that is not there is the caller's. */
async function reportOn({ positionals, cwd }: CommandContext): Promise<CheckReport> {
  const path = resolve(cwd, positionals[0] ?? '.');
  const shown = relative(cwd, path) || '.';
  try {
    return await examine(shown, await readSource(path));
  } catch (error) {
    if (error instanceof KerbError) return unreadable(shown, error);
    throw error;
  }
}

/** The manifest is summed up: its texts may be large, and secret. */
function jsonOf({ manifest, ...report }: CheckReport): object {
  if (manifest === null) return report;
  const { hosts, path: prefix, isolation } = manifest;
  return { ...report, hosts, prefix, isolation };
}
