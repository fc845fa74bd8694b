/** Images of started instances: what start-up code leaves, taken once and put into every instance of its deployment. */
import type { Started } from '../abi/abi.ts';
import { reasonAgainst } from '../abi/start-up-calls.ts';
import { bytesOf, copied, extentsOf, valuesOf, type Extents, type InitialState } from './initial-state.ts';
import { MAX_IMAGE_BYTES, MAX_IMAGED_MEMORY_BYTES } from './limits.ts';

/** Where a new instance of a deployment begins. Its bytes are in memory that threads share; nobody writes them. */
export interface StartImage extends InitialState {
  /** Bytes that it holds of the memory. */
  readonly bytes: number;
  /** The size of the memory in pages of 64 KiB: start-up code may have grown it. */
  readonly memoryPages: number;
  /** See {@link Started}. */
  readonly left: readonly number[];
}

/** What came of the wish for an image. */
export type Snapshot =
  | { readonly kind: 'image'; readonly image: StartImage }
  /** `why` tells people in a clause about the module; `null`: it has no start-up code. */
  | { readonly kind: 'none'; readonly why: string | null };

/** Why a module has no image whose instances have state that the host cannot put into them. */
export const STATE_OUT_OF_REACH = 'tables, segments or globals that the host cannot set are part of its state';

const NAN_GLOBAL = 'a global is NaN after it, and the host cannot set that';

/** Notes what start-up code calls, until there is a reason against an image. */
export class StartUpWitness {
  #reason: string | null = null;

  /** The first reason; `null`: none. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Takes note of a call of a host function. */
  readonly note = (module: string, name: string): void => {
    this.#reason ??= reasonAgainst(module, name);
  };

  /** Takes note of another reason. */
  object(reason: string): void {
    this.#reason ??= reason;
  }
}

/** An instance that has been started and has served nobody. */
export interface StartedInstance {
  /** Its whole memory. */
  readonly memory: Buffer;
  readonly globals: readonly WebAssembly.Global[];
  /** Names of the globals; `null`: they and the memory are not all its state. */
  readonly stateExports: readonly string[] | null;
  readonly started: Started;
  /** The blocks that its data segments had filled before the start: in a new instance they are not zero. */
  readonly filled: Extents;
}

const PAGE_BYTES = 65_536;

/** The blocks that data segments have filled in the memory of a new instance. */
export function filledBlocks(memory: Buffer): Extents {
  return memory.length > MAX_IMAGED_MEMORY_BYTES ? [] : extentsOf(memory);
}

/** The image of an instance, or why there is none. `reason`: what was found against it while it started. */
export function imageOf(instance: StartedInstance, reason: string | null): Snapshot {
  const { memory, globals, stateExports, started, filled } = instance;
  if (stateExports === null) return { kind: 'none', why: STATE_OUT_OF_REACH };
  if (reason !== null) return { kind: 'none', why: reason };
  const values = valuesOf(globals);
  if (values === null) return { kind: 'none', why: NAN_GLOBAL };
  if (memory.length > MAX_IMAGED_MEMORY_BYTES)
    return { kind: 'none', why: tooLarge(memory.length, MAX_IMAGED_MEMORY_BYTES) };
  const extents = extentsOf(memory, { with: filled });
  const bytes = bytesOf(extents);
  if (bytes > MAX_IMAGE_BYTES) return { kind: 'none', why: tooLarge(bytes, MAX_IMAGE_BYTES) };
  const runs = copied(memory, extents, 'shared');
  return {
    kind: 'image',
    image: { runs, globals: values, bytes, memoryPages: memory.length / PAGE_BYTES, left: started.capture() },
  };
}

function tooLarge(bytes: number, most: number): string {
  return `it leaves ${bytes} bytes of memory to keep, and may leave ${most}`;
}
