/** `kerb lab`: how many tenants fit on this machine, measured with real ones, some of them hostile. */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { systemCode } from '../errors.ts';
import { SHAPES, type Shape } from '../lab/popularity.ts';
import { progressLine, progressLines } from '../lab/progress.ts';
import { isClean, type LabLook, type LabRecord, type LabSettings } from '../lab/record.ts';
import { RECORD_FILE, reportPage } from '../lab/report.ts';
import { runLab, type LabEvents } from '../lab/run.ts';
import { headline } from '../lab/story.ts';
import { EXIT, UsageError, type Command, type CommandContext, type GivenOptions } from './command.ts';
import { answer, jsonLine, remark } from './output.ts';

/** Where a terminal is not redrawn, a line comes so often. */
const PLAIN_LINE_S = 10;

/** The most tenants and requests a second that a run may ask for: one generator on one machine has no more. */
const MOST_TENANTS = 100_000;
const MOST_RATE = 20_000;
const MOST_MINUTES = 24 * 60;

/** Of a terminal that does not say. */
const COLUMNS = 80;

/** The command. */
export const lab: Command = {
  name: 'lab',
  summary: 'measure how many tenants fit on this machine',
  usage: [
    'kerb lab                                    1,000 tenants for a minute, 300 requests a second',
    'kerb lab --tenants 10000 --minutes 3 --hostile 1%',
    '',
    'Starts a Kerb of its own on this machine, with tenants that run real guest modules, and drives it with requests that',
    'come when they are due, whatever became of earlier ones (an open loop). Few tenants get most of them, as on real',
    'platforms. Every answer is checked to the byte. Hostile tenants loop, recurse, trap, flood logs and take memory; they',
    'come after a calm part, so that what the others notice of them can be told.',
    '',
    'Writes report.html and lab.json, and says how many more tenants fit. Nothing is sent to other machines.',
    'Ends with 0 when there was no abort, no wrong byte, no unexpected outcome and no lost request, otherwise with 1.',
  ],
  options: {
    tenants: { value: 'N', help: 'well-behaved tenants; 1000 by default' },
    minutes: { value: 'M', help: 'how long the load lasts, for instance 0.5; 1 by default' },
    rate: { value: 'R', help: 'requests a second to well-behaved tenants; 300 by default' },
    shape: {
      value: 'SHAPE',
      choices: SHAPES,
      help: 'who is asked how often: azure, as the apps of Azure Functions 2019, by default; zipf, by rank',
    },
    exponent: { value: 'S', help: 'of --shape zipf: rank r gets 1/r to this power; 1 by default' },
    seed: { value: 'S', help: 'a whole number; the same one gives the same tenants and requests; 1 by default' },
    hostile: { value: 'P', help: 'hostile tenants beside the others, in percent of them; 1% by default, 0 for none' },
    'hostile-rate': { value: 'R', help: 'requests a second to hostile tenants; by default their share of --rate' },
    distinct: { value: 'P', help: 'tenants whose module is unlike all others, in percent; 50% by default' },
    modules: {
      value: 'DIR',
      help: "folder of apps, each with its kerb.toml, to run in place of Kerb's samples; they must answer a GET without a backend",
    },
    'memory-target': { value: 'MIB', help: "resident memory that the server aims at; by default Kerb's own choice" },
    threads: { value: 'N', help: "threads of the server that run apps; by default Kerb's own choice" },
    out: { value: 'DIR', help: 'folder for report.html and lab.json; kerb-lab by default' },
    keep: { help: "leave the server's data folder where it is, and say where" },
  },
  positionals: [],
  run: async (context) => {
    const settings = settingsOf(context);
    const out = resolve(context.cwd, context.options.text('out') ?? 'kerb-lab');
    const record = await measured(context, settings, out);
    await writeFile(join(out, 'report.html'), reportPage(record));
    await writeFile(join(out, RECORD_FILE), jsonLine(record));
    const shown = relative(context.cwd, out) || '.';
    answer(context, record, () => [
      ...headline(record),
      '',
      `${shown}/report.html has the charts, ${shown}/${RECORD_FILE} the figures.`,
    ]);
    return isClean(record) ? EXIT.ok : EXIT.failed;
  },
};

