/** What control publishes and data threads serve: deployments, and changes to the table of them. */
import type { AbiName, GuestGrants } from '../abi/abi.ts';
import type { FailureRule } from '../failure-rule.ts';
import type { BackendSpec } from '../upstream/backends.ts';
import type { StartImage } from './start-image.ts';

/** The budgets of one tenant. That of memory is in {@link ModuleShape}. */
export interface Budgets {
  /** CPU time of one request inside the guest, start-up of a fresh instance included. */
  readonly cpuMs: number;
  /** How much of a thread its requests get beside those of others: 100 is standard. */
  readonly cpuWeight: number;
  /** CPU milliseconds a second, all requests on all threads together; `null`: no quota. */
  readonly cpuMsPerSecond: number | null;
  /** How far a tenant may be ahead of its quota. */
  readonly cpuBurstMs: number;
  /** Time from the request's admission to the guest's end, waits included. */
  readonly wallMs: number;
  /** Requests in flight, on all data threads together. */
  readonly concurrency: number;
  /** The largest request body. */
  readonly requestBodyBytes: number;
  /** Requests to backends. */
  readonly subrequests: number;
  /** Answers of backends that the cache keeps for the tenant; 0: its backends are asked every time. */
  readonly cacheBytes: number;
  /** Open WebSockets, on all data threads together. */
  readonly webSockets: number;
}

/** A place that a tenant may reach. */
export interface DeployedBackend extends BackendSpec {
  readonly name: string;
}

/** How a tenant signs tokens as an issuer. */
export interface JwtSigning {
  /** The name of the secret with the key, a private JWK. */
  readonly secret: string;
  readonly alg: 'EdDSA' | 'ES256';
  /** The longest life of a token. */
  readonly ttlSeconds: number;
}

/** An issuer of tokens that a tenant trusts, or is. */
export interface JwtIssuer {
  readonly name: string;
  /** Its `iss`, exactly. */
  readonly issuer: string;
  /** The `aud` of tokens for this tenant. */
  readonly audience: string;
  /** Its key set: a path of a backend in `backends`, the JSON itself, or the public half of the key that `sign` names. */
  readonly keys:
    | { readonly kind: 'backend'; readonly backend: string; readonly path: string }
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'signing' };
  /** `null`: its tokens are verified only. */
  readonly sign: JwtSigning | null;
}

/** What the runtime must know of a rewritten module to run it. */
export interface ModuleShape {
  /** Function imports of the guest by module and name. */
  readonly imports: readonly { readonly module: string; readonly name: string }[];
  /** Function exports that the ABI calls. */
  readonly exports: readonly string[];
  /** The linear memory in pages of 64 KiB, its maximum within the budget; `null`: the module has none. */
  readonly memory: { readonly initialPages: number; readonly maximumPages: number } | null;
  /** The export that was the module's start section; `null`: it has none. */
  readonly startExport: string | null;
  /** Exported globals that are all the state of an instance beside its memory; `null`: it has state that cannot be put back. */
  readonly stateExports: readonly string[] | null;
}

/** What leads to a tenant: of one that rests this is all that data threads have. Immutable; crosses threads by structured clone. */
export interface Route {
  /** Unique in the process and never reused: whatever changes is a new route. */
  readonly id: number;
  readonly tenant: string;
  /** Exact host names, or `*.` and a name to match one more label. Lower case. */
  readonly hosts: readonly string[];
  /** Path prefix of whole segments; `/` is all. */
  readonly path: string;
}

/** One version of one tenant's app, ready to serve. */
export interface Deployment extends Route {
  /** First characters of the digest over everything that went into it. */
  readonly version: string;
  readonly abi: AbiName;
  /** `request`: a fresh instance for each; `reuse`: warm instances. */
  readonly isolation: 'request' | 'reuse';
  readonly module: WebAssembly.Module;
  readonly shape: ModuleShape;
  /** What its instances begin with instead of being started; `null`: each is started. It was taken of an instance with these grants. */
  readonly image: StartImage | null;
  readonly budgets: Budgets;
  /** Whether clients are told what their requests cost. */
  readonly receipt: boolean;
  readonly grants: GuestGrants;
  /** Name in `backends` that "next" goes to; `null`: none. */
  readonly origin: string | null;
  readonly backends: readonly DeployedBackend[];
  /** Whose tokens its guests may have verified, and as whom they may sign. */
  readonly jwt: readonly JwtIssuer[];
  /** What clients get when a guest fails, no two rules for one kind of failure of one path. */
  readonly onFailure: readonly FailureRule[];
  /** Ranges of addresses that its backends may be in although they are not public, beside those that all tenants' may. */
  readonly allowBackends: readonly string[];
  /** The tenant's place in the shared counters ({@link ./tenant-counters.ts TenantCounters}). */
  readonly slot: number;
  /** Its own place in the figures of versions ({@link ./version-counters.ts VersionCounters}); `null`: they are not kept. */
  readonly figuresSlot: number | null;
  /** What it is called among the modules of its tenant; without it, as the tenant. */
  readonly name?: string;
  /** The name under which a Proxy-Wasm module has registered its filter. */
  readonly rootId?: string;
  /** The memory of what the tenant's guests share ({@link ./shared-state.ts TenantSharedState}); without it, each sandbox's own. */
  readonly shared?: SharedArrayBuffer;
  /** Guests in front, the first one first: the next handler of each is the one behind it, and of the last this one. None has any itself. */
  readonly filters?: readonly Deployment[];
  /** What becomes of a request when the guest fails by its own fault: it ends, or goes on without the guest. By default it ends. */
  readonly failureMode?: 'closed' | 'open';
}

/** Whether a route leads to an app that is ready; of a tenant that rests it leads to one that has to be woken. */
export function isDeployed(route: Route): route is Deployment {
  return 'module' in route;
}

/** Every guest that a request of a deployment goes through, in order. */
export function chainOf(deployment: Deployment): readonly Deployment[] {
  return [...(deployment.filters ?? []), deployment];
}

/**
 * Gives a part of a deployment's clients to another deployment of the same tenant, its canary. A client stays with the version it
 * has got while the percentage stays; when it grows, clients move to the canary and none moves back.
 */
export interface Split {
  /** Id of the deployment that hosts and path lead to. It is nobody's canary. */
  readonly primary: number;
  /** Id of the one that gets the share, and has no split of its own. While it is a canary, its own hosts and path lead nowhere. */
  readonly canary: number;
  /** How many clients of a hundred it gets: more than 0, less than 100. */
  readonly percent: number;
}

/** A change of the deployment table, applied by a data thread within one turn of its event loop. */
export interface TableChange {
  /** Counts up by one with each change. */
  readonly revision: number;
  /** Deployments, and routes to tenants that rest. */
  readonly add: readonly Route[];
  /** Ids of what takes no new requests; those in flight end undisturbed. */
  readonly remove: readonly number[];
  /**
   * Splits that begin, or whose percentage changes; the others stay. A split ends when one of the two is removed: what is left
   * serves all requests, by its own hosts and path. So removing the primary promotes the canary, with its warm instances.
   */
  readonly splits: readonly Split[];
}
