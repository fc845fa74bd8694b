/** What the real modules of benchmark `tax` work on: texts that are always the same and resemble nobody's. Pure. */

/** Whole numbers below `bound` that look random and are not (xorshift). */
export function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** Prose of invented words, of about `length` characters. */
export function prose(length: number): string {
  const next = generator(17);
  const syllables = ['ka', 'ro', 'mi', 'ten', 'sol', 'ver', 'an', 'du', 'li', 'st', 'or', 'em'];
  const words = Array.from({ length: 400 }, () =>
    Array.from({ length: next(3) + 1 }, () => syllables[next(syllables.length)]).join(''),
  );
  let text = '';
  while (text.length < length) text += `${words[Math.min(next(400), next(400))]}${next(12) === 0 ? '.\n' : ' '}`;
  return text.slice(0, length);
}

/** TypeScript of about `length` characters: classes, generics, unions, loops, templates. */
export function typeScript(length: number): string {
  const parts: string[] = [];
  for (let at = 0, size = 0; size < length; at++) {
    const part = `
/** Holds readings of sensor ${at}. */
export class Sensor${at}<T extends { readonly weight: number }> implements Iterable<T> {
  readonly #readings: T[] = [];
  private total: number = ${at % 2 === 0 ? '0' : '0.5 - 1 / 2'};
  constructor(public readonly label: string, protected limit?: number) {}
  add(reading: T): 'kept' | 'dropped' {
    if (this.limit !== undefined && this.#readings.length >= this.limit) return 'dropped';
    this.#readings.push(reading);
    this.total += reading.weight * ${at + 1};
    return 'kept';
  }
  *[Symbol.iterator](): Iterator<T> {
    for (const reading of this.#readings) if (reading.weight > ${at % 7}) yield reading;
  }
  async describe({ verbose = false, ...rest }: { verbose?: boolean; unit?: string } = {}): Promise<string> {
    const { unit = 'kg' } = rest;
    const mean: number = this.total / (this.#readings.length || 1);
    switch (true) {
      case verbose && mean > 10:
        return \`\${this.label}: mean \${mean.toFixed(2)} \${unit} of \${this.#readings.length}\`;
      default:
        return this.label ?? 'sensor ${at}';
    }
  }
}
`;
    parts.push(part);
    size += part.length;
  }
  return parts.join('');
}

/** A drawing with curves, gradients, strokes and transparency. */
export function drawing(): string {
  const next = generator(5);
  const point = (): string => `${next(200)} ${next(200)}`;
  const shapes = Array.from({ length: 60 }, (_, at) => {
    const fill = at % 3 === 0 ? `url(#g${at % 2})` : `hsl(${next(360)},70%,50%)`;
    const style = `fill="${fill}" fill-opacity="0.6" stroke="#223" stroke-width="${next(4)}"`;
    return `<path ${style} d="M${point()} C${point()} ${point()} ${point()} S${point()} ${point()} Z"/>`;
  });
  const stops = '<stop offset="0" stop-color="#fa3"/><stop offset="1" stop-color="#36c"/>';
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="200" height="200"><defs>',
    `<linearGradient id="g0">${stops}</linearGradient><radialGradient id="g1">${stops}</radialGradient></defs>`,
    ...shapes,
    '</svg>',
  ].join('');
}

/** A JavaScript program whose value is a checksum. */
export const SCRIPT = `(function () {
  class Shape { constructor(size) { this.size = size; } area() { return 0; } }
  class Square extends Shape { area() { return this.size * this.size; } }
  class Circle extends Shape { area() { return 3 * this.size * this.size; } }
  let sum = 0;
  const shapes = [];
  for (let i = 0; i < 1500; i++) shapes.push(i % 3 ? new Square(i % 17) : new Circle(i % 11));
  for (const shape of shapes) sum += shape.area();
  const counts = new Map();
  let text = '';
  for (let i = 0; i < 1200; i++) text += String.fromCharCode(97 + (i * i) % 13) + (i % 5 ? '' : ' ');
  for (const word of text.split(' ')) counts.set(word, (counts.get(word) || 0) + 1);
  for (const [word, count] of counts) sum += word.length * count;
  sum += (text.match(/[a-f]+[g-m]/g) || []).length + text.replace(/(b)(c)?/g, '$2$1').length;
  const numbers = Array.from({ length: 1500 }, (_, i) => (i * 7919) % 1501);
  numbers.sort((a, b) => a - b);
  sum += numbers.map((x) => x * 2).filter((x) => x % 3).reduce((a, b) => a + b, 0);
  const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
  sum += fib(15);
  const data = JSON.parse(JSON.stringify(shapes.slice(0, 200).map((s, i) => ({ i, size: s.size, tags: ['a', String(i)] }))));
  for (const { size, tags: [, tag] } of data) sum += size + tag.length;
  for (let i = 0, x = 1; i < 20000; i++) { x = (x * 48271) % 2147483647; sum += x & 3; }
  return sum;
})()`;
