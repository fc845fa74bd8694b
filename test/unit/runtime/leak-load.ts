/** Guests that end in every way there is, for counting what they leave behind. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Exchange } from '../../../src/abi/abi.ts';
import { BodyError, type BodySource } from '../../../src/http/body.ts';
import type { Outcome } from '../../../src/outcome.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import type { Engine } from '../../../src/runtime/engine.ts';
import type { Task } from '../../../src/runtime/task.ts';
import { AddressPolicy } from '../../../src/upstream/address-policy.ts';
import { UndiciBackend } from '../../../src/upstream/undici-backend.ts';
import { assemble } from '../../wat.ts';
import { deploymentOf, exchange } from './harness.ts';

/** Requests of one way in one load, all at once. */
export const AT_ONCE = 20;

/** Waits before a condition counts as one that will not come. */
const MOST_TURNS = 20_000;

/** A way for a guest to end. */
interface Way {
  readonly name: string;
  readonly outcome: Outcome;
  readonly handle?: string;
  readonly fields?: string;
  readonly budgets?: Partial<Deployment['budgets']>;
  readonly isolation?: Deployment['isolation'];
  /** Whether only guests that import WASI can end like this. */
  readonly needs?: 'wasi';
  /** What the exchange has beside its request. */
  readonly exchange?: (task: Task, origin: HangingOrigin) => Partial<Exchange>;
  /** What is done to a request once it waits: its client leaves. Default: nothing. */
  readonly whileWaiting?: 'cancel';
}

/** A body of which nothing comes, ever. */
function silentBody(): BodySource {
  return { read: () => new Promise(() => undefined), cancel: () => undefined };
}

/** A body that breaks off while the guest waits for it. */
function brokenBody(): BodySource {
  const read = (): Promise<never> =>
    new Promise((_, reject) => void setImmediate(() => reject(new BodyError('closed'))));
  return { read, cancel: () => undefined };
}

const READ_BODY = '(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1)))';
const SPIN = '(loop $l (br $l))';
const WRITE_MUCH = '(call $write (i32.const 1) (i32.const 0) (i32.const 70000))';
/** The subscription at address 2,048 is for 20 seconds. */
const SLEEP = '(drop (call $poll (i32.const 2048) (i32.const 3072) (i32.const 1) (i32.const 4000)))';
const SHORT_WALL = { wallMs: 10 } as const;
const SHORT_CPU = { cpuMs: 1 } as const;

const slowClient = (): Partial<Exchange> => ({ stream: () => ({ write: () => new Promise(() => undefined) }) });
const slowSender = (): Partial<Exchange> => ({ body: silentBody() });
const slowOrigin = (task: Task, { backend }: HangingOrigin): Partial<Exchange> => ({
  origin: backend,
  signal: task.signal,
});
const NEXT = '(return (i64.const 1))';

const WAYS: readonly Way[] = [
  { name: 'success', outcome: 'ok', handle: '(call $write (i32.const 1) (i32.const 0) (i32.const 9))' },
  { name: 'success, instance kept', outcome: 'ok', isolation: 'reuse' },
  { name: 'success, state not put back', outcome: 'ok', fields: '(data $d "x")', handle: '(data.drop $d)' },
  { name: 'trap', outcome: 'guest_trap', handle: '(unreachable)' },
  { name: 'exception', outcome: 'guest_trap', fields: '(tag $t)', handle: '(throw $t)' },
  {
    name: 'hostcall refused',
    outcome: 'guest_trap',
    handle: '(call $write (i32.const 9) (i32.const 0) (i32.const 9))',
  },
  { name: 'no response', outcome: 'no_response', handle: NEXT },
  { name: 'CPU budget', outcome: 'cpu_limit', handle: SPIN, budgets: SHORT_CPU },
  {
    name: 'CPU budget in the start function',
    outcome: 'cpu_limit',
    fields: `(func $s ${SPIN}) (start $s)`,
    budgets: SHORT_CPU,
  },
  { name: 'trap in the start function', outcome: 'guest_trap', fields: '(func $s unreachable) (start $s)' },
  { name: 'wall budget between slices', outcome: 'wall_limit', handle: SPIN, budgets: SHORT_WALL },
  { name: 'stack', outcome: 'stack_limit', fields: '(func $f (call $f) (call $f))', handle: '(call $f)' },
  { name: 'growth refused', outcome: 'memory_limit', handle: '(drop (memory.grow (i32.const 60000))) (unreachable)' },
  { name: 'instance fault', outcome: 'guest_trap', fields: '(data (i32.const 131072) "beyond")' },
  {
    name: 'wall budget in a body read',
    outcome: 'wall_limit',
    handle: READ_BODY,
    budgets: SHORT_WALL,
    exchange: slowSender,
  },
  {
    name: 'client gone in a body read',
    outcome: 'client_closed',
    handle: READ_BODY,
    exchange: slowSender,
    whileWaiting: 'cancel',
  },
  {
    name: 'body broken off in a read',
    outcome: 'client_closed',
    handle: READ_BODY,
    exchange: () => ({ body: brokenBody() }),
  },
  {
    name: 'wall budget in a write',
    outcome: 'wall_limit',
    handle: WRITE_MUCH,
    budgets: SHORT_WALL,
    exchange: slowClient,
  },
  {
    name: 'client gone in a write',
    outcome: 'client_closed',
    handle: WRITE_MUCH,
    exchange: slowClient,
    whileWaiting: 'cancel',
  },
  {
    name: 'wall budget at a backend',
    outcome: 'wall_limit',
    handle: NEXT,
    budgets: { wallMs: 50 },
    exchange: slowOrigin,
  },
  {
    name: 'client gone at a backend',
    outcome: 'client_closed',
    handle: NEXT,
    exchange: slowOrigin,
    whileWaiting: 'cancel',
  },
  { name: 'wall budget asleep', outcome: 'wall_limit', handle: SLEEP, budgets: SHORT_WALL, needs: 'wasi' },
  { name: 'client gone while asleep', outcome: 'client_closed', handle: SLEEP, needs: 'wasi', whileWaiting: 'cancel' },
  { name: 'exit', outcome: 'no_response', handle: '(call $exit (i32.const 3))', needs: 'wasi' },
];

