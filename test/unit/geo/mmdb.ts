/** Writes small databases in the MaxMind DB format, version 2, for tests: no database of anybody's is needed. */
import { isIPv4 } from 'node:net';

/** What a record can hold. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

/** What is in a database. */
export interface Content {
  /** Records by network, such as `192.0.2.0/24`; the more specific ones first or last, as one likes, but not both of one length. */
  readonly networks: Readonly<Record<string, Value>>;
  readonly ipVersion?: 4 | 6;
  readonly recordBits?: 24 | 28 | 32;
  readonly type?: string;
  readonly formatVersion?: number;
}

/** A node is two records: another node, an entry, or nothing. */
type Branch = { readonly kind: 'node'; readonly sides: [Branch | null, Branch | null] } | Leaf;
interface Leaf {
  readonly kind: 'leaf';
  readonly at: number;
}

const SEPARATOR = Buffer.alloc(16);
const MARKER = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')]);

/** The bytes of a database. */
export function mmdb({ networks, ipVersion = 6, recordBits = 24, type = 'Test', formatVersion = 2 }: Content): Buffer {
  const root: Branch = { kind: 'node', sides: [null, null] };
  const data: Buffer[] = [];
  let size = 0;
  for (const [network, value] of Object.entries(networks)) {
    const encoded = encode(value);
    insert(root, bitsOf(network, ipVersion), { kind: 'leaf', at: size });
    data.push(encoded);
    size += encoded.length;
  }
  const nodes = numbered(root);
  const metadata = encode({
    binary_format_major_version: formatVersion,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: type,
    description: { en: 'made by a test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: recordBits,
  });
  return Buffer.concat([tree(nodes, recordBits), SEPARATOR, ...data, MARKER, metadata]);
}

/** The same in shared memory. */
export function sharedMmdb(content: Content): SharedArrayBuffer {
  return shared(mmdb(content));
}

/** A copy in shared memory. */
export function shared(bytes: Uint8Array): SharedArrayBuffer {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy.buffer;
}

/** The bits of a network's prefix. IPv4 networks lie below ::/96 in a tree of IPv6. */
function bitsOf(network: string, ipVersion: 4 | 6): number[] {
  const [address = '', length = '0'] = network.split('/');
  const isV4 = isIPv4(address);
  const bits = isV4 ? address.split('.').flatMap((part) => binary(Number(part), 8)) : groups(address);
  const prefix = bits.slice(0, Number(length));
  return isV4 && ipVersion === 6 ? [...Array.from({ length: 96 }, () => 0), ...prefix] : prefix;
}

function groups(address: string): number[] {
  const [left = '', right = ''] = address.split('::');
  const parse = (text: string): number[] =>
    text === '' ? [] : text.split(':').flatMap((group) => binary(Number.parseInt(group, 16), 16));
  const [head, tail] = [parse(left), parse(right)];
  return [...head, ...Array.from({ length: 128 - head.length - tail.length }, () => 0), ...tail];
}

function binary(value: number, bits: number): number[] {
  return Array.from({ length: bits }, (_, bit) => (value >> (bits - 1 - bit)) & 1);
}

function insert(root: Branch, bits: readonly number[], leaf: Leaf): void {
  let branch = root;
  for (const [depth, bit] of bits.entries()) {
    if (branch.kind === 'leaf') throw new TypeError('networks overlap');
    const side = bit as 0 | 1;
    if (depth === bits.length - 1) branch.sides[side] = leaf;
    else branch = branch.sides[side] ??= { kind: 'node', sides: [null, null] };
  }
}

function numbered(root: Branch): Extract<Branch, { kind: 'node' }>[] {
  const nodes: Extract<Branch, { kind: 'node' }>[] = [];
  const visit = (branch: Branch | null): void => {
    if (branch?.kind !== 'node') return;
    nodes.push(branch);
    branch.sides.forEach(visit);
  };
  visit(root);
  return nodes;
}

function tree(nodes: readonly Extract<Branch, { kind: 'node' }>[], recordBits: 24 | 28 | 32): Buffer {
  const numbers = new Map<Branch, number>(nodes.map((branch, index) => [branch, index]));
  const recordOf = (branch: Branch | null): number => {
    if (branch === null) return nodes.length;
    return branch.kind === 'leaf' ? nodes.length + SEPARATOR.length + branch.at : (numbers.get(branch) ?? 0);
  };
  return Buffer.concat(nodes.map(({ sides: [left, right] }) => node(recordOf(left), recordOf(right), recordBits)));
}

function node(left: number, right: number, recordBits: 24 | 28 | 32): Buffer {
  const bytes = Buffer.alloc(recordBits / 4);
  if (recordBits === 32) {
    bytes.writeUInt32BE(left, 0);
    bytes.writeUInt32BE(right, 4);
    return bytes;
  }
  const second = recordBits === 24 ? 3 : 4;
  bytes.writeUIntBE(left & 0xff_ffff, 0, 3);
  if (recordBits === 28) bytes.writeUInt8(((left >>> 24) << 4) | (right >>> 24), 3);
  bytes.writeUIntBE(right & 0xff_ffff, second, 3);
  return bytes;
}

/** A value: a control byte with type and size, perhaps an extended type, then what it holds. */
function encode(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'boolean') return control(14, value ? 1 : 0);
  if (typeof value === 'number') return number(value);
  if (Array.isArray(value))
    return Buffer.concat([control(11, value.length), ...(value as readonly Value[]).map(encode)]);
  const members = Object.entries(value);
  return Buffer.concat([
    control(7, members.length),
    ...members.flatMap(([key, member]) => [encode(key), encode(member)]),
  ]);
}

function number(value: number): Buffer {
  if (Number.isInteger(value) && value >= 0) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return Buffer.concat([control(3, 8), bytes]);
}

function control(type: number, size: number): Buffer {
  const [short, more] =
    size < 29 ? [size, []] : size < 285 ? [29, [size - 29]] : [30, [(size - 285) >> 8, (size - 285) & 0xff]];
  return Buffer.from(type < 8 ? [(type << 5) | short, ...more] : [short, type - 7, ...more]);
}
