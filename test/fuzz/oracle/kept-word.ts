/** A thread that keeps an epoch word set: whatever a guest does, its next check finds it. */

import { Worker } from 'node:worker_threads';
import { epochMemory } from './side.ts';

const SOURCE = `const { workerData } = require('node:worker_threads');
  const word = new Int32Array(workerData.buffer), pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) { Atomics.store(word, 0, 1); Atomics.wait(pause, 0, 0, 0.02); }`;

/** The memory and how to end the thread. */
export interface KeptWord {
  readonly epoch: WebAssembly.Memory;
  stop(): Promise<unknown>;
}

/** Starts the thread; resolves when it runs. */
export async function keepWordSet(): Promise<KeptWord> {
  const epoch = epochMemory();
  const worker = new Worker(SOURCE, { eval: true, workerData: epoch });
  await new Promise<void>((resolve, reject) => {
    worker.once('online', () => resolve());
    worker.once('error', reject);
  });
  worker.unref();
  return { epoch, stop: () => worker.terminate() };
}
