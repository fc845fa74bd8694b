/** The fuzzer's program: batches of every mode in turn until the time or the count is over; findings are kept and the run goes on. */

import { endBatches, runBatch } from './batches.ts';
import type { Mode } from './corpus.ts';
import { keepFinding } from './findings.ts';
import { parseFuzzOptions, USAGE } from './options.ts';
import type { FuzzOptions } from './options.ts';
import { Statistics } from './statistics.ts';

const EXIT = { found: 1, misused: 2 } as const;
/** Inputs of one process: V8 keeps every function type it has seen, and a process that is young shows it less. */
const BATCH: Readonly<Record<Mode, number>> = { generate: 150, endless: 150, mutate: 400, limits: 100 };
const PROGRESS_MS = 5_000;

async function run({ seed, until, modes, findings }: FuzzOptions): Promise<number> {
  const statistics = new Statistics();
  const ends = 'seconds' in until ? performance.now() + until.seconds * 1_000 : Infinity;
  const next = new Map(modes.map((mode) => [mode, seed]));
  const last = 'count' in until ? seed + until.count : Infinity;
  let shown = performance.now();
  while (performance.now() < ends && [...next.values()].some((at) => at < last)) {
    for (const mode of modes) {
      const first = next.get(mode) ?? last;
      const count = Math.min(BATCH[mode], last - first);
      if (count <= 0 || performance.now() >= ends) continue;
      const batch = await runBatch(mode, first, count);
      next.set(mode, batch.next);
      for (const { seed: tried, verdict } of batch.verdicts) {
        statistics.add(mode, verdict);
        if (verdict.kind !== 'finding') continue;
        const path = keepFinding(findings, mode, tried, verdict.message);
        process.stdout.write(`FOUND ${mode} seed ${tried}: ${verdict.message.slice(0, 300)}\n  kept as ${path}.*\n`);
      }
      if (performance.now() - shown < PROGRESS_MS) continue;
      shown = performance.now();
      process.stdout.write(`${statistics.line()}\n`);
    }
  }
  process.stdout.write(`${statistics.report()}\n${statistics.summary()}\n`);
  return statistics.failed > 0 ? EXIT.found : 0;
}

process.on('exit', endBatches);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(EXIT.found));

const invocation = parseFuzzOptions(process.argv.slice(2));
if (invocation.kind === 'help') process.stdout.write(USAGE);
else if (invocation.kind === 'fault') {
  process.stderr.write(`fuzz: ${invocation.message}\n`);
  process.exitCode = EXIT.misused;
} else process.exitCode = await run(invocation.options);
