/** The suite's origin: tells in its fields what it was asked. */

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ASKED_PREFIX } from './cases.ts';

/** A running origin. */
export interface AskedOrigin {
  readonly url: string;
  close(): void;
}

/** Starts one on a free port. */
export async function startOrigin(): Promise<AskedOrigin> {
  const server = createServer((request, response) => {
    for (const [what, value] of toldBy(request)) response.setHeader(`${ASKED_PREFIX}${what}`, value);
    request.resume().on('end', () => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Its method, its target, and each value of each field with its place among them. */
function toldBy({ method = '', url = '', headersDistinct }: IncomingMessage): [string, string][] {
  const fields = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
    values.map((value, place): [string, string] => [`header-${name}-${place}`, value]),
  );
  return [['method', method], ['uri', url], ...fields];
}
