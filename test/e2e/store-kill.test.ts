/** What was acknowledged is there after SIGKILL, whole, and nothing half done is visible. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { Random } from '../fuzz/random.ts';
import { openStore } from '../../src/store/sqlite-store.ts';
import { TENANT, testSealer, type Acknowledged } from './store-acknowledged.ts';
import { HighWater, survey } from './store-survey.ts';

const ROUNDS = 20;
const SEED = 20_261;
const WRITER = fileURLToPath(new URL('store-writer.ts', import.meta.url));

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-kill-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Killing {
  readonly seed: number;
  /** It is killed `delayMs` after it has acknowledged so many things. */
  readonly acknowledgements: number;
  readonly delayMs: number;
}

interface Killed {
  readonly said: readonly Acknowledged[];
  /** `SIGKILL`, unless it died of something else. */
  readonly signal: string | null;
}

/** Lets the program write in `folder` and kills it; answers all that it acknowledged. */
async function killed(folder: string, { seed, acknowledgements, delayMs }: Killing): Promise<Killed> {
  const child = spawn(process.execPath, [WRITER, folder, String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: Acknowledged[] = [];
  createInterface(child.stdout).on('line', (line) => {
    said.push(JSON.parse(line) as Acknowledged);
    if (said.length === acknowledgements) setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { said, signal };
}

test('while a process has the store, another one is refused, and gets it when the first is killed', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'state.db');
  const child = spawn(process.execPath, [WRITER, folder, '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(() => openStore(file, testSealer())).toThrow(/is held by another Kerb process/);
  child.stdout.resume();
  child.kill('SIGKILL');
  await once(child, 'close');
  const store = openStore(file, testSealer());
  expect(store.tenant(TENANT)).not.toBeNull();
  store.close();
});

test('whatever was acknowledged survives 20 kills at random moments', async () => {
  const folder = temporaryFolder();
  const random = new Random(SEED);
  const kinds = new Set<string>();
  const marks = new HighWater();
  for (let round = 0; round < ROUNDS; round++) {
    const killing = { seed: random.bits(), acknowledgements: random.between(1, 12), delayMs: random.below(12) };
    const { said, signal } = await killed(folder, killing);
    expect(signal).toBe('SIGKILL');
    for (const one of said) {
      kinds.add(one.kind);
      marks.note(one);
    }
    await survey(folder, marks);
    expect(marks.faults).toEqual([]);
  }
  expect([...kinds].toSorted()).toEqual(['deploy', 'kv', 'revision', 'secret', 'usage']);
});
