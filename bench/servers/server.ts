/** What every server under measurement has in common. */
import type { App } from '../workload.ts';

/** How instances are used: kept between requests, or made anew for each. */
export type Instances = 'warm' | 'fresh';

/** A running server. */
export interface Server {
  /** What its CPU time is read by. */
  readonly pid: number;
  /** Where an app is served. */
  portOf(app: App): number;
  /** Called after each measurement: gives back what would pile up. */
  tidy?(): void;
  stop(): Promise<void>;
}

/** What a server is started with. */
export interface StartOptions {
  readonly instances: Instances;
  /** Words before its command line. */
  readonly prefix: readonly string[];
  /** An empty folder of its own. */
  readonly folder: string;
}

/** A kind of server. */
export interface ServerKind {
  readonly name: string;
  readonly tone: 'own' | 'peer';
  /** What a reader has to know to judge the comparison. */
  readonly note: string;
  /** Settles when it serves every app. Rejects with {@link Absent} when it cannot run here. */
  start(options: StartOptions): Promise<Server>;
}

/** Why a peer is not in the comparison. */
export class Absent extends Error {
  override readonly name = 'Absent';
}

/** The folders of the checkout that servers are made from. */
export const ROOT = new URL('../../', import.meta.url).pathname;

/** The module behind each app. */
export const MODULES = { hello: `${ROOT}tenants/hello/hello.wasm`, echo: `${ROOT}bench/guests/echo.wasm` } as const;
