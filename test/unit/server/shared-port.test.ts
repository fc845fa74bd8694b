/** The port that data threads share: who can have it before they listen, and after. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect, it } from 'vitest';
import { SharedPort } from '../../../src/server/shared-port.ts';
import { Transport } from '../../../src/server/transport.ts';

const HOST = '127.0.0.1';

async function listenAt(port: number): Promise<Server> {
  const server = createServer().listen(port, HOST);
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

it('a port that was chosen is nobody else’s until its listeners have it, and then theirs alone', async () => {
  const place = await SharedPort.find(HOST, 0);
  await expect(listenAt(place.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await place.look();
  const listeners = [new Transport(() => undefined), new Transport((response) => void response.end('here'))];
  const [first, second] = listeners as [Transport, Transport];
  expect([first.listen(HOST, place.port), second.listen(HOST, place.port)]).toEqual([place.port, place.port]);
  await place.release();
  await place.release();
  first.close();
  for (let time = 0; time < 20; time++) {
    const answer = await fetch(`http://${HOST}:${place.port}/`, { headers: { connection: 'close' } });
    expect(await answer.text()).toBe('here');
  }
  second.close();
  await close(await listenAt(place.port));
});

it('a port that is named is let go, and found taken at either look', async () => {
  const other = await listenAt(0);
  const { port } = other.address() as AddressInfo;
  const taken = {
    code: 'cannot_listen',
    message: expect.stringContaining(`${HOST}:${port}: another process`) as string,
  };
  await expect(SharedPort.find(HOST, port)).rejects.toMatchObject(taken);
  await close(other);
  const place = await SharedPort.find(HOST, port);
  await place.look();
  const late = await listenAt(port);
  await expect(place.look()).rejects.toMatchObject(taken);
  await place.release();
  await close(late);
});

it('an address that is not ours is said to be', async () => {
  await expect(SharedPort.find('203.0.113.1', 0)).rejects.toMatchObject({ code: 'cannot_listen' });
});
