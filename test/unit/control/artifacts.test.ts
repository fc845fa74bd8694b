import { createHash } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Artifacts } from '../../../src/control/artifacts.ts';
import { Compiler } from '../../../src/control/compiler.ts';
import { KerbError } from '../../../src/errors.ts';
import { ArtifactFiles } from '../../../src/store/artifact-files.ts';
import { URI_GUEST } from '../../guests.ts';
import { temporaryFolder } from './control-harness.ts';

const OPTIONS = { abi: 'auto', maxMemoryPages: 100 } as const;
const DIGEST = createHash('sha256').update(URI_GUEST).digest('hex');

let folder: string;
let compiler: Compiler;
let said: string[];
/** How often a module was rewritten, and read from the store. */
let rewritten: number;
let reads: number;

beforeEach(() => {
  folder = join(temporaryFolder(), 'artifacts');
  compiler = new Compiler();
  [said, rewritten, reads] = [[], 0, 0];
});
afterEach(() => compiler.close());

function artifacts(maxModuleBytes = 1_000_000): Artifacts {
  return new Artifacts({
    compiler: {
      prepare: (request) => {
        rewritten += 1;
        return compiler.prepare(request);
      },
      finish: (prepared) => compiler.finish(prepared),
    },
    files: new ArtifactFiles(folder),
    maxModuleBytes,
    report: (message) => said.push(message),
  });
}

const STORED = {
  digest: DIGEST,
  read: async (): Promise<Uint8Array<ArrayBuffer>> => {
    reads += 1;
    return URI_GUEST;
  },
};

function kept(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.includes('.') && !name.endsWith('.draft'),
  );
}

it('rewrite a stored module once, for all processes of the build', async () => {
  const first = await artifacts().compileStored(STORED, OPTIONS);
  while (kept().length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = await artifacts().compileStored(STORED, OPTIONS);
  expect([rewritten, reads, said]).toEqual([1, 1, []]);
  const { module, ...rest } = second;
  expect(module).toBeInstanceOf(WebAssembly.Module);
  expect(rest).toEqual({ ...first, module: undefined });
  await artifacts().compileStored(STORED, { ...OPTIONS, maxMemoryPages: 7 });
  await artifacts(999_999).compileStored(STORED, OPTIONS);
  expect(rewritten).toBe(3);
});

it('keep nothing of an upload that nobody stores, and what became of it when somebody does', async () => {
  const own = artifacts();
  await own.compile({ ...OPTIONS, bytes: URI_GUEST }, DIGEST);
  await own.keep('00'.repeat(32));
  expect(kept()).toEqual([]);
  await own.keep(DIGEST);
  expect(kept()).toHaveLength(1);
  await artifacts().compileStored(STORED, OPTIONS);
  expect([rewritten, reads]).toEqual([1, 0]);
});

it('are made ahead of who will want them, once', async () => {
  await artifacts().make(STORED, OPTIONS);
  await artifacts().make(STORED, OPTIONS);
  expect([rewritten, reads, kept().length]).toEqual([1, 1, 1]);
  await artifacts().compileStored(STORED, OPTIONS);
  expect([rewritten, reads]).toEqual([1, 1]);
});

it('count the types of a module that another process has rewritten', async () => {
  const own = artifacts();
  await own.compile({ ...OPTIONS, bytes: URI_GUEST }, DIGEST);
  await own.keep(DIGEST);
  const other = new Compiler();
  try {
    const files = new ArtifactFiles(folder);
    const there = new Artifacts({ compiler: other, files, maxModuleBytes: 1_000_000, report: () => undefined });
    await there.compileStored(STORED, OPTIONS);
    expect([other.types > 0, other.types]).toEqual([true, compiler.types]);
  } finally {
    await other.close();
  }
});

it('that are damaged are made anew, and a disk that does not answer is told of and holds nothing up', async () => {
  const own = artifacts();
  await own.compile({ ...OPTIONS, bytes: URI_GUEST }, DIGEST);
  await own.keep(DIGEST);
  const [name = ''] = kept();
  writeFileSync(join(folder, name), 'not what was written');
  await artifacts().compileStored(STORED, OPTIONS);
  expect([rewritten, reads]).toEqual([2, 1]);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'no folder');
  const lost = own.compileStored(STORED, { ...OPTIONS, maxMemoryPages: 7 });
  expect((await lost).shape.memory?.maximumPages).toBe(7);
  expect(said[0]).toContain('a rewritten module cannot be read, and is made anew');
});

it('refuse what the compiler refuses, and reject with what reading rejects with', async () => {
  const own = artifacts();
  const bytes = Uint8Array.of(1, 2, 3);
  await expect(own.compile({ ...OPTIONS, bytes }, 'x')).rejects.toMatchObject({ code: 'bad_module' });
  const read = (): Promise<never> => Promise.reject(new KerbError('corrupt', 'lost'));
  await expect(own.compileStored({ digest: DIGEST, read }, OPTIONS)).rejects.toMatchObject({ code: 'corrupt' });
});

it('of other builds and of modules that are no more are swept', async () => {
  const own = artifacts();
  await own.compile({ ...OPTIONS, bytes: URI_GUEST }, DIGEST);
  await own.keep(DIGEST);
  await own.sweep(new Set([DIGEST]));
  expect(kept()).toHaveLength(1);
  await artifacts(999_999).sweep(new Set([DIGEST]));
  expect(kept()).toHaveLength(0);
});
