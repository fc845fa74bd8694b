import { describe, expect, it } from 'vitest';
import { barChart, type Bar, type BarChart } from '../../../bench/chart.ts';

const bar = (label: string, value: number, difference: Partial<Bar> = {}): Bar => ({
  label,
  value,
  low: value,
  high: value,
  tone: 'peer',
  text: String(value),
  ...difference,
});

const chartOf = (bars: readonly Bar[], more: Partial<BarChart> = {}): string =>
  barChart({ title: 'T', subtitle: 'S', groups: [{ label: 'G', bars }], ...more });

/** Widths of the bars of a class, in order. */
const widths = (svg: string, tone: string): number[] =>
  [...svg.matchAll(new RegExp(`class="${tone}"[^>]*width="([^"]*)"`, 'g'))].map(([, width]) => Number(width));

describe('barChart', () => {
  it('draws lengths in proportion, the longest whisker to the edge of the plot', () => {
    const [half, full] = widths(chartOf([bar('a', 50), bar('b', 100)]), 'peer') as [number, number];
    expect(full).toBeCloseTo(2 * half, 0);
    const [shrunk] = widths(chartOf([bar('a', 50), bar('b', 100, { high: 200 })]), 'peer') as [number];
    expect(shrunk).toBeCloseTo(half / 2, 0);
  });

  it('begins bars at zero, so that lengths do not lie', () => {
    const svg = chartOf([bar('a', 99), bar('b', 100)]);
    const [a, b] = widths(svg, 'peer') as [number, number];
    expect(a / b).toBeCloseTo(0.99, 2);
  });

  it('tells our bars from those of peers', () => {
    const svg = chartOf([bar('mine', 1, { tone: 'own' }), bar('theirs', 2)]);
    expect(widths(svg, 'own')).toHaveLength(1);
    expect(widths(svg, 'peer')).toHaveLength(1);
  });

  it('makes room for the mark', () => {
    const [width] = widths(chartOf([bar('a', 1)], { mark: { value: 10, label: 'aim' } }), 'peer') as [number];
    const [full] = widths(chartOf([bar('a', 1)]), 'peer') as [number];
    expect(width).toBeCloseTo(full / 10, 1);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -5])('draws nothing for %s', (value) => {
    expect(widths(chartOf([bar('odd', value), bar('b', 1)]), 'peer')[0]).toBe(0);
  });

  it('survives a chart of zeros and a chart of nothing', () => {
    expect(widths(chartOf([bar('a', 0)]), 'peer')).toEqual([0]);
    expect(barChart({ title: 'T', subtitle: 'S', groups: [] })).toMatch(/^<svg [^]*<\/svg>\n$/);
  });

  it('lets no label out of its text', () => {
    const svg = chartOf([bar('</text><script>"', 1)], { title: 'a < b & c' });
    expect(svg).not.toContain('<script');
    expect(svg).toContain('<title>a &lt; b &amp; c</title>');
  });

  it('is tall enough for all of its groups', () => {
    const heightOf = (svg: string): number => Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)?.[1]);
    const one = { label: 'G', bars: [bar('a', 1), bar('b', 1)] };
    const single = heightOf(barChart({ title: 'T', subtitle: 'S', groups: [one] }));
    const double = heightOf(barChart({ title: 'T', subtitle: 'S', groups: [one, one] }));
    expect(double - single).toBeGreaterThan(2 * 16);
  });
});
