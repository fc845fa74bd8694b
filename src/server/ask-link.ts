/** Questions of guests that a data thread asks the main thread: counted per tenant, and settled whatever happens. */
import type { TenantHome } from '../capability/stores.ts';

/** A question on its way to the main thread. */
export interface Asking<Question> {
  readonly id: number;
  readonly home: TenantHome;
  readonly question: Question;
}

/** How much may be open on one thread; a question beyond it fails as `busy`. */
export interface LinkLimits {
  readonly deadlineMs: number;
  readonly perTenant: number;
  readonly perThread: number;
  /** Bytes of values on their way there, and of room for those on their way back. */
  readonly bytesPerTenant: number;
  readonly bytesPerThread: number;
}

/** Why a link gives no answer: there is no room, the deadline or the link is over, the request has ended. */
export type LinkFault = 'busy' | 'unavailable' | 'aborted';

/** What a link is made of. */
export interface LinkOptions<Question, Answer> {
  readonly say: (asking: Asking<Question>) => void;
  readonly limits: LinkLimits;
  /** What a call rejects with. */
  readonly failure: (fault: LinkFault) => Error;
  /** Hears an answer that nobody waits for any more. */
  readonly unclaimed?: (answer: Answer) => void;
}

/** Somebody who waits for an answer. */
interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: LinkFault) => void;
}

/** A question that the main thread has not answered; it keeps its place until then, whether or not somebody still waits. */
interface Open<Answer> {
  readonly tenant: string;
  readonly bytes: number;
  waiting: Waiting<Answer> | null;
}

/** What is open: questions, and bytes of their values. */
interface Load {
  questions: number;
  bytes: number;
}

/** The link of one data thread. Everything that waits settles: with its answer, its deadline, its request's end or {@link close}. */
export class AskLink<Question, Answer> {
  readonly #options: LinkOptions<Question, Answer>;
  readonly #open = new Map<number, Open<Answer>>();
  readonly #perTenant = new Map<string, Load>();
  #bytes = 0;
  #ids = 0;
  #closed = false;

  constructor(options: LinkOptions<Question, Answer>) {
    this.#options = options;
  }

  /** Questions without an answer. */
  get open(): number {
    return this.#open.size;
  }

  /** @param bytes - That the question takes along, or that its answer may bring. */
  ask(home: TenantHome, question: Question, bytes: number, signal: AbortSignal): Promise<Answer> {
    const { tenant } = home;
    const { failure, say } = this.#options;
    if (signal.aborted) return Promise.reject(failure('aborted'));
    if (this.#closed) return Promise.reject(failure('unavailable'));
    if (!this.#take(tenant, bytes)) return Promise.reject(failure('busy'));
    this.#ids += 1;
    const id = this.#ids;
    const answer = this.#wait(id, { tenant, bytes }, signal);
    say({ id, home, question });
    return answer;
  }

  /** Takes an answer of the main thread. */
  hear(id: number, answer: Answer): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    this.#give(open);
    if (open.waiting === null) this.#options.unclaimed?.(answer);
    else open.waiting.resolve(answer);
  }

  /** Fails everything that waits as `unavailable`, and what is asked from now on. */
  close(): void {
    this.#closed = true;
    for (const { waiting } of this.#open.values()) waiting?.reject('unavailable');
  }

  /** Takes room for a question; `false`: there is none. */
  #take(tenant: string, bytes: number): boolean {
    const { perTenant, perThread, bytesPerTenant, bytesPerThread } = this.#options.limits;
    const load = this.#perTenant.get(tenant) ?? { questions: 0, bytes: 0 };
    if (load.questions >= perTenant || load.bytes + bytes > bytesPerTenant) return false;
    if (this.#open.size >= perThread || this.#bytes + bytes > bytesPerThread) return false;
    load.questions += 1;
    load.bytes += bytes;
    this.#bytes += bytes;
    this.#perTenant.set(tenant, load);
    return true;
  }

  #give({ tenant, bytes }: Open<Answer>): void {
    this.#bytes -= bytes;
    const load = this.#perTenant.get(tenant);
    if (load === undefined) return;
    load.questions -= 1;
    load.bytes -= bytes;
    if (load.questions === 0) this.#perTenant.delete(tenant);
  }

  #wait(id: number, size: Pick<Open<Answer>, 'tenant' | 'bytes'>, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const open: Open<Answer> = { ...size, waiting: null };
      const abort = (): void => open.waiting?.reject('aborted');
      const deadline = setTimeout(() => open.waiting?.reject('unavailable'), this.#options.limits.deadlineMs);
      const done = (): void => {
        open.waiting = null;
        clearTimeout(deadline);
        signal.removeEventListener('abort', abort);
      };
      open.waiting = {
        resolve: (answer) => {
          done();
          resolve(answer);
        },
        reject: (fault) => {
          done();
          reject(this.#options.failure(fault));
        },
      };
      this.#open.set(id, open);
      signal.addEventListener('abort', abort);
    });
  }
}
