/** The state behind the WASI functions of one sandbox. */
import type { GuestHost } from '../abi.ts';
import { DescriptorTable, EmptyInput, LogOutput } from './descriptors.ts';
import { LogLines } from './log-lines.ts';
import { Sleep } from './sleep.ts';
import { StringBlock } from './string-block.ts';

/**
 * One guest: its arguments, environment, descriptors and the wait it may be in. Standard input is empty; lines of standard
 * output go to the tenant's log as `info`, lines of standard error as `error`.
 */
export class WasiGuest {
  readonly host: GuestHost;
  readonly args: StringBlock;
  readonly env: StringBlock;
  readonly descriptors: DescriptorTable;
  readonly sleep = new Sleep();
  readonly #stdout: LogLines;
  readonly #stderr: LogLines;

  /**
   * `argv` starts with the program's name, or is empty; the environment is that of `host.grants`. Throws `TypeError` when one
   * of them cannot be told to a guest (a NUL anywhere, a variable without a name or with `=` in it).
   */
  constructor(host: GuestHost, argv: readonly string[]) {
    this.host = host;
    this.args = new StringBlock(argv);
    this.env = StringBlock.ofEnvironment(host.grants.env);
    this.#stdout = new LogLines(host, 'info');
    this.#stderr = new LogLines(host, 'error');
    this.descriptors = new DescriptorTable(() => [
      new EmptyInput(),
      new LogOutput(this.#stdout),
      new LogOutput(this.#stderr),
    ]);
  }

  /** Logs lines that have not ended. */
  flush(): void {
    this.#stdout.flush();
    this.#stderr.flush();
  }

  /** Ends a wait, logs what is left and reopens the standard streams: nothing of a request is left for the next. */
  reset(): void {
    this.sleep.cancel();
    this.flush();
    this.descriptors.reset();
  }
}
