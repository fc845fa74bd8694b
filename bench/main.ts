/** The benchmarks' program: runs those that are asked for, prints one report, keeps the results. */
import { azure } from './azure.ts';
import { cache } from './cache.ts';
import { cold } from './cold.ts';
import { density } from './density.ts';
import { hostio } from './hostio.ts';
import { httpFresh } from './http-fresh.ts';
import { httpWarm } from './http-warm.ts';
import { instance } from './instance.ts';
import { describeMachine, machineList } from './machine.ts';
import { neighbour } from './neighbour.ts';
import { parseBenchOptions, usage, type BenchOptions } from './options.ts';
import { killAll } from './processes.ts';
import { aimsTable, type Report, type RunOptions } from './report.ts';
import { writeReadme, writeReport } from './results.ts';
import { runaway } from './runaway.ts';
import { soak } from './soak.ts';
import { textTable } from './table.ts';
import { tax } from './tax.ts';

/** Every benchmark by name, in the order in which they run. */
const BENCHMARKS: Readonly<Record<string, (options: RunOptions) => Promise<Report>>> = {
  'http-warm': httpWarm,
  'http-fresh': httpFresh,
  runaway,
  instance,
  tax,
  neighbour,
  hostio,
  cache,
  cold,
  density,
  azure,
  soak,
};

/** Those that take so long that they are run only when they are named. */
const APART: readonly string[] = ['soak'];

const EXIT = { failed: 1, misused: 2 } as const;

async function run({ names, readme, ...options }: BenchOptions): Promise<void> {
  const date = new Date().toISOString();
  const machine = describeMachine();
  const reports: Report[] = [];
  for (const name of names) {
    const say = (line: string): void => void process.stderr.write(`${name}: ${line}\n`);
    const report = await BENCHMARKS[name]?.({ ...options, say });
    if (report === undefined) continue;
    writeReport(date, machine, report);
    if (readme === 'write') writeReadme(date, machine, report);
    reports.push(report);
  }
  print(machineList(machine), reports);
}

function print(machine: string, reports: readonly Report[]): void {
  const absent = reports.flatMap((report) =>
    report.absent.map(({ name, reason }) => `${report.name}: ${name}: ${reason}`),
  );
  const parts = [
    machine,
    ...reports.flatMap(({ tables }) => tables.map(textTable)),
    textTable(aimsTable(reports.flatMap(({ aims }) => aims))),
    `Absent peers: ${absent.length === 0 ? 'none' : `\n  ${absent.join('\n  ')}`}`,
  ];
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

process.on('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(EXIT.failed));

const known = Object.keys(BENCHMARKS);
const invocation = parseBenchOptions(process.argv.slice(2), known, APART);
if (invocation.kind === 'help') process.stdout.write(usage(known, APART));
else if (invocation.kind === 'fault') {
  process.stderr.write(`bench: ${invocation.message}\n`);
  process.exitCode = EXIT.misused;
} else {
  await run(invocation.options).catch((error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = EXIT.failed;
  });
}
