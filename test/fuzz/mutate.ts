/** Changes to the bytes of a module: blind ones, and ones that know sections, sizes and LEB128 and so get further in. */

import { HEADER, leb } from '../unit/wasm/bytes.ts';
import type { Random } from './random.ts';

/** A section as it stands in a module. */
interface Section {
  readonly id: number;
  readonly content: readonly number[];
}

type Bytes = readonly number[];

/** Applies a few mutations; `others` are modules to take parts from. */
export function mutate(bytes: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array<ArrayBuffer> {
  let current: Bytes = [...bytes];
  for (let left = random.pick([1, 1, 1, 2, 3]); left > 0; left--) {
    const change = random.pick(CHANGES);
    current = change(current.length === 0 ? HEADER : current, random, [...random.pick(others)]);
  }
  return Uint8Array.from(current);
}

type Change = (bytes: Bytes, random: Random, other: Bytes) => Bytes;

const CHANGES: readonly Change[] = [
  overwrite,
  flip,
  insert,
  remove,
  truncate,
  repeatRun,
  number,
  inSections(shuffle),
  inSections(duplicate),
  inSections(drop),
  inSections(splice),
  inSections(alter),
  inSections(alter),
  inSections(alter),
  inBody(twiddle),
  inBody(twiddle),
  inBody(insertRun),
  inBody((body, random) => remove([...HEADER, ...body], random).slice(HEADER.length)),
  missize,
];

const TELLING = [0x00, 0x01, 0x0b, 0x05, 0x19, 0x40, 0x60, 0x6f, 0x70, 0x7b, 0x7f, 0x80, 0xff, 0xfb, 0xfc, 0xfd, 0xfe];

function place(bytes: Bytes, random: Random): number {
  return HEADER.length + random.below(Math.max(bytes.length - HEADER.length, 1));
}

function value(random: Random): number {
  return random.once(2) ? random.pick(TELLING) : random.below(256);
}

function overwrite(bytes: Bytes, random: Random): Bytes {
  return bytes.with(Math.min(place(bytes, random), bytes.length - 1), value(random));
}

function flip(bytes: Bytes, random: Random): Bytes {
  const at = Math.min(place(bytes, random), bytes.length - 1);
  return bytes.with(at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
}

function insert(bytes: Bytes, random: Random): Bytes {
  return bytes.toSpliced(place(bytes, random), 0, ...random.several(1, 4, () => value(random)));
}

function remove(bytes: Bytes, random: Random): Bytes {
  return bytes.toSpliced(place(bytes, random), random.between(1, 4));
}

function truncate(bytes: Bytes, random: Random): Bytes {
  return random.once(3) ? bytes.slice(0, random.below(bytes.length + 1)) : bytes;
}

function repeatRun(bytes: Bytes, random: Random): Bytes {
  const at = place(bytes, random);
  return [...bytes.slice(0, at), ...bytes.slice(Math.max(HEADER.length, at - random.below(60)))];
}

/** Numbers at the edges of what LEB128 can say, in short, long and overlong forms. */
const NUMBERS: readonly Bytes[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x1f],
  [0x80, 0x80, 0x80, 0x80, 0x00],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0x80, 0x80, 0x80, 0x80, 0x78],
  [0xff, 0x7f],
  [0x80, 0x00],
  [0x80, 0x80, 0x04],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x7f],
];

function number(bytes: Bytes, random: Random): Bytes {
  return bytes.toSpliced(place(bytes, random), random.between(1, 2), ...random.pick(NUMBERS));
}

/** Changes the size of a section and nothing else. */
function missize(bytes: Bytes, random: Random): Bytes {
  const sections = split(bytes);
  const wrong = random.below(Math.max(sections.length, 1));
  return join(sections, (section, index) => section.content.length + (index === wrong ? random.between(-2, 3) : 0));
}

/** The sections of a module as far as they can be made out. */
function split(bytes: Bytes): Section[] {
  const sections: Section[] = [];
  let at = HEADER.length;
  while (at + 1 < bytes.length) {
    const id = bytes[at] ?? 0;
    const [size, start] = readLeb(bytes, at + 1);
    const end = Math.min(start + size, bytes.length);
    sections.push({ id, content: bytes.slice(start, end) });
    at = end;
  }
  return sections;
}

function readLeb(bytes: Bytes, from: number): readonly [number, number] {
  let result = 0;
  for (let at = from, shift = 0; ; at++, shift += 7) {
    const byte = bytes[at] ?? 0;
    result += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80 || shift > 28) return [result, at + 1];
  }
}

