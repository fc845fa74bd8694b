/** Opens connections to checked addresses only. */
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { BackendError } from '../capability/backend.ts';
import type { AddressPolicy } from './address-policy.ts';
import { refusal, resolveAllowed, type NameLookup } from './resolver.ts';

/** How many connections a tenant may have, over all its backends and threads. */
export interface SocketAccount {
  /** Counts a connection in before it is made; answers `false`, and counts nothing, when there is none left. */
  take(): boolean;
  /** Counts it out once its descriptor is closed. */
  give(): void;
}

/** What {@link pinnedConnector} is made from. */
export interface ConnectorOptions {
  readonly policy: AddressPolicy;
  /** The backend's port: the policy judges address and port together. */
  readonly port: number;
  /** For name, TCP and TLS together. */
  readonly connectTimeoutMs: number;
  /** Looks names up; the system's resolver unless a test or an operator has another. */
  readonly lookup?: NameLookup | undefined;
  /** Certificates (PEM) to trust in place of the system's. */
  readonly ca?: string | undefined;
  /** By default the connections of these backends are not counted. */
  readonly sockets?: SocketAccount | undefined;
}

/**
 * A connector for undici's pools that asks the policy three times: for IP literals, which never reach a lookup hook; for
 * every address that a name resolves to, and the socket connects to one of those; and for the peer of the finished connection,
 * so that no way around the first two is left. TLS asks for the name, not for the address, and verifies it. A connection that the
 * tenant's account has no room for fails as `overloaded`, before a descriptor is opened.
 */
export function pinnedConnector(options: ConnectorOptions): buildConnector.connector {
  const { policy, port, connectTimeoutMs: timeout, ca, sockets } = options;
  const lookup = lookupHook(options);
  const dial = buildConnector({
    timeout,
    lookup,
    autoSelectFamily: true,
    allowH2: false,
    ...(ca === undefined ? {} : { ca }),
  });
  return (target, callback) => {
    const { hostname } = target;
    const verdict = isIP(hostname) === 0 ? 'allowed' : policy.check(hostname, port);
    if (verdict !== 'allowed') return queueMicrotask(() => callback(refusal(hostname, port, verdict), null));
    if (sockets?.take() === false) return queueMicrotask(() => callback(noSocket(hostname, port), null));
    dial(target, (error, socket) => {
      if (error !== null) {
        sockets?.give();
        return callback(error, null);
      }
      socket.once('close', () => sockets?.give());
      const fault = peerFault(socket, options, hostname);
      if (fault === null) return callback(null, socket.on('error', renameReset));
      socket.destroy();
      callback(fault, null);
    });
  };
}

function noSocket(hostname: string, port: number): BackendError {
  return new BackendError('overloaded', `"${hostname}" port ${port}: the app has as many connections as it may`);
}

/**
 * Keeps undici from seeing a reset for what it is: it takes an `ECONNRESET` during an answer without length for its end, and
 * half a page would be cached as a whole one. Under another code the answer breaks off, as it did. Runs before undici's own
 * listener, which is added when the connection is handed over.
 */
function renameReset(error: NodeJS.ErrnoException): void {
  if (error.code === 'ECONNRESET') error.code = 'ECONNABORTED';
}

/** What speaks against the peer of a finished connection, or `null`. */
function peerFault(socket: Socket, { policy, port }: ConnectorOptions, hostname: string): BackendError | null {
  const { remoteAddress } = socket;
  if (remoteAddress === undefined)
    return new BackendError('connect', `"${hostname}" port ${port} closed the connection at once`);
  const verdict = policy.check(remoteAddress, socket.remotePort ?? port);
  return verdict === 'allowed' ? null : refusal(hostname, port, verdict);
}

/** The hook by which `net.connect` resolves a name: it is given checked addresses alone. */
function lookupHook(options: ConnectorOptions): LookupFunction {
  return (hostname, { all }, callback) => {
    void answer(hostname, options, (error, entries) => {
      const [first] = entries;
      if (error !== null || all === true) callback(error, entries);
      else callback(null, first?.address ?? '', first?.family ?? 4);
    });
  };
}

type Answer = (error: Error | null, entries: { address: string; family: number }[]) => void;

/** Calls `done` on a tick of its own, so that what it throws is not a rejection that nobody awaits. */
async function answer(hostname: string, { policy, port, lookup }: ConnectorOptions, done: Answer): Promise<void> {
  try {
    const found = await resolveAllowed(hostname, port, policy, lookup);
    const entries = found.map(({ address, family }) => ({ address, family: family === 'ipv4' ? 4 : 6 }));
    process.nextTick(done, null, entries);
  } catch (error) {
    process.nextTick(done, error, []);
  }
}
