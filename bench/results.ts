/** Where results are kept: a JSON file and charts per benchmark, and the README on request. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { barChart } from './chart.ts';
import type { Machine } from './machine.ts';
import { resultsText, withResults } from './readme.ts';
import type { Report } from './report.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const RESULTS = join(HERE, 'results');
const README = join(HERE, 'README.md');

/** Writes what a benchmark measured, over what an earlier run did. */
export function writeReport(date: string, machine: Machine, report: Report): void {
  mkdirSync(RESULTS, { recursive: true });
  const { name, aims, absent, data } = report;
  const text = JSON.stringify({ benchmark: name, date, machine, aims, absent, data }, roundNumbers, 1);
  writeFileSync(join(RESULTS, `${name}.json`), `${text}\n`);
  for (const [file, chart] of Object.entries(report.charts))
    writeFileSync(join(RESULTS, `${file}.svg`), barChart(chart));
}

/** Puts what a benchmark measured into the README. */
export function writeReadme(date: string, machine: Machine, report: Report): void {
  const readme = readFileSync(README, 'utf8');
  writeFileSync(README, withResults(readme, report.name, resultsText(date, machine, report)));
}

/** Six significant digits are more than any measurement here has. */
function roundNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}
