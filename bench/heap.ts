/** The heaps of a Node with all its threads, told by the probe that is preloaded into it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { ROOT } from './servers/server.ts';

/** How long nothing new has to come until all threads have told. */
const QUIET_MS = 1_500;
const LOOK_MS = 100;
const MOST_MS = 60_000;

/** What a thread told. */
interface Line {
  readonly thread: number;
  readonly heapBytes: number;
}

/** Flags for a Node that tells its heaps into `file`. It needs `--expose-gc` too. */
export function probeFlags(file: string): string[] {
  const probe = pathToFileURL(`${ROOT}bench/servers/heap-probe.ts`);
  probe.search = encodeURIComponent(file);
  return ['--import', probe.href];
}

/** Bytes of JavaScript's heaps of all threads of process `pid`, after each has collected. Rejects when none tells. */
export async function heapBytesOf(pid: number, file: string): Promise<number> {
  writeFileSync(file, '');
  process.kill(pid, 'SIGWINCH');
  const text = await untilStill(file);
  const bytes = sumHeaps(text);
  if (bytes === 0) throw new Error('no thread told of its heap: the probe is not loaded');
  return bytes;
}

/** The sum over the threads in what the probe wrote; of each the last line. */
export function sumHeaps(text: string): number {
  const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
  return [...new Map(lines.map(({ thread, heapBytes }) => [thread, heapBytes])).values()].reduce(
    (sum, n) => sum + n,
    0,
  );
}

async function untilStill(file: string): Promise<string> {
  let [text, sinceMs] = ['', performance.now()];
  const deadline = performance.now() + MOST_MS;
  while (performance.now() < deadline && (text === '' || performance.now() - sinceMs < QUIET_MS)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (now !== text) [text, sinceMs] = [now, performance.now()];
  }
  return text;
}
