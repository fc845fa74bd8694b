/**
 * The origin of benchmark `hostio`: answers after 100 ms; requests for `/hold` all together, once no more of them have come for a
 * while. Prints its port.
 */
import { Transport, type TransportResponse } from '../../src/server/transport.ts';
import { HOLD_MS, HOLD_PATH, WAIT_MS } from '../hostio-cases.ts';

/** A response that waits; its end is `null` once its client has gone. */
interface Waiting {
  readonly dueMs: number;
  send: (() => void) | null;
}

const TICK_MS = 1;
const ANSWER = 'waited\n';

/** In order of their time, since all wait equally long. */
const waiting: Waiting[] = [];
const held: Waiting[] = [];
let lastHeldMs = 0;

function waitIn(queue: Waiting[], response: TransportResponse, dueMs: number): void {
  const entry: Waiting = { dueMs, send: () => response.cork(() => response.end(ANSWER)) };
  response.onAborted(() => (entry.send = null));
  queue.push(entry);
}

setInterval(() => {
  const now = performance.now();
  const late = waiting.findIndex(({ dueMs }) => dueMs > now);
  for (const { send } of waiting.splice(0, late < 0 ? waiting.length : late)) send?.();
  if (now - lastHeldMs >= HOLD_MS) for (const { send } of held.splice(0)) send?.();
}, TICK_MS);

const transport = new Transport((response, request) => {
  const now = performance.now();
  if (request.getUrl() !== HOLD_PATH) return waitIn(waiting, response, now + WAIT_MS);
  lastHeldMs = now;
  waitIn(held, response, 0);
});
const port = transport.listen('127.0.0.1', 0);
if (port === null) throw new Error('no free port on 127.0.0.1');
process.stdout.write(`listening on ${port}\n`);
