/** Runs a case: its module linked to Kerb's functions of preview1 as the runtime links them, waits included. */

import { readFileSync } from 'node:fs';
import { GuestExit } from '../../../src/abi/guest-fault.ts';
import { GuestMemory } from '../../../src/abi/guest-memory.ts';
import { bindModule, type BoundFunction, type Scalar } from '../../../src/abi/host-function.ts';
import { ERRNO, type Errno } from '../../../src/abi/wasi/errno.ts';
import { WASI_MODULES, WasiGuest } from '../../../src/abi/wasi/preview1.ts';
import { EmptyInput, OutputStream } from '../../../src/abi/wasi/standard-streams.ts';
import { StringBlock } from '../../../src/abi/wasi/string-block.ts';
import { NO_FILES } from '../../../src/capability/files.ts';
import { NO_STORES } from '../../../src/capability/stores.ts';
import { RecordingHost } from '../../unit/abi/recording-host.ts';
import type { Fault } from '../skips.ts';
import type { Case } from './cases.ts';
import { loadFixture } from './fixture.ts';

const WRITE_BYTES = 65_536;
const PROGRAM = 'case.wasm';

/** Keeps what is written. */
class Captured extends OutputStream {
  override readonly writeBytes = WRITE_BYTES;
  text = '';

  override write(bytes: Uint8Array): Errno {
    this.text += Buffer.from(bytes).toString();
    return ERRNO.success;
  }
}

class CaseHost extends RecordingHost {
  readonly memory: GuestMemory;
  readonly grants = { config: new Uint8Array(0), env: {}, files: NO_FILES, stores: NO_STORES, geo: false };
  override wallNs = BigInt(Date.now()) * 1_000_000n;

  constructor(memory: WebAssembly.Memory) {
    super();
    this.memory = new GuestMemory(memory);
  }

  /** Time moves, as it would between hostcalls of a slow program. */
  override monotonicNs(): bigint {
    return process.hrtime.bigint();
  }
}

/** Runs a case to its end. Never rejects for what the case does. */
export async function runCase(given: Case): Promise<Fault> {
  const bound = new Map<string, BoundFunction>();
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(given.module)), importsFrom(bound));
  const host = new CaseHost(exports['memory'] as WebAssembly.Memory);
  const root = given.root === null ? null : loadFixture(given.root, host);
  const guest = new WasiGuest(host, [], () => (root === null ? [] : [{ path: '/', root }]));
  for (const [module, functions] of WASI_MODULES)
    for (const [name, found] of bindModule(functions, guest)) bound.set(`${module}.${name}`, found);
  const output = new Captured();
  guest.begin({
    args: new StringBlock([PROGRAM, ...given.args]),
    env: StringBlock.ofEnvironment(given.env),
    input: new EmptyInput(),
    output,
  });
  const exit = await exitOf(exports['_start']);
  guest.flush();
  const stderr = host.lines.map(([, line]) => line).join('\n');
  if (exit !== given.exitCode) return `ended with ${exit}, not ${given.exitCode}: ${stderr}`;
  if (given.stdout !== null && given.stdout !== output.text) return `wrote ${JSON.stringify(output.text)}`;
  if (given.stderr !== null && given.stderr.trimEnd() !== stderr) return `wrote ${JSON.stringify(stderr)} to stderr`;
  return null;
}

/** The exit status, or what else it ended with. */
async function exitOf(start: unknown): Promise<number | string> {
  try {
    await WebAssembly.promising(start)();
    return 0;
  } catch (error) {
    return error instanceof GuestExit ? error.status : String(error);
  }
}

/** The functions need the memory, which the instance makes: they are looked up when they are called. */
function importsFrom(bound: ReadonlyMap<string, BoundFunction>): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const [module, functions] of WASI_MODULES) {
    imports[module] = Object.fromEntries(
      Object.entries(functions).map(([name, { suspends }]) => {
        const call = (...args: Scalar[]): unknown => bound.get(`${module}.${name}`)?.call(...args);
        return [name, suspends === true ? new WebAssembly.Suspending(call) : call];
      }),
    );
  }
  return imports;
}
