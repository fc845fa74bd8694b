/** Benchmark `tax`: what it costs a guest that it can be interrupted, against the same module as V8 runs it without Kerb. */
import { existsSync } from 'node:fs';
import { INSTALLED, installPackages } from './packages.ts';
import { Started } from './processes.ts';
import type { AbsentPeer, Report, RunOptions } from './report.ts';
import { Absent, ROOT } from './servers/server.ts';
import { taxAims, taxChart, taxTables, type Round, type Taxed } from './tax-report.ts';
import { KERNELS, REAL_MODULES, type Kernel, type RealModule } from './tax-subjects.ts';

/** A module that can be run. */
interface Subject extends Omit<Taxed, 'rounds'> {
  readonly path: string;
  /** Where its packages are; `-` for a kernel. */
  readonly folder: string;
  readonly argument: number;
}

/** Shares of a measurement: undisturbed, and with the watchdog ticking. */
const QUIET_SHARE = 0.6;
/** A process takes a few seconds of CPU time; on a machine that others use that can be minutes. */
const ROUND_TIMEOUT_MS = 300_000;
/** A quick run's processes measure this much of `--seconds`. */
const SECONDS_SHARE = { full: 1, quick: 0.5 } as const;

const NOTES = [
  'checked is: CPU time of the rewritten module divided by that of the original, calls in turns within one process; median of the rounds, a new process each.',
  'ticking: the same while the watchdog sets the epoch word every millisecond and the host answers "go on"; ms: a call of the original.',
  'Both are warmed up until neither gets quicker: it is V8’s optimised code that is compared. Answers were equal before and after.',
  `Modules from npm: ${REAL_MODULES.flatMap(({ packages }) => packages).join(', ')}.`,
  'grows: bytes of the rewritten module against those of the upload, custom sections included; rewrite: decoding and rewriting in a process that has just begun.',
];

/** Runs it: every module once a round, in a process of its own. Nothing is pinned, since CPU time is read and not the clock. */
export async function tax({ rounds, seconds, warmUpSeconds, scale, say }: RunOptions): Promise<Report> {
  const { subjects, absent } = await findSubjects(scale, say);
  const measured = subjects.map(() => [] as Round[]);
  const times = [warmUpSeconds, seconds * QUIET_SHARE, seconds * (1 - QUIET_SHARE)].map(
    (length) => length * 1000 * SECONDS_SHARE[scale],
  );
  for (let round = 0; round < rounds; round++) {
    for (const [at, subject] of subjects.entries()) {
      say(`${subject.name}: round ${round + 1} of ${rounds}`);
      measured[at]?.push(await measureRound(subject, round, times));
    }
  }
  const taxed = subjects.map(({ group, name, language, what }, at) => {
    return { group, name, language, what, rounds: measured[at] ?? [] };
  });
  return {
    name: 'tax',
    tables: taxTables(taxed, NOTES),
    charts: { tax: taxChart(taxed) },
    aims: taxAims(taxed),
    absent,
    data: { affinity: 'not pinned', results: taxed },
  };
}

async function findSubjects(
  scale: RunOptions['scale'],
  say: RunOptions['say'],
): Promise<{ readonly subjects: readonly Subject[]; readonly absent: readonly AbsentPeer[] }> {
  const wanted = (one: Kernel | RealModule): boolean => scale === 'full' || one.scale === 'quick';
  const subjects: Subject[] = KERNELS.filter(wanted).map(subjectOfKernel);
  const absent: AbsentPeer[] = [];
  for (const module of REAL_MODULES.filter(wanted)) {
    try {
      subjects.push(await subjectOfModule(module, say));
    } catch (error) {
      if (!(error instanceof Absent)) throw error;
      absent.push({ name: module.name, reason: error.message });
    }
  }
  return { subjects, absent };
}

function subjectOfKernel({ name, language, n, what }: Kernel): Subject {
  const path = `${ROOT}bench/guests/kernels/${name}.wasm`;
  return { group: 'kernel', name, language, what, path, folder: '-', argument: n };
}

async function subjectOfModule(module: RealModule, say: RunOptions['say']): Promise<Subject> {
  const { name, language, what, packages, wasm } = module;
  const place = `${INSTALLED}/${packages.join('+').replaceAll('/', '-')}`;
  const folder = `${place}/node_modules`;
  const path = `${folder}/${wasm}`;
  if (!existsSync(path)) {
    say(`installing ${packages.join(' ')}`);
    await installPackages(place, packages);
  }
  if (!existsSync(path)) throw new Absent(`${packages.join(' ')} holds no ${wasm}`);
  return { group: 'module', name, language, what, path, folder, argument: 0 };
}

/** One process. Rejects when it fails, and when the rewritten module answers differently. */
async function measureRound(subject: Subject, round: number, times: readonly number[]): Promise<Round> {
  const { path, folder, name, argument } = subject;
  const first = round % 2 === 0 ? 'original' : 'rewritten';
  const program = new Started({
    program: process.execPath,
    args: [`${ROOT}bench/tax-program.ts`, path, folder, name, `${argument}`, first, ...times.map(String)],
  });
  try {
    return JSON.parse(await program.until((said) => /^(\{.*\})\n/m.exec(said)?.[1] ?? null, ROUND_TIMEOUT_MS)) as Round;
  } finally {
    await program.stop();
  }
}