function join(
  sections: readonly Section[],
  size: (section: Section, index: number) => number = ({ content }) => content.length,
): Bytes {
  const parts = sections.map((section, index) => [
    section.id,
    ...leb(Math.max(0, size(section, index))),
    ...section.content,
  ]);
  return HEADER.concat(...parts);
}

function inSections(
  change: (sections: readonly Section[], random: Random, other: readonly Section[]) => Section[],
): Change {
  return (bytes, random, other) => {
    const sections = split(bytes);
    return sections.length === 0 ? bytes : join(change(sections, random, split(other)));
  };
}

function shuffle(sections: readonly Section[], random: Random): Section[] {
  const from = random.below(sections.length);
  const moving = sections[from];
  const rest = sections.toSpliced(from, 1);
  return moving === undefined ? rest : rest.toSpliced(random.below(sections.length), 0, moving);
}

function duplicate(sections: readonly Section[], random: Random): Section[] {
  return sections.toSpliced(random.below(sections.length), 0, random.pick(sections));
}

function drop(sections: readonly Section[], random: Random): Section[] {
  return sections.toSpliced(random.below(sections.length), 1);
}

/** Takes a section of the other module in place of the one with its id. */
function splice(sections: readonly Section[], random: Random, other: readonly Section[]): Section[] {
  if (other.length === 0) return [...sections];
  const part = random.pick(other);
  return sections.map((section) => (section.id === part.id ? part : section));
}

/** Changes bytes inside a section and keeps its size right. */
function alter(sections: readonly Section[], random: Random): Section[] {
  const at = random.below(sections.length);
  const { id, content } = sections[at] ?? { id: 0, content: [] };
  if (content.length === 0) return [...sections];
  const spot = random.below(content.length);
  const change = random.pick([[value(random)], [], [value(random), content[spot] ?? 0], random.pick(NUMBERS)]);
  return sections.toSpliced(at, 1, { id, content: content.toSpliced(spot, 1, ...change) });
}

/** Changes one function body and keeps the sizes of body and section right. */
function inBody(change: (body: Bytes, random: Random) => Bytes): Change {
  return inSections((sections, random) =>
    sections.map((section) =>
      section.id === 10 ? { id: 10, content: rebuild(section.content, change, random) } : section,
    ),
  );
}

function rebuild(content: Bytes, change: (body: Bytes, random: Random) => Bytes, random: Random): Bytes {
  const [count, first] = readLeb(content, 0);
  const bodies: Bytes[] = [];
  let at = first;
  for (let index = 0; index < count && at < content.length; index++) {
    const [size, start] = readLeb(content, at);
    bodies.push(content.slice(start, start + size));
    at = start + size;
  }
  const chosen = random.below(Math.max(bodies.length, 1));
  const changed = bodies.map((body, index) => (index === chosen ? change(body, random) : body));
  return leb(count).concat(...changed.map((body) => [...leb(body.length), ...body]));
}

/** Opcodes that have the same operands: one in place of another leaves a valid module. */
const TWINS: readonly (readonly [number, number])[] = [
  [0x46, 0x4f],
  [0x51, 0x5a],
  [0x6a, 0x78],
  [0x7c, 0x8a],
  [0x92, 0x97],
  [0xa0, 0xa5],
  [0x0c, 0x0d],
  [0x20, 0x22],
  [0x02, 0x03],
  [0x10, 0x12],
];

function twiddle(body: Bytes, random: Random): Bytes {
  const start = random.below(Math.max(body.length, 1));
  for (let at = start; at < body.length; at++) {
    const twins = TWINS.find(([low, high]) => (body[at] ?? 0) >= low && (body[at] ?? 0) <= high);
    if (twins !== undefined) return body.with(at, random.between(twins[0], twins[1]));
  }
  return body;
}

/** Instructions that fit anywhere, and some that do not. */
const RUNS: readonly Bytes[] = [
  [0x01],
  [0x02, 0x40, 0x0b],
  [0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b],
  [0x03, 0x40, 0x0c, 0, 0x0b],
  [0x41, 0, 0x04, 0x40, 0x05, 0x0b],
  [0x06, 0x40, 0x19, 0x0b],
  [0x1f, 0x40, 0, 0x0b],
  [0x41, 0, 0x40, 0, 0x1a],
  [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0],
  [0xd0, 0x70, 0x1a],
  [0x00],
  [0x10, 0],
  [0xfe, 0x03, 0x00],
  [0x41, 0, 0x11, 0, 0],
];

function insertRun(body: Bytes, random: Random): Bytes {
  return body.toSpliced(random.below(body.length + 1), 0, ...random.pick(RUNS));
}
