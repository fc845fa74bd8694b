/** Connections of the generators that are open before the first request. */
import { Connection } from '../src/lab/connection.ts';

/** So many for an open loop. */
export const READY_CONNECTIONS = 16;
/** Connections that are being opened at once: servers' queues for them are short. */
const OPENED_AT_ONCE = 128;

/** Opens `count` connections, some at a time. Rejects when one cannot be opened. */
export async function openConnections(port: number, count: number): Promise<Connection[]> {
  const connections = Array.from({ length: count }, () => new Connection(port));
  const left = connections.values();
  const openSome = async (): Promise<void> => {
    for (const connection of left) await connection.open();
  };
  await Promise.all(Array.from({ length: Math.min(count, OPENED_AT_ONCE) }, openSome));
  return connections;
}
