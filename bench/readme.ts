/** The results in bench/README.md: a part for each benchmark, between two markers, written by the run. Pure. */
import { machineList, type Machine } from './machine.ts';
import { aimsTable, type Report } from './report.ts';
import { markdownTable } from './table.ts';

/** What encloses the results of a benchmark. */
export function markersOf(name: string): { readonly begin: string; readonly end: string } {
  return { begin: `<!-- ${name}: begin -->`, end: `<!-- ${name}: end -->` };
}

/** The results of a benchmark in Markdown: when, on what, its aims, every table, every chart, who was absent. */
export function resultsText(date: string, machine: Machine, { name, tables, charts, aims, absent }: Report): string {
  return [
    `### ${name}`,
    `Measured on ${date}.`,
    machineList(machine),
    markdownTable(aimsTable(aims)).trim(),
    ...tables.map((table) => markdownTable(table).trim()),
    ...Object.entries(charts).map(([file, { title }]) => `![${title}](results/${file}.svg)`),
    absent.length === 0
      ? 'Absent peers: none.'
      : `Absent peers:\n\n${absent.map((peer) => `- ${peer.name}: ${peer.reason}`).join('\n')}`,
  ].join('\n\n');
}

/** `readme` with new results of a benchmark between its markers. Throws `Error` when it lacks them, or has them the wrong way round. */
export function withResults(readme: string, name: string, results: string): string {
  const markers = markersOf(name);
  const begin = readme.indexOf(markers.begin);
  const end = readme.indexOf(markers.end);
  if (begin < 0 || end < begin) throw new Error(`the README needs ${markers.begin} before ${markers.end}`);
  return `${readme.slice(0, begin + markers.begin.length)}\n\n${results}\n\n${readme.slice(end)}`;
}