function settingsOf({ options, cwd }: CommandContext): LabSettings {
  const modules = options.text('modules');
  const rate = decimalOf(options, 'rate', 1, MOST_RATE) ?? 300;
  const hostile = shareOf(options, 'hostile') ?? 0.01;
  return {
    tenants: options.whole('tenants', 1, MOST_TENANTS) ?? 1_000,
    seconds: (decimalOf(options, 'minutes', 0.05, MOST_MINUTES) ?? 1) * 60,
    rate,
    hostileRate:
      hostile === 0 ? 0 : (decimalOf(options, 'hostile-rate', 0.1, MOST_RATE) ?? Math.max(1, rate * hostile)),
    shape: (options.text('shape') ?? 'azure') as Shape,
    exponent: decimalOf(options, 'exponent', 0, 5) ?? 1,
    seed: options.whole('seed', 0, 2 ** 31 - 1) ?? 1,
    hostile,
    distinct: shareOf(options, 'distinct') ?? 0.5,
    modules: modules === undefined ? null : resolve(cwd, modules),
    memoryTargetMib: options.whole('memory-target', 320, 2 ** 24) ?? null,
    threads: options.whole('threads', 1, 256) ?? null,
  };
}

/** A number from `least` to `most`, with a fraction or without. Throws {@link UsageError} for anything else. */
function decimalOf(options: GivenOptions, name: string, least: number, most: number): number | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,9}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${name}: ${JSON.stringify(text)} is not a number from ${least} to ${most}`);
}

/** A percentage, with its sign or without, as a share. Throws {@link UsageError} for anything else. */
function shareOf(options: GivenOptions, name: string): number | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,3}(\.[0-9]{1,4})?%?$/.test(text) ? Number(text.replace('%', '')) : NaN;
  if (value <= 100) return value / 100;
  throw new UsageError(`--${name}: ${JSON.stringify(text)} is not a percentage from 0 to 100; write for instance 1%`);
}

/** Runs the lab in a folder that goes with it. `out` is made before, so that no run is for nothing, and goes again if it fails. */
async function measured(context: CommandContext, settings: LabSettings, out: string): Promise<LabRecord> {
  await mkdir(out, { recursive: true }).catch((error: unknown) => {
    throw new UsageError(`${relative(context.cwd, out)} cannot be made (${systemCode(error)}); choose another --out`);
  });
  const folder = await mkdtemp(join(tmpdir(), 'kerb-lab-'));
  // However this process ends, short of being killed.
  const atExit = (): void => rmSync(folder, { recursive: true, force: true });
  const isKept = context.options.has('keep');
  if (!isKept) process.once('exit', atExit);
  try {
    const { env, signal } = context;
    return await runLab(
      settings,
      { folder, env, signal },
      isLive(context) ? drawn(context, settings) : told(context, settings),
    );
  } catch (error) {
    await rmdir(out).catch(() => undefined); // With something in it, it stays.
    throw error;
  } finally {
    process.off('exit', atExit);
    if (isKept) remark(context, `the server's folder is ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

function isLive({ io, json }: CommandContext): boolean {
  return io.showsProgress && !json;
}

/** Draws the run on standard error, over itself. */
function drawn(context: CommandContext, settings: LabSettings): LabEvents {
  const looks: LabLook[] = [];
  // A terminal that does not know its width says 0.
  const width = context.io.columns || COLUMNS;
  let height = 0;
  return {
    onStage: (what) => {
      height = 0;
      remark(context, `${what} …`);
    },
    onLook: (look, sum) => {
      looks.push(look);
      const lines = progressLines(settings, looks, sum).map((line) => line.slice(0, width - 1));
      // Up to where the block began, and clear from there.
      if (height > 0) context.io.stderr.write(`\u001b[${height}A\u001b[J`);
      height = lines.length;
      remark(context, ...lines);
    },
  };
}

/** Says now and then how the run stands. */
function told(context: CommandContext, settings: LabSettings): LabEvents {
  const looks: LabLook[] = [];
  let nextS = PLAIN_LINE_S;
  return {
    onStage: (what) => remark(context, what),
    onLook: (look, sum) => {
      looks.push(look);
      if (look.atS < nextS) return;
      nextS += PLAIN_LINE_S;
      remark(context, progressLine(settings, looks, sum));
    },
  };
}
