/** The results in bench/README.md: everything between two markers is written by the run. Pure. */
import { machineList, type Machine } from './machine.ts';
import { aimsTable, type Report } from './report.ts';
import { markdownTable } from './table.ts';

/** What encloses the results. */
export const MARKERS = { begin: '<!-- results: begin -->', end: '<!-- results: end -->' } as const;

/** The results in Markdown: when, on what, every table, every chart, the aims, who was absent. */
export function resultsText(date: string, machine: Machine, reports: readonly Report[]): string {
  const charts = reports.flatMap(({ charts: own }) => Object.entries(own));
  const absent = reports.flatMap(({ name, absent: peers }) =>
    peers.map((peer) => `- ${name}: ${peer.name}: ${peer.reason}`),
  );
  const aims = aimsTable(reports.flatMap((report) => report.aims));
  return [
    `Measured on ${date}.`,
    machineList(machine),
    markdownTable(aims).trim(),
    ...reports.flatMap(({ tables }) => tables.map((table) => markdownTable(table).trim())),
    ...charts.map(([file, { title }]) => `![${title}](results/${file}.svg)`),
    absent.length === 0 ? 'Absent peers: none.' : `Absent peers:\n\n${absent.join('\n')}`,
  ].join('\n\n');
}

/** `readme` with new results between its markers. Throws `Error` when it lacks them, or has them the wrong way round. */
export function withResults(readme: string, results: string): string {
  const begin = readme.indexOf(MARKERS.begin);
  const end = readme.indexOf(MARKERS.end);
  if (begin < 0 || end < begin) throw new Error(`the README needs ${MARKERS.begin} before ${MARKERS.end}`);
  return `${readme.slice(0, begin + MARKERS.begin.length)}\n\n${results}\n\n${readme.slice(end)}`;
}
