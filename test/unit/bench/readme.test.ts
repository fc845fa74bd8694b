import { describe, expect, it } from 'vitest';
import { markersOf, resultsText, withResults } from '../../../bench/readme.ts';
import type { Report } from '../../../bench/report.ts';

const MARKERS = markersOf('first');

const REPORT: Report = {
  name: 'first',
  tables: [{ title: 'First table', columns: ['a'], rows: [['1']] }],
  charts: { 'first-chart': { title: 'A chart', subtitle: '', groups: [] } },
  aims: [{ benchmark: 'first', aim: 'be quick', measured: '7 ms', verdict: 'missed' }],
  absent: [{ name: 'peer', reason: 'it is not there' }],
  data: null,
};

describe('resultsText', () => {
  const text = resultsText('2026-11-21', { cores: '2', Node: '26' }, REPORT);

  it('says when and on what', () => {
    expect(text).toContain('Measured on 2026-11-21.\n\n- cores: 2\n- Node: 26');
  });

  it('shows tables, charts, and aims that were missed', () => {
    expect(text).toContain('### First table');
    expect(text).toContain('![A chart](results/first-chart.svg)');
    expect(text).toContain('| first | be quick | 7 ms | missed |');
  });

  it('names absent peers with the reason', () => {
    expect(text).toContain('- peer: it is not there');
    expect(resultsText('', {}, { ...REPORT, absent: [] })).toContain('Absent peers: none.');
  });
});

describe('withResults', () => {
  const readme = `# Title\n${MARKERS.begin}\nold\n${MARKERS.end}\nafter\n`;

  it('replaces what is between the markers, and nothing else', () => {
    const written = withResults(readme, 'first', 'new');
    expect(written).toBe(`# Title\n${MARKERS.begin}\n\nnew\n\n${MARKERS.end}\nafter\n`);
    expect(withResults(written, 'first', 'new')).toBe(written);
  });

  it('refuses a README without markers, or with them the wrong way round', () => {
    expect(() => withResults('# Title\n', 'first', 'new')).toThrow(MARKERS.begin);
    expect(() => withResults(`${MARKERS.end}${MARKERS.begin}`, 'first', 'new')).toThrow(MARKERS.end);
  });
});
