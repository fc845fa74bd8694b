/** Benchmark `instance`: what an instance as new costs each request, and how far its tail reaches. */
import { SERVER_FLAGS } from '../src/setup/commands.js';
import { CONTENDERS, instanceCases, type Batch, type ContenderName, type InstanceCase } from './instance-cases.ts';
import { instanceAims, instanceChart, instanceData, instanceTables, type CaseBatches } from './instance-report.ts';
import { Started } from './processes.ts';
import type { Report, RunOptions } from './report.ts';
import { ROOT } from './servers/server.ts';

/** Cycles of one contender in one case over all rounds, unless the seconds of the rounds are over before. */
const CYCLES = { full: 1_000_000, quick: 20_000 } as const;

/** Runs it: a process per case, so that no case finds the garbage of another. */
export async function instance(options: RunOptions): Promise<Report> {
  const results: CaseBatches[] = [];
  for (const one of instanceCases(options.scale)) results.push({ ...one, batches: await measureCase(one, options) });
  return {
    name: 'instance',
    tables: instanceTables(results),
    charts: { instance: instanceChart(results) },
    aims: instanceAims(results),
    absent: [],
    data: instanceData(results),
  };
}

/** One line of the program's output. */
interface Line {
  readonly round: number;
  readonly name: ContenderName;
  readonly batch: Batch;
}

async function measureCase({ pages, live }: InstanceCase, options: RunOptions): Promise<CaseBatches['batches']> {
  const { rounds, seconds, warmUpSeconds, scale, say } = options;
  say(`${pages} pages, ${live} other instances`);
  const cycles = Math.ceil(CYCLES[scale] / rounds);
  const program = new Started({
    program: process.execPath,
    args: [
      ...SERVER_FLAGS,
      `${ROOT}bench/instance-program.ts`,
      ...numbers([pages, live, rounds, cycles, seconds, warmUpSeconds]),
    ],
  });
  try {
    return await collect(program, rounds);
  } finally {
    program.kill();
  }
}

/** Takes each batch as it comes: the wait for one is bounded, and what a process says is kept for a while only. */
async function collect(program: Started, rounds: number): Promise<CaseBatches['batches']> {
  const batches = { restored: [] as Batch[], renewed: [] as Batch[], naive: [] as Batch[] };
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(CONTENDERS) as ContenderName[]) {
      const { batch } = await program.until((said) => lineOf(said, round, name));
      batches[name].push(batch);
    }
  }
  return batches;
}

function lineOf(said: string, round: number, name: ContenderName): Line | null {
  const line = said
    .split('\n')
    .slice(0, -1)
    .find((text) => text.startsWith(`{"round":${round},"name":"${name}"`));
  return line === undefined ? null : (JSON.parse(line) as Line);
}

function numbers(values: readonly number[]): string[] {
  return values.map(String);
}