const HTTP_IMPORTS = `
  (import "http_handler" "read_body" (func $read (param i32 i32 i32) (result i64)))
  (import "http_handler" "write_body" (func $write (param i32 i32 i32)))`;
const WASI_IMPORTS = `
  (import "wasi_snapshot_preview1" "fd_write" (func $print (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))`;
/** Half a line of standard output, so that its buffer has something to give back. */
const PRINT_HALF = '(drop (call $print (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 4000)))';

function moduleOf({ handle = '', fields = '' }: Way, abi: 'http-wasm' | 'wasi'): Uint8Array<ArrayBuffer> {
  return assemble(`(module ${HTTP_IMPORTS} ${abi === 'wasi' ? WASI_IMPORTS : ''}
    (memory (export "memory") 2)
    (data (i32.const 1024) "\\00\\10\\00\\00\\04\\00\\00\\00") (data (i32.const 4096) "half")
    (data (i32.const 2064) "\\01") (data (i32.const 2072) "\\00\\c8\\17\\a8\\04")
    ${fields}
    (func (export "handle_request") (result i64) ${abi === 'wasi' ? PRINT_HALF : ''} ${handle} (i64.const 0))
    (func (export "handle_response") (param i32 i32)))`);
}

/** An origin that takes requests and never answers, over a real connection pool. */
export class HangingOrigin {
  readonly backend: UndiciBackend;
  readonly #server: Server;
  /** Requests that have come in. */
  asked = 0;

  private constructor(server: Server, url: string) {
    this.#server = server;
    server.on('request', () => {
      this.asked += 1;
    });
    this.backend = new UndiciBackend(url, { policy: new AddressPolicy({ allow: ['127.0.0.0/8'] }) });
  }

  static async listen(): Promise<HangingOrigin> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HangingOrigin(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  /** Connections that are open. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async close(): Promise<void> {
    await this.backend.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Lets the event loop turn until `look` holds. Throws when it does not after very many turns. */
export async function until(look: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let turns = 0; !(await look()); turns++) {
    if (turns === MOST_TURNS) throw new Error(`still waiting: ${what}`);
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

/** A way with its guest, ready to run. */
export interface Case {
  readonly name: string;
  readonly way: Way;
  readonly deployment: Deployment;
}

/** Every way over every ABI in which it exists. */
export function allCases(): Case[] {
  return (['http-wasm', 'wasi'] as const).flatMap((abi) =>
    WAYS.filter(({ needs }) => needs === undefined || needs === abi).map((way) => {
      const { budgets, isolation = 'request' } = way;
      const made = deploymentOf(moduleOf(way, abi), { isolation });
      return { name: `${way.name} (${abi})`, way, deployment: { ...made, budgets: { ...made.budgets, ...budgets } } };
    }),
  );
}

/** Runs {@link AT_ONCE} requests of a case at once; answers the outcomes, which are those of the case unless something is wrong. */
export async function runCase(
  engine: Engine,
  { name, way, deployment }: Case,
  origin: HangingOrigin,
  watch: (name: string, object: WeakKey) => void,
): Promise<Outcome[]> {
  const askedBefore = origin.asked;
  const tasks = Array.from({ length: AT_ONCE }, () => engine.open(deployment));
  const runs = tasks.map((task) => {
    const made = exchange(way.exchange?.(task, origin));
    watch(name, task);
    watch(name, made);
    return engine.run(deployment, task, made);
  });
  if (way.whileWaiting === 'cancel') {
    const waiting = (): boolean =>
      way.exchange === slowOrigin ? origin.asked === askedBefore + AT_ONCE : tasks.every(({ sleep }) => sleep !== null);
    await until(waiting, name);
    for (const task of tasks) engine.scheduler.cancel(task, 'client_closed');
  }
  return (await Promise.all(runs)).map((run) => (run.outcome === 'ok' ? 'ok' : run.failure.outcome));
}
