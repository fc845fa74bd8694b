import { describe, expect, it } from 'vitest';
import { logAxis, linearAxis } from '../../../src/lab/axis.ts';
import { capacityOf } from '../../../src/lab/capacity.ts';
import { lineChart, type LineChart } from '../../../src/lab/line-chart.ts';
import { html } from '../../../src/lab/markup.ts';
import { reportPage } from '../../../src/lab/report.ts';
import { headline } from '../../../src/lab/story.ts';
import { tailChart } from '../../../src/lab/tail-chart.ts';
import { aLook, aRecord, aSummary } from './a-record.ts';

const EVIL = '</title><script>alert(1)</script>"\'&';

describe('html', () => {
  it('escapes all that is not markup, for content and attributes', () => {
    const inner = html`<b title="${EVIL}">${EVIL}</b>`;
    expect(inner.markup).not.toContain('<script');
    expect(inner.markup).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
    expect(html`${[inner, null, 3]}`.markup).toBe(`${inner.markup}3`);
  });
});

describe('axes', () => {
  it('name round numbers from 0 to beyond the most', () => {
    expect(linearAxis([412], 4).ticks).toEqual([0, 200, 400, 600]);
    expect(linearAxis([0.034], 4).ticks).toEqual([0, 0.01, 0.02, 0.03, 0.04]);
    expect(linearAxis([], 4).ticks.length).toBeGreaterThan(1);
    expect(linearAxis([50, Infinity, NaN], 4).ticks).toEqual([0, 20, 40, 60]);
    expect(linearAxis([50], 4).at(1e9)).toBe(1);
  });

  it('name powers of ten around the positive ones', () => {
    const axis = logAxis([0, 0.2, 40]);
    expect(axis.ticks).toEqual([0.1, 1, 10, 100]);
    expect([axis.at(0.1), axis.at(100), axis.at(0)]).toEqual([0, 1, 0]);
    expect(logAxis([]).ticks).toEqual([1, 10]);
    expect(logAxis([10]).at(10)).toBe(0);
  });
});

const chartOf = (difference: Partial<LineChart> = {}): string =>
  lineChart({
    title: 'T',
    subtitle: 'S.',
    xs: [0, 1, 2, 3],
    xScale: 'linear',
    xText: String,
    yScale: 'linear',
    yText: String,
    zones: [],
    lines: [{ label: 'a', tone: 'first', values: [1, null, 3, 4] }],
    ...difference,
  }).markup;

describe('lineChart', () => {
  it('leaves gaps where nothing is known, and shows points that stand alone', () => {
    const [, path = ''] = /class="line first" d="(M[^"]*h0\.01M[^"]*)"/.exec(chartOf()) ?? [];
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path.match(/L/g)).toHaveLength(1);
  });

  it('says which lines are unknown, and when nothing is known', () => {
    const unknown = { label: 'b', tone: 'second', values: [null, null, null, null] } as const;
    expect(chartOf({ lines: [unknown] })).toContain('Nothing was measured.');
    expect(chartOf({ lines: [unknown] })).toContain('Unknown here: b.');
    expect(chartOf({ xs: [], lines: [] })).toContain('Nothing was measured.');
  });

  it('draws no number that is none', () => {
    for (const yScale of ['linear', 'log'] as const) {
      const markup = chartOf({ yScale, xs: [5], lines: [{ label: 'a', tone: 'bad', look: 'area', values: [0] }] });
      expect(markup).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('says the values of every second where it is pointed at, thinned out where there are many', () => {
    const xs = Array.from({ length: 1_000 }, (_, at) => at);
    const markup = chartOf({ xs, lines: [{ label: 'a', tone: 'first', values: xs }] });
    const spots = markup.match(/<title>/g) ?? [];
    expect(spots.length).toBeGreaterThan(150);
    expect(spots.length).toBeLessThanOrEqual(240);
    expect(chartOf()).toContain('<title>2\na: 3</title>');
  });
});

describe('tailChart', () => {
  it('shows rows without a sample as such', () => {
    const markup = tailChart([{ label: 'none', tone: 'first', tail: null }]).markup;
    expect(markup).toContain('>none</text>');
    expect(markup).not.toMatch(/NaN|undefined/);
  });
});

describe('reportPage', () => {
  it('loads nothing and runs no script', () => {
    const page = reportPage(aRecord());
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|src=|url\(|@import/i);
    expect([...page.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual(['lab.json']);
    expect(page).not.toMatch(/NaN|undefined|\[object/);
  });

  it('says the answer on top', () => {
    const page = reportPage(aRecord());
    expect(page).toMatch(/<h1>1,000 tenants, and about [\d,]+ more fit<\/h1>/);
    expect(page).toContain('no abort, no wrong byte');
    expect(page).toContain('cpu_limit 10');
  });

  it("escapes whoever's words are in the record", () => {
    const record = aRecord();
    const page = reportPage({
      ...record,
      made: EVIL,
      machine: { ...record.machine, processor: EVIL, system: EVIL },
      faults: [{ tenant: EVIL, kind: EVIL, what: EVIL }],
      server: { exitCode: 134, aborts: 1, log: [EVIL] },
      kinds: [{ name: EVIL, language: EVIL, tells: EVIL, tenants: 1 }],
      hostileKinds: [{ name: EVIL, tries: EVIL, tenants: 1 }],
      all: aSummary({ hostile: { [`${EVIL} ${EVIL}`]: 1 }, good: { [EVIL]: 1 } }),
    });
    expect(page).not.toContain('<script');
    expect(page.match(/alert\(1\)/g)?.length).toBeGreaterThan(8);
  });

  it('shows what went wrong', () => {
    const faults = [{ tenant: 't1', kind: 'hello', what: 'the body is another' }];
    const page = reportPage(aRecord({ all: aSummary({ wrong: 1 }), faults }));
    expect(page).toContain('What went wrong');
    expect(page).toContain('the body is another');
    expect(page).toContain('verdict bad');
    expect(reportPage(aRecord())).not.toContain('What went wrong');
  });

  it('is whole where nothing could be measured', () => {
    const nothing = aLook(1, { residentBytes: null, mappings: null, cpuSeconds: null, coldTail: null, warmTail: null });
    const none = aSummary({ sent: 0, cold: null, warm: null, lateness: null, good: {}, hostile: {} });
    const page = reportPage(
      aRecord({
        looks: [nothing],
        all: none,
        steady: none,
        phases: { settling: none, calm: none, hostile: none },
        capacity: capacityOf([], 0),
      }),
    );
    expect(page).toContain('could not be measured');
    expect(page).not.toMatch(/NaN|undefined/);
    expect(reportPage(aRecord({ looks: [] }))).toContain('Nothing was measured.');
  });
});

describe('headline', () => {
  it('tells an abort, and that no more fit', () => {
    const record = aRecord({
      server: { exitCode: 134, aborts: 1, log: [] },
      capacity: capacityOf(
        [{ name: 'mappings', unit: '', used: 9, ceiling: 9, perRegistered: 1, perAwake: 1, how: '' }],
        1,
      ),
    });
    expect(headline(record)[0]).toContain('the server ended by itself with code 134');
    expect(headline(record)[1]).toBe('No more tenants fit: mappings is used up.');
  });

  it('says what others noticed of hostile tenants, where there were any', () => {
    expect(headline(aRecord()).at(-1)).toMatch(/^While 10 requests of hostile tenants were stopped/);
    const { settings } = aRecord();
    expect(headline(aRecord({ settings: { ...settings, hostile: 0 } })).join(' ')).not.toContain('hostile');
  });
});
