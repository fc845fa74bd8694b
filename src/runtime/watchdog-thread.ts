/** The watchdog's thread: sets the epoch word of each data thread that runs a guest, once a tick; parks while none does. */
import { workerData } from 'node:worker_threads';
import { FIRST_ACTIVE, IDLE_TICKS, PARKED, TICK_MS, type WatchdogShare } from './watchdog.ts';

const { control, epochs } = workerData as WatchdogShare;
const words = epochs.map((memory) => new Int32Array(memory.buffer, 0, 1));
/** Nobody ever wakes this word: waiting on it is a sleep that needs no event loop. */
const sleep = new Int32Array(new SharedArrayBuffer(4));

/** Sets the epoch words that are due; answers whether any was. */
function tick(): boolean {
  let running = false;
  for (const [thread, word] of words.entries()) {
    if (Atomics.load(control, FIRST_ACTIVE + thread) === 0) continue;
    Atomics.store(word, 0, 1);
    running = true;
  }
  return running;
}

/** Sleeps until a data thread arms. The second look after the flag is set closes the gap in which one armed unseen. */
function park(): void {
  Atomics.store(control, PARKED, 1);
  if (!tick()) Atomics.wait(control, PARKED, 1);
  Atomics.store(control, PARKED, 0);
}

for (let idle = 0; ;) {
  Atomics.wait(sleep, 0, 0, TICK_MS);
  idle = tick() ? 0 : idle + 1;
  if (idle < IDLE_TICKS) continue;
  park();
  idle = 0;
}
