/** One CGI program: a request as its variables and standard input, its standard output as the response. */
import type { AbiGuest, Enter, Exchange, GuestHost, Reply } from '../abi.ts';
import { GuestExit } from '../guest-fault.ts';
import { bindModule, type BoundFunction } from '../host-function.ts';
import { KerbGuest } from '../kerb/guest.ts';
import { KERB_MODULES } from '../kerb/table.ts';
import { PRE_INITIALISER, runStartUp } from '../start-up.ts';
import { WASI_MODULES, WasiGuest } from '../wasi/preview1.ts';
import { EmptyInput } from '../wasi/standard-streams.ts';
import { StringBlock } from '../wasi/string-block.ts';
import { argumentsOf } from './arguments.ts';
import { BodyInput } from './body-input.ts';
import { ResponseOutput } from './response-output.ts';
import { pathOf, variablesOf } from './variables.ts';

/** The export that is the program. */
export const PROGRAM = '_start';

/** Exports that initialise an instance of a program that has the last of them, in the order in which they are called. */
export const START_EXPORTS = ['_initialize', PRE_INITIALISER] as const;

/** The state of one sandbox. Its program runs once in each instance. */
export class CgiGuest implements AbiGuest {
  readonly imports: ReadonlyMap<string, ReadonlyMap<string, BoundFunction>>;
  readonly started = {
    reasonAgainst: (): string | null => this.#wasi.reasonAgainst(),
    capture: (): readonly number[] => [],
    resume: (): void => undefined,
  };
  readonly #host: GuestHost;
  readonly #wasi: WasiGuest;
  readonly #kerb: KerbGuest;

  /** @param modules - The import modules that the guest names: others are not bound. */
  constructor(host: GuestHost, modules: ReadonlySet<string>) {
    this.#host = host;
    this.#wasi = new WasiGuest(host, []);
    this.#kerb = new KerbGuest(host);
    const imports = new Map<string, Map<string, BoundFunction>>();
    for (const [name, module] of WASI_MODULES) if (modules.has(name)) imports.set(name, bindModule(module, this.#wasi));
    for (const [name, module] of KERB_MODULES) if (modules.has(name)) imports.set(name, bindModule(module, this.#kerb));
    this.imports = imports;
  }

  /**
   * Start-up code finds no request: the environment is that of the manifest, standard input is empty, and lines of standard output go to
   * the log.
   */
  async start(enter: Enter, exports: ReadonlySet<string>): Promise<void> {
    if (!exports.has(PRE_INITIALISER)) return;
    await runStartUp(
      enter,
      START_EXPORTS.filter((name) => exports.has(name)),
    );
    this.#wasi.flush();
  }

  async handle(enter: Enter, exchange: Exchange): Promise<Reply> {
    const output = new ResponseOutput(exchange, (pages) => this.#host.hold(pages));
    this.#wasi.begin({ ...this.#surroundings(exchange), output });
    // The response is what the program writes: another's cannot be put in its place.
    this.#kerb.begin(exchange, { take: () => false });
    try {
      const status = await exitStatus(enter(PROGRAM));
      this.#wasi.flush();
      if (status !== 0) this.#host.log('warn', `the program exited with status ${status}`);
      return await output.finish();
    } finally {
      output.abandon();
    }
  }

  reset(): void {
    this.#wasi.reset();
    this.#kerb.reset();
  }

  #surroundings({ request, body }: Exchange): { args: StringBlock; env: StringBlock; input: EmptyInput | BodyInput } {
    const path = pathOf(request.target, this.#host.basePath);
    const variables = variablesOf(request, path, this.#host.grants.env);
    return {
      args: new StringBlock(argumentsOf(path, this.#host.grants.args)),
      env: new StringBlock([...variables].map(([name, value]) => `${name}=${value}`)),
      input: body === null ? new EmptyInput() : new BodyInput(body),
    };
  }
}

/** How a program that runs to its end ends; rejects with what else it ended by. */
async function exitStatus(running: Promise<unknown>): Promise<number> {
  try {
    await running;
    return 0;
  } catch (error) {
    if (error instanceof GuestExit) return error.status;
    throw error;
  }
}
