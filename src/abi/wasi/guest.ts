/** The state behind the WASI functions of one sandbox. */
import type { GuestHost } from '../abi.ts';
import type { Descriptor } from './descriptor.ts';
import { DescriptorTable } from './descriptors.ts';
import { mountsOf, type Mount } from './files/mounts.ts';
import { LogLines } from './log-lines.ts';
import { OpenFolder } from './open-folder.ts';
import { Sleep } from './sleep.ts';
import { EmptyInput, LogOutput } from './standard-streams.ts';
import { StringBlock } from './string-block.ts';

/** What a guest gets for one request, where its ABI gives it more than its grants. */
export interface Program {
  readonly args: StringBlock;
  readonly env: StringBlock;
  readonly input: Descriptor;
  readonly output: Descriptor;
}

/**
 * One guest: its arguments, environment, descriptors and the wait it may be in. Unless it gets a {@link Program}, standard input is
 * empty and lines of standard output go to the tenant's log as `info`; lines of standard error always go there as `error`.
 * Descriptors and what is in the scratch folder live as long as a request.
 */
export class WasiGuest {
  readonly host: GuestHost;
  readonly descriptors: DescriptorTable;
  readonly sleep = new Sleep();
  readonly #args: StringBlock;
  readonly #env: StringBlock;
  readonly #stdout: LogLines;
  readonly #stderr: LogLines;
  #program: Program | null = null;

  /**
   * `argv` starts with the program's name, or is empty; the environment is that of `host.grants`. Throws `TypeError` when one
   * of them cannot be told to a guest (a NUL anywhere, a variable without a name or with `=` in it).
   *
   * @param mounts - Makes the folders that are open from the start; by default those that were granted.
   */
  constructor(
    host: GuestHost,
    argv: readonly string[],
    mounts: () => readonly Mount[] = () => mountsOf(host.grants.files, host),
  ) {
    this.host = host;
    this.#args = new StringBlock(argv);
    this.#env = StringBlock.ofEnvironment(host.grants.env);
    this.#stdout = new LogLines(host, 'info');
    this.#stderr = new LogLines(host, 'error');
    this.descriptors = new DescriptorTable(() => [
      this.#program?.input ?? new EmptyInput(),
      this.#program?.output ?? new LogOutput(this.#stdout),
      new LogOutput(this.#stderr),
      ...mounts().map(({ path, root }) => new OpenFolder(root, path)),
    ]);
  }

  get args(): StringBlock {
    return this.#program?.args ?? this.#args;
  }

  get env(): StringBlock {
    return this.#program?.env ?? this.#env;
  }

  /** Gives the guest what is for the request at hand. What its start-up code has opened stays open. */
  begin(program: Program): void {
    this.#program = program;
    this.descriptors.replace([program.input, program.output]);
  }

  /**
   * Why what the guest has done since {@link reset} cannot be taken over by another instance, in a clause about its code: descriptors, and
   * what is behind those that can be changed. `null`: it can. Calls that answer differently each time are not seen here.
   */
  reasonAgainst(): string | null {
    if (this.descriptors.isChangeableUsed) return 'it uses its scratch folder';
    return this.descriptors.isAsAtStart ? null : 'it leaves descriptors open or closed that were not so before';
  }

  /** Logs lines that have not ended. */
  flush(): void {
    this.#stdout.flush();
    this.#stderr.flush();
  }

  /** Ends a wait, logs what is left and reopens the descriptors of the start: nothing of a request is left for the next. */
  reset(): void {
    this.#program = null;
    this.sleep.cancel();
    this.flush();
    this.descriptors.reset();
  }
}
