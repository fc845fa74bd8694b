/**
 * Preloaded into a Node under measurement, and so into each of its threads: on SIGWINCH every thread that is not asleep collects its garbage
 * and appends a line about its heap to the file that the probe's own address names: `…/heap-probe.ts?<file>`.
 */
import { appendFileSync } from 'node:fs';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

const file = decodeURIComponent(new URL(import.meta.url).search.slice(1));
const channel = new BroadcastChannel('heap-probe');
channel.unref();

function tell(): void {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  appendFileSync(file, `${JSON.stringify({ thread: threadId, heapBytes: heapUsed, externalBytes: external })}\n`);
}

channel.onmessage = tell;
if (isMainThread) {
  process.on('SIGWINCH', () => {
    channel.postMessage('look');
    tell();
  });
}
