import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Backend, BackendRequest, BackendResponse } from '../../../src/capability/backend.ts';
import type { BackendWebSocket } from '../../../src/capability/websocket.ts';
import { BytesSource } from '../../../src/http/body.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import type { TransportUpgrade } from '../../../src/server/transport.ts';
import type { ClientWebSocket } from '../../../src/server/websocket-client.ts';
import type { WebSocketEnd } from '../../../src/server/websocket-relay.ts';
import { PendingWebSocket, WebSockets } from '../../../src/server/websockets.ts';
import { processBudgets } from '../runtime/harness.ts';
import { FakePeer } from './fake-peer.ts';

const ASKS = [
  ['connection', 'upgrade'],
  ['upgrade', 'websocket'],
] as const;

class FakeOrigin extends FakePeer implements BackendWebSocket {
  readonly protocol = null;
}

/** A backend that switches where it is asked to. */
class Switching implements Backend {
  readonly requests: BackendRequest[] = [];
  readonly sockets: FakeOrigin[] = [];

  fetch(request: BackendRequest): Promise<BackendResponse> {
    this.requests.push(request);
    const socket = new FakeOrigin();
    if (request.onSwitch !== undefined) this.sockets.push(socket);
    request.onSwitch?.(socket);
    const body = new BytesSource(new Uint8Array(0));
    return Promise.resolve({ status: 101, headers: new HeaderList(), body, trailers: new HeaderList() });
  }
}

function asking(changes: Partial<BackendRequest> = {}): BackendRequest {
  const { signal } = new AbortController();
  return { method: 'GET', target: '/', headers: HeaderList.from(ASKS), body: null, signal, ...changes };
}

function pendingWebSocket(): PendingWebSocket {
  return new PendingWebSocket({} as TransportUpgrade);
}

describe('a handshake on its way', () => {
  it('goes to the origin as one, and keeps the socket for who takes it', async () => {
    const [origin, pending] = [new Switching(), pendingWebSocket()];
    expect(pending.take()).toBeNull();
    await pending.through(origin).fetch(asking());
    expect(pending.take()).toBe(origin.sockets[0]);
    expect(pending.take()).toBeNull();
    pending.over();
    expect(origin.sockets[0]?.calls).toEqual([]);
  });

  it.each([
    ['another method', { method: 'POST' }],
    ['a body', { body: new BytesSource(new Uint8Array(1)) }],
    ['no Upgrade', { headers: HeaderList.from([['connection', 'upgrade']]) }],
  ])('to which the guest gave %s is an ordinary request', async (_, changes) => {
    const origin = new Switching();
    await pendingWebSocket().through(origin).fetch(asking(changes));
    expect(origin.requests[0]?.onSwitch).toBeUndefined();
  });

  it('breaks off sockets that nobody takes', async () => {
    const [origin, pending] = [new Switching(), pendingWebSocket()];
    await pending.through(origin).fetch(asking());
    await pending.through(origin).fetch(asking());
    pending.over();
    expect(origin.sockets.map(({ calls }) => calls)).toEqual([['destroy'], ['destroy']]);
  });

  it('breaks off a socket that comes when it is over', async () => {
    const [origin, pending] = [new Switching(), pendingWebSocket()];
    pending.over();
    await pending.through(origin).fetch(asking());
    expect(pending.take()).toBeNull();
    expect(origin.sockets.map(({ calls }) => calls)).toEqual([['destroy']]);
  });
});

let counters: TenantCounters;
let webSockets: WebSockets;
const [one, other] = [0, 1].map((slot) => ({ slot, budgets: { webSockets: 2 } }) as Deployment) as [
  Deployment,
  Deployment,
];

beforeEach(() => {
  counters = TenantCounters.create(2);
  webSockets = new WebSockets(counters, processBudgets({ websockets: 3 }));
});

describe('the places', () => {
  it('are counted by tenant, and given back once', () => {
    const all = [pendingWebSocket(), pendingWebSocket(), pendingWebSocket()] as const;
    expect(all.map((pending) => webSockets.enter(pending, one))).toEqual([true, true, false]);
    expect(counters.read(0).webSockets).toBe(2);
    expect(webSockets.enter(pendingWebSocket(), other)).toBe(true);
    for (const pending of [...all, ...all]) pending.over();
    expect([counters.read(0).webSockets, counters.read(1).webSockets]).toEqual([0, 1]);
  });

  it('end with those of the process', () => {
    for (const deployment of [one, one, other]) webSockets.enter(pendingWebSocket(), deployment);
    expect(() => webSockets.enter(pendingWebSocket(), other)).toThrow('websockets: 3 of at most 3');
    expect(counters.read(1).webSockets).toBe(1);
  });

  it('of a tenant that may have none are refused', () => {
    expect(webSockets.enter(pendingWebSocket(), { ...one, budgets: { ...one.budgets, webSockets: 0 } })).toBe(false);
  });
});

describe('relays', () => {
  let ends: WebSocketEnd[];
  beforeEach(() => {
    ends = [];
  });

  function relay(tenant: string): { client: FakePeer; origin: FakeOrigin } {
    const [client, origin] = [new FakePeer(), new FakeOrigin()];
    webSockets.relay(tenant, client as unknown as ClientWebSocket, origin, (end) => ends.push(end));
    return { client, origin };
  }

  it('of tenants that are gone are closed', () => {
    const [gone, stays] = [relay('gone'), relay('stays')];
    webSockets.keepTenants(() => new Set(['stays']));
    expect([gone.client.calls, stays.client.calls]).toEqual([['close 1001'], []]);
  });

  it('whose origin has gone already are over at once', () => {
    const [client, origin] = [new FakePeer(), new FakeOrigin()];
    vi.spyOn(origin, 'start').mockImplementation((events) => {
      events.onClose({ code: 1006, reason: new Uint8Array(0), detail: 'gone' });
      events.onGone();
      client.leave(1014);
    });
    webSockets.relay('a', client as unknown as ClientWebSocket, origin, (end) => ends.push(end));
    expect(ends).toMatchObject([{ outcome: 'backend_error', detail: 'gone' }]);
    webSockets.close();
    expect(client.calls).toEqual(['close 1014']);
  });

  it('that are over are forgotten, and no tenants are asked for without any', () => {
    const { client, origin } = relay('a');
    for (const peer of [client, origin]) peer.leave(1000);
    expect(ends.length).toBe(1);
    webSockets.keepTenants(() => {
      throw new Error('nobody is there');
    });
    webSockets.close();
    expect(client.calls).toEqual(['close 1000']);
  });

  it('that hold messages end when memory is short', () => {
    const [slow, idle] = [relay('a'), relay('b')];
    slow.origin.isFull = true;
    webSockets.relieve();
    expect([slow.client.calls, idle.client.calls]).toEqual([['close 1013'], []]);
  });

  it('are all closed, and then broken off, at the end', () => {
    const { client, origin } = relay('a');
    webSockets.close();
    webSockets.destroy();
    expect(client.calls).toEqual(['close 1001', 'destroy']);
    expect(origin.calls).toEqual(['close 1001', 'destroy']);
  });
});
