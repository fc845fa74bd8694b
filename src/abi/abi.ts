/** The contract between a guest ABI and the runtime that sandboxes its guests. */
import type { Backend, ForwardedFor } from '../capability/backend.ts';
import type { GuestClock } from '../capability/clock.ts';
import type { FileGrants } from '../capability/files.ts';
import type { Geo } from '../capability/geo.ts';
import type { GuestLog } from '../capability/log.ts';
import type { KvStore } from '../capability/kv.ts';
import type { ObjectCache } from '../capability/object-cache.ts';
import type { Randomness } from '../capability/random.ts';
import type { RateCounters } from '../capability/rate.ts';
import type { SharedState } from '../capability/shared.ts';
import type { StoreGrants } from '../capability/stores.ts';
import type { TokenIssuer, TokenSigner } from '../capability/jwt.ts';
import type { BodySink, BodySource } from '../http/body.ts';
import type { RequestHead, ResponseHead } from '../http/message.ts';
import type { ExportTable, ImportTable } from '../wasm/signature.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { BoundFunction, Scalar } from './host-function.ts';

/** What a deployment gives its guests, the same for every request. Frozen. */
export interface GuestGrants {
  /** The tenant's configuration, opaque bytes. */
  readonly config: Uint8Array;
  /** Environment variables; nothing is inherited from the host. */
  readonly env: Readonly<Record<string, string>>;
  /** The words of a program's command line behind its name, instead of those of the query; absent: none were given. */
  readonly args?: readonly string[];
  /** Folders of its app, and room for files of its own. */
  readonly files: FileGrants;
  /** What of its tenant's stores. */
  readonly stores: StoreGrants;
  /** Whether it may ask where an address is. */
  readonly geo: boolean;
}

/** What the sandbox offers the guest-side half of an ABI. One per sandbox. */
export interface GuestHost extends GuestLog, GuestClock, Randomness {
  readonly memory: GuestMemory;
  readonly grants: GuestGrants;
  /** The prefix of whole segments that the paths of its requests have; `/` is all. */
  readonly basePath: string;
  /**
   * Accounts for memory of the host's that is kept for the request at hand, in pages of 64 KiB, negative when less is kept. Throws
   * when the process has no room for it; whatever is still on the account is taken off when the request is over.
   */
  hold(pages: number): void;
  /**
   * Puts CPU time that the host spends for the guest, where no slice measures it, on the account of the request at hand. Throws
   * {@link ./guest-fault.ts GuestFault} `cpu_limit` when the request has then used what it may.
   */
  charge(cpuMs: number): void;
  /** A key-value store that was granted, for the request at hand; `null`: none of that name was. */
  kv(name: string): KvStore | null;
  /** The object cache, for the request at hand, which ends what it has begun there; `null`: it was not granted. */
  objects(): ObjectCache | null;
  /** The tenant's rate counters. */
  readonly rates: RateCounters;
  /** Where addresses are; `null`: it was not granted. */
  readonly geo: Geo | null;
  /** What all guests of the tenant share, on all threads. Made on first use. */
  readonly shared: SharedState;
  /** Whose guest it is, what it is called among the tenant's, and the filter of its module that it is. */
  readonly app: { readonly tenant: string; readonly name: string; readonly rootId: string };
}

/** One HTTP request on its way through a guest. */
export interface Exchange {
  readonly request: RequestHead;
  /** The request's body; `null` when it has none. */
  readonly body: BodySource | null;
  /** The backend that "next" goes to; `null` when the tenant has none. */
  readonly origin: Backend | null;
  /** The backend of that name; `null` when the tenant was granted none. */
  backend(name: string): Backend | null;
  /** The token issuer of that name; `null` when the tenant trusts none. */
  issuer(name: string): TokenIssuer | null;
  /** What signs as the issuer of that name; `null`: the tenant was granted none. */
  signer(name: string): TokenSigner | null;
  /** What backends are told about the client, whatever the guest does to the request. */
  readonly forwarded: ForwardedFor;
  /** Ends everything that waits on behalf of this request: set on deadline, client gone, shutdown. Made on first use. */
  readonly signal: AbortSignal;
  /**
   * Sends the head and opens the body, for responses that are streamed by the guest itself. Throws
   * {@link InvalidResponse} when the head breaks HTTP. Nothing else may be sent afterwards.
   */
  stream(head: ResponseHead): BodySink;
}

