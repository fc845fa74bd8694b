/** A server for tests of the load, and guests that are right when they answer their host. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requestText } from '../../../src/lab/exchange.ts';
import type { GuestKind } from '../../../src/lab/guest-kinds.ts';

const servers: Server[] = [];

/** Ends all of them. */
export function endServers(): void {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
}

/** Settles with its port. */
export async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A guest whose right answer is its host; `asked` is told for whom a request is made. */
export function namingKind(asked: (place: number) => void = () => undefined): GuestKind {
  return {
    name: 'naming',
    language: 'none',
    weight: 1,
    tells: 'host',
    module: '',
    manifest: () => '',
    exchange: ({ host, place }) => {
      asked(place);
      return { request: requestText({ method: 'GET', target: '/', host }), status: 200, field: null, body: host };
    },
  };
}
