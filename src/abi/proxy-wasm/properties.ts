/** Properties: what filters ask about a request, by paths that Envoy has made common. */
import type { FieldMap } from './field-map.ts';
import type { HttpStream } from './http-stream.ts';
import { serialize } from './pairs.ts';
import type { ProxyWasmState } from './state.ts';

/** What a property is: a text, a number, a truth, a map, or bytes as they are. */
type Property = string | number | bigint | boolean | FieldMap | Uint8Array | undefined;

/** The direction of a listener that takes requests from outside, as Envoy numbers it. */
const INBOUND = 1;

type Read = (state: ProxyWasmState, stream: HttpStream) => Property;

/** Of the plugin: also there outside a stream. C++ filters ask for `plugin_root_id` when their context is made. */
const OF_PLUGIN: ReadonlyMap<string, (state: ProxyWasmState) => Property> = new Map<
  string,
  (state: ProxyWasmState) => Property
>([
  ['plugin_name', ({ host }) => host.app.name],
  ['plugin_root_id', ({ host }) => host.app.rootId],
  ['plugin_vm_id', ({ host }) => host.app.tenant],
  ['cluster_name', () => 'origin'],
  ['route_name', ({ host }) => host.app.tenant],
  ['listener_direction', () => INBOUND],
  ['node.id', () => 'kerb'],
  ['node.cluster', () => 'kerb'],
  ['xds.cluster_name', () => 'origin'],
  ['xds.route_name', ({ host }) => host.app.tenant],
  ['xds.listener_direction', () => INBOUND],
]);

/** Of a stream, by path. */
const OF_STREAM: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['request.method', (_state, stream) => stream.request.message.get(':method')],
  ['request.path', (_state, stream) => stream.request.message.get(':path')],
  ['request.url_path', (_state, stream) => stream.request.message.get(':path')?.split('?', 1)[0]],
  ['request.query', (_state, stream) => queryOf(stream.request.message.get(':path') ?? '')],
  ['request.host', (_state, stream) => stream.request.message.get(':authority')],
  ['request.scheme', (_state, stream) => stream.request.message.get(':scheme')],
  ['request.protocol', (_state, stream) => stream.exchange.request.protocol],
  ['request.headers', (_state, stream) => stream.request.message],
  ['request.referer', (_state, stream) => stream.request.message.get('referer')],
  ['request.useragent', (_state, stream) => stream.request.message.get('user-agent')],
  ['request.id', (_state, stream) => stream.request.message.get('x-request-id')],
  ['request.time', ({ host }, stream) => host.wallClockNs() - ageNs(host, stream)],
  ['request.duration', ({ host }, stream) => ageNs(host, stream)],
  ['request.size', (_state, stream) => stream.request.seenBytes],
  ['request.total_size', (_state, stream) => stream.request.seenBytes + headBytes(stream.request.message)],
  ['response.code', (_state, stream) => numberOf(stream.response.head?.get(':status'))],
  ['response.headers', (_state, stream) => stream.response.head ?? undefined],
  ['response.trailers', (_state, stream) => stream.response.trailers ?? undefined],
  ['response.size', (_state, { response }) => (response.head === null ? undefined : response.seenBytes)],
  [
    'response.total_size',
    (_state, { response }) => (response.head === null ? undefined : response.seenBytes + headBytes(response.head)),
  ],
  ['response.flags', (_state, { response }) => (response.head === null ? undefined : 0)],
  ['source.address', (_state, { exchange }) => addressOf(exchange.request.client)],
  ['source.port', (_state, { exchange }) => exchange.request.client.port],
  ['destination.port', (_state, { exchange }) => portOf(exchange.forwarded.host)],
  ['connection.id', (_state, stream) => stream.id],
  ['connection.mtls', () => false],
]);

/** Maps of which a path may name a field. */
const MAPS: ReadonlyMap<string, (stream: HttpStream) => FieldMap | null> = new Map([
  ['request.headers', (stream) => stream.request.head],
  ['response.headers', (stream) => stream.response.head],
  ['response.trailers', (stream) => stream.response.trailers],
]);

/**
 * The bytes of a property, whose path comes with NULs between its parts; `undefined`: there is none. Numbers are 8 bytes,
 * little-endian; a truth is one byte; a map is serialized; times are nanoseconds.
 */
export function propertyOf(state: ProxyWasmState, path: string): Uint8Array | undefined {
  const parts = path.split('\0');
  if (parts.at(-1) === '') parts.pop();
  const value = read(state, parts);
  return value === undefined ? undefined : encode(value);
}

/** Whether a path is of the host's own properties, which no filter sets. */
export function isHostProperty(path: string): boolean {
  const [first = ''] = path.split('\0');
  return HOST_ROOTS.has(first);
}

const HOST_ROOTS: ReadonlySet<string> = new Set(
  [...OF_PLUGIN.keys(), ...OF_STREAM.keys()].map((path) => path.split('.')[0] ?? ''),
);

function read(state: ProxyWasmState, parts: readonly string[]): Property {
  const ofPlugin = OF_PLUGIN.get(parts.join('.'));
  if (ofPlugin !== undefined) return ofPlugin(state);
  const { stream } = state;
  if (stream === null) return undefined;
  const ofStream = OF_STREAM.get(parts.join('.'));
  if (ofStream !== undefined) return ofStream(state, stream);
  const map = MAPS.get(parts.slice(0, 2).join('.'));
  if (map !== undefined) return map(stream)?.get(parts.slice(2).join('.'));
  return stream.properties.get(parts.join('\0'));
}

function encode(value: Exclude<Property, undefined>): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return Uint8Array.of(Number(value));
  if (typeof value === 'object') return serialize(value.list);
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)));
  return bytes;
}

function queryOf(path: string): string {
  const mark = path.indexOf('?');
  return mark < 0 ? '' : path.slice(mark + 1);
}

function ageNs(host: ProxyWasmState['host'], stream: HttpStream): bigint {
  return host.monotonicNs() - stream.beganNs;
}

function headBytes(map: FieldMap): number {
  let bytes = 0;
  map.list.forEach((name, value) => {
    bytes += name.length + Buffer.byteLength(value);
  });
  return bytes;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function addressOf({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function portOf(authority: string): number {
  const port = /:(\d{1,5})$/.exec(authority)?.[1];
  return port === undefined ? 80 : Number(port);
}