/** A response head that the encoder refuses: the request ends as `no_response`. */
export class InvalidResponse extends Error {
  override readonly name = 'InvalidResponse';
}

/** What a guest's handling of an exchange came to. */
export type Reply =
  /** A whole response. */
  | { readonly kind: 'whole'; readonly head: ResponseHead; readonly body: Uint8Array }
  /** A head of the guest's and a body that the host relays after the guest is done. */
  | { readonly kind: 'relay'; readonly head: ResponseHead; readonly body: BodySource }
  /** The guest streamed through {@link Exchange.stream} and the body is complete. */
  | { readonly kind: 'streamed' };

/** Enters an export of the guest by its name, under the request's budgets. Rejects however the guest ends early. */
export type Enter = (name: string, ...args: Scalar[]) => Promise<unknown>;

/**
 * Enters an export from within a hostcall, at once, on the guest's own stack: it may neither wait nor be put back in the queue, and
 * has some milliseconds. Throws what ends the guest.
 */
export type Reenter = (name: string, ...args: Scalar[]) => Scalar | undefined;

/**
 * What start-up code leaves at the host, as numbers that only the ABI can read, for other instances of the same deployment. Whoever
 * calls it sees to it that the start-up code has called nothing that {@link ./start-up-calls.ts} has a reason against.
 */
export interface Started {
  /** Why what the start-up code of this instance has left cannot be put into another, in a clause about that code; `null`: it can. */
  reasonAgainst(): string | null;
  /** What the start-up code of this instance has left. */
  capture(): readonly number[];
  /** As if start-up code had left in this instance what was captured in another. */
  resume(left: readonly number[]): void;
}

/** An ABI's state for one sandbox: serves one exchange at a time. */
export interface AbiGuest {
  /** What the guest may import, by module and name. */
  readonly imports: ReadonlyMap<string, ReadonlyMap<string, BoundFunction>>;
  /** Runs the exports that initialise a new instance: its start-up code. `exports` holds those that the module has. */
  start(enter: Enter, exports: ReadonlySet<string>): Promise<void>;
  readonly started: Started;
  /** Tells each new instance, started or begun with an image, what it is for. Absent: there is nothing to tell. */
  configure?(enter: Enter, exports: ReadonlySet<string>): Promise<void>;
  /** Carries one exchange through the guest. */
  handle(enter: Enter, exchange: Exchange): Promise<Reply>;
  /**
   * What the guest is still to be told of an exchange that {@link handle} has rejected: once, before {@link reset}. It rejects however the
   * guest ends early. `null`: nothing, or its instance is not to be entered. Absent: guests of the ABI are told nothing.
   */
  readonly parting?: ((enter: Enter) => Promise<void>) | null;
  /**
   * Forgets the exchange: nothing of one request is reachable in the next. With `instance` the instance is not used as it is
   * again either, and what its start-up code asked for is forgotten too.
   */
  reset(what: 'exchange' | 'instance'): void;
}

/** A guest ABI. */
export interface Abi {
  readonly name: AbiName;
  /** Everything that its guests may import. */
  readonly imports: ImportTable;
  /** Those of its imports that may make a guest wait, as `module.name`. */
  readonly suspending: ReadonlySet<string>;
  /** The exports that the host calls, with their exact signatures; all others are stripped. */
  readonly exports: ExportTable;
  /** Exports without which a module is not a guest of this ABI. */
  readonly requiredExports: readonly string[];
  /** Whether an instance can serve request after request, or its program runs once: then each request has a fresh one. */
  readonly instances: 'reusable' | 'fresh';
  /** Whether a module with these exports has any that the ABI runs as start-up code. */
  initialises(exports: ReadonlySet<string>): boolean;
  /** Whether its guests are configured: {@link AbiGuest.configure} is there. */
  readonly configures: boolean;
  /** The host side of one sandbox; `modules` are the import modules that its guest names: others need not be there. */
  createGuest(host: GuestHost, modules: ReadonlySet<string>, reenter: Reenter): AbiGuest;
}

/** The ABIs that a manifest may name. */
export const ABI_NAMES = ['http-wasm', 'wasi-cgi', 'fastly', 'proxy-wasm', 'wasi-http'] as const;

/** One of {@link ABI_NAMES}. */
export type AbiName = (typeof ABI_NAMES)[number];
