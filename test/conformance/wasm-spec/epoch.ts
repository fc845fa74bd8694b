/** The epoch memory and the thread that keeps its word set. */

import { Worker } from 'node:worker_threads';

/** A running thread: `stop` ends it. */
export interface EpochThread {
  readonly memory: WebAssembly.Memory;
  stop(): Promise<void>;
}

/** Starts the thread; the word is being set once this resolves. */
export async function startEpochThread(): Promise<EpochThread> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const thread = new Worker(new URL('epoch-thread.ts', import.meta.url), { workerData: memory });
  await new Promise<void>((resolve, reject) => {
    thread.once('online', resolve);
    thread.once('error', reject);
  });
  thread.unref();
  return { memory, stop: async () => void (await thread.terminate()) };
}
