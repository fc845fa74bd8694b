/** The thread that keeps the epoch word set, with pauses so short that every slow path runs. */

import { workerData } from 'node:worker_threads';

const PAUSE_MS = 0.02;
const word = new Int32Array((workerData as WebAssembly.Memory).buffer);
const pause = new Int32Array(new SharedArrayBuffer(4));

for (;;) {
  Atomics.store(word, 0, 1);
  Atomics.wait(pause, 0, 0, PAUSE_MS);
}
