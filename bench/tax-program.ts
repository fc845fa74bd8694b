/**
 * The process of one round for one module: runs it as it is and rewritten, turn by turn, and prints a line of JSON. Arguments: the
 * paths of the module and of `node_modules` (`-` for a kernel), its name and argument, which form is instantiated first, and
 * milliseconds for warm-up, for measuring, and for measuring while the watchdog ticks.
 */
import { readFileSync } from 'node:fs';
import { Watchdog, WatchdogLink } from '../src/runtime/watchdog.ts';
import { WORK } from './tax-modules.ts';
import type { Round } from './tax-report.ts';
import { launch, rewriteWhole } from './tax-sandbox.ts';
import { compare, threadCpuMs, warmUp, type Work } from './tax-timing.ts';

const [path = '', folder = '-', name = '', argument = '0', first = 'original', ...times] = process.argv.slice(2);
const [warmUpMs = 500, quietMs = 500, tickingMs = 500] = times.map(Number);

/** Makes an instance of one of the forms. */
type Instantiate = (imports: WebAssembly.Imports) => WebAssembly.Instance;

function loadKernel(instantiate: Instantiate): Work {
  const { run: exported, _initialize: initialize } = instantiate({}).exports;
  if (typeof exported !== 'function') throw new Error(`${name} exports no function "run"`);
  if (typeof initialize === 'function') (initialize as () => void)();
  const call = exported as (n: number) => number;
  return () => call(Number(argument));
}

async function loadModule(instantiate: Instantiate, bytes: Uint8Array<ArrayBuffer>, copy: string): Promise<Work> {
  const loadWork = WORK[name];
  if (loadWork === undefined) throw new Error(`there is no work for ${name}`);
  // Glue that is given a module expects an instance; glue that is given bytes, both.
  Reflect.set(WebAssembly, 'instantiate', async (source: unknown, imports: WebAssembly.Imports) => {
    const instance = instantiate(imports);
    return source instanceof WebAssembly.Module ? instance : { instance, module: null };
  });
  return loadWork({ folder, bytes, copy });
}

async function load(instantiate: Instantiate, bytes: Uint8Array<ArrayBuffer>, copy: string): Promise<Work> {
  return folder === '-' ? loadKernel(instantiate) : loadModule(instantiate, bytes, copy);
}

/** Both forms have to say the same. */
async function prove(original: Work, rewritten: Work): Promise<void> {
  const [expected, found] = [await original(), await rewritten()];
  if (!Object.is(expected, found))
    throw new Error(`${name} answers ${String(found)} rewritten, not ${String(expected)}`);
}

async function run(link: WatchdogLink): Promise<Round> {
  const bytes = Uint8Array.from(readFileSync(path));
  const whole = rewriteWhole(bytes);
  const interruptions = { count: 0 };
  const forms: Readonly<Record<string, Instantiate>> = {
    original: (imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports),
    rewritten: (imports) => launch(whole, imports, link, interruptions),
  };
  const loaded = new Map<string, Work>();
  const order = Object.entries(forms).toSorted(([a]) => (a === first ? -1 : 1));
  for (const [form, instantiate] of order) loaded.set(form, await load(instantiate, bytes, form));
  const [original, rewritten] = ['original', 'rewritten'].map((form) => loaded.get(form)) as [Work, Work];
  await prove(original, rewritten);
  await warmUp([...loaded.values()], warmUpMs, threadCpuMs);
  const quiet = await compare(original, rewritten, quietMs, threadCpuMs);
  const before = interruptions.count;
  link.arm();
  const ticking = await compare(original, rewritten, tickingMs, threadCpuMs);
  link.disarm();
  await prove(original, rewritten);
  const { bytesIn, bytesOut, checks } = whole.report;
  const rewrite = { bytesIn, bytesOut, checks, rewriteMs: whole.rewriteMs };
  return { quiet, ticking, interruptions: interruptions.count - before, ...rewrite };
}

const watchdog = new Watchdog(1);
try {
  const round = await run(new WatchdogLink(watchdog.share, 0));
  process.stdout.write(`${JSON.stringify(round)}\n`);
} finally {
  await watchdog.close();
}
process.exit(); // Glue may leave timers behind.
