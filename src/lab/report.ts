/**
 * The report of a run: a page that needs nothing but itself, runs no script, and shows the record whoever's words are in it. Pure.
 */
import { roundedDown } from './capacity.ts';
import { countText, msText, numberText, percentText } from './figures.ts';
import { html, type Markup, type Part } from './markup.ts';
import { isClean, type LabRecord } from './record.ts';
import { latencyChart, loadCharts, timeCharts } from './report-charts.ts';
import { REPORT_STYLE } from './report-style.ts';
import { awakeShare, cost, fit, neighbours, speed, verdict } from './story.ts';

/** The name of the record's file beside the page. */
export const RECORD_FILE = 'lab.json';

/** The page. */
export function reportPage(record: LabRecord): string {
  const clean = isClean(record);
  const style: Markup = { markup: REPORT_STYLE };
  return `${
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>Kerb lab: ${countText(record.settings.tenants)} tenants</title>
          <style>
            ${style}
          </style>
        </head>
        <body>
          <main>
            <p class="over">Kerb lab, ${record.made}</p>
            <h1>${answerOf(record)}</h1>
            <p class="verdict ${clean ? 'good' : 'bad'}">${verdict(record)}</p>
            <p class="lead">${fit(record)}</p>
            <p>${cost(record)}</p>
            <p>${speed(record)}</p>
            ${neighbours(record).map((text) => html`<p>${text}</p>`)}
            <ul class="cards">
              ${cards(record)}
            </ul>
            ${faults(record)}
            <h2>How many fit</h2>
            ${bounds(record)}
            <h2>Latency</h2>
            <div class="panel">${latencyChart(record)}</div>
            <p class="small">
              From when a request was due to the last byte of its right answer, on a logarithmic scale. Cold is the
              first answer of a tenant, as the load sees it; who was put to rest and woken again is among the warm. The
              share of requests that woke a tenant, below, is by Kerb's own count.
            </p>
            <h2>Over time</h2>
            <div class="charts">${timeCharts(record)}</div>
            <h2>Load</h2>
            <div class="charts">${loadCharts(record)}</div>
            <h2>Hostile tenants</h2>
            ${hostile(record)}
            <h2>Well-behaved tenants</h2>
            ${kinds(record)}
            <h2>Settings</h2>
            ${settingsTable(record)}
            <footer>
              <p>
                All figures are in <a href="${RECORD_FILE}">${RECORD_FILE}</a>. This page loads nothing and runs no
                script.
              </p>
            </footer>
          </main>
        </body>
      </html> `.markup
  }`;
}

function answerOf({ settings: { tenants }, capacity: { more } }: LabRecord): string {
  if (more === null) return `${countText(tenants)} tenants`;
  return `${countText(tenants)} tenants, and about ${countText(roundedDown(more))} more fit`;
}

function cards(record: LabRecord): Markup[] {
  const { settings, all, steady, server, looks } = record;
  const card = (value: string, name: string, fault = false): Markup =>
    html`<li class="${fault ? 'bad' : ''}"><b>${value}</b><span>${name}</span></li>`;
  return [
    card(countText(settings.tenants), 'tenants'),
    card(countText(looks.at(-1)?.seen ?? 0), 'of them answered'),
    card(countText(all.sent), `requests in ${numberText(settings.seconds / 60)} min`),
    card(awakeShare(record), 'found their tenant awake'),
    card(msText(steady.warm?.p99), 'warm p99'),
    card(msText(steady.cold?.p99), 'cold p99'),
    card(String(server.aborts), 'aborts', server.aborts > 0),
    card(countText(all.wrong), 'wrong answers', all.wrong > 0),
    card(countText(all.unexpected + all.lost), 'unexpected or lost', all.unexpected + all.lost > 0),
    card(countText(all.refused), 'refused: no room or too many at once'),
  ];
}

/** Nothing without faults. */
function faults({ faults: found, server }: LabRecord): Part {
  if (found.length === 0 && server.aborts === 0) return null;
  const rows = found.map(({ tenant, kind, what }) => [tenant, kind, what]);
  const log = server.aborts === 0 ? null : html`<div class="panel"><pre>${server.log.join('\n')}</pre></div>`;
  return html`<h2>What went wrong</h2>
    ${rows.length === 0 ? null : table(['tenant', 'guest', 'the first of them'], rows)}${log}`;
}

function bounds({ capacity: { bounds: all, first, awakeShare: share } }: LabRecord): Markup {
  const rows = all.map(({ name, unit, used, ceiling, perRegistered, perAwake, more, how }) => {
    const room = more === 'none' ? 'far away' : more === null ? 'unknown' : `${countText(roundedDown(more))} more`;
    const level =
      used === null || ceiling === null
        ? null
        : html`<meter max="1" value="${Math.min(1, used / ceiling).toFixed(3)}"></meter>`;
    return html`<tr class="${name === first ? 'first-bound' : ''}">
      <td>${name}<br /><span class="small">${how}</span></td>
      <td class="n">${numberText(used)} of ${numberText(ceiling)} ${unit}</td>
      <td>${level}</td>
      <td class="n">${numberText(perRegistered)} + ${numberText(perAwake)}</td>
      <td class="n">${room}</td>
    </tr>`;
  });
  return html`<p>
      Each bound by itself: what was in use at the most of the run, what there is, and what one more tenant takes:
      there, and in addition awake. ${percentText(share)} of the tenants were awake or had been, and of more it is taken
      to be as many. This is an estimate: it holds for tenants like these, asked like these.
    </p>
    <div class="panel">
      <table>
        <tr>
          <th>bound</th>
          <th class="n">in use</th>
          <th></th>
          <th class="n">each tenant</th>
          <th class="n">fit</th>
        </tr>
        ${rows}
      </table>
    </div>`;
}

function hostile({ hostileKinds, all, settings }: LabRecord): Markup {
  if (settings.hostile === 0) return html`<p>There were none.</p>`;
  const rows = hostileKinds.map(({ name, tries, tenants }) => {
    const ends = Object.entries(all.hostile)
      .filter(([end]) => end.startsWith(`${name} `))
      .map(([end, count]) => `${end.slice(name.length + 1)} ${countText(count)}`);
    return [name, tries, countText(tenants), ends.length === 0 ? 'not asked' : ends.join(', ')];
  });
  return table(['guest', 'tries', 'tenants', 'how its requests ended'], rows);
}

function kinds({ kinds: all, all: { good, repeated }, settings }: LabRecord): Markup {
  const rows = all.map(({ name, language, tells, tenants }) => [name, language, countText(tenants), tells]);
  const ends = Object.entries(good).map(([outcome, count]) => `${outcome} ${countText(count)}`);
  return html`<p>
      ${settings.modules === null ? 'Sample apps of Kerb, each answer checked to the byte' : `Apps of ${settings.modules}: only status and outcome of their answers are checked`}.
      Their requests ended: ${ends.join(', ') || '-'}. ${countText(repeated)} requests were sent twice, because the
      server had closed the idle connection that they went over first.
    </p>
    ${table(['guest', 'written in', 'tenants', 'its own in the answer'], rows)}`;
}

function settingsTable({ settings: set, machine, start, server }: LabRecord): Markup {
  const shape = set.shape === 'azure' ? 'Azure Functions 2019' : `Zipf, exponent ${set.exponent}`;
  return table(
    ['', ''],
    [
      [
        'machine',
        `${machine.processor}, ${machine.cores} cores, ${numberText(machine.memoryBytes / 2 ** 30)} GiB, ${machine.system}`,
      ],
      ['Node', machine.node],
      ['load', `${numberText(set.rate)} requests/s, ${shape}; to hostile tenants ${numberText(set.hostileRate)}/s`],
      ['hostile tenants', percentText(set.hostile)],
      ['modules of their own', percentText(set.distinct)],
      ['memory target', set.memoryTargetMib === null ? "Kerb's choice" : `${countText(set.memoryTargetMib)} MiB`],
      ['data threads', set.threads === null ? "Kerb's choice" : String(set.threads)],
      ['seed', String(set.seed)],
      ['stored in', msText(start.stockMs)],
      ['started in', msText(start.startMs)],
      ['ended with code', String(server.exitCode)],
    ],
  );
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): Markup {
  const head = heads.some((text) => text !== '')
    ? html`<tr>
        ${heads.map((text) => html`<th>${text}</th>`)}
      </tr>`
    : null;
  return html`<div class="panel">
    <table>
      ${head}${rows.map(
        (row) =>
          html`<tr>
            ${row.map((text) => html`<td>${text}</td>`)}
          </tr>`,
      )}
    </table>
  </div>`;
}
