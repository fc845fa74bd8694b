/** Questions to somebody who may hang or die, a thread or a process: asked one at a time, so that only the culprit suffers. */

/** Who answers. Made when there is something to ask, and replaced when lost. */
export interface Answerer<Question, Answer> {
  /** One question at a time. Rejects when the answerer has died; a refusal is an answer. */
  ask(question: Question): Promise<Answer>;
  /** Ends it, whatever it is doing. Settles when it is gone. */
  end(): Promise<void>;
}

/** Starts an answerer. `onDeath` is called once when it ends by itself, also between questions. */
export type Start<Question, Answer> = (onDeath: () => void) => Answerer<Question, Answer>;

/** Why a question has no answer: the answerer died over it, took too long, or is not asked any more. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  readonly why: 'died' | 'late' | 'closed';

  constructor(why: 'died' | 'late' | 'closed', message: string = why) {
    super(message);
    this.why = why;
  }
}

/** Asks in the order of calls. A question that is not answered costs its asker the answer and nobody else anything. */
export class OneAtATime<Question, Answer> {
  readonly #start: Start<Question, Answer>;
  readonly #deadlineMs: number;
  #answerer: Answerer<Question, Answer> | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #giveUp: ((reason: Unanswered) => void) | null = null;
  #waiting = 0;
  #closed = false;

  /** @param deadlineMs - How long one answer may take, from when the question is put. */
  constructor(start: Start<Question, Answer>, deadlineMs: number) {
    this.#start = start;
    this.#deadlineMs = deadlineMs;
  }

  /** Questions that have no answer yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Puts a question when those before it are answered. Rejects with {@link Unanswered}. */
  ask(question: Question): Promise<Answer> {
    this.#waiting += 1;
    const answer = this.#last.then(() => this.#put(question)).finally(() => (this.#waiting -= 1));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** Lets the present answerer go; the next question starts another. Not while a question is being answered. */
  async renew(): Promise<void> {
    const answerer = this.#answerer;
    this.#answerer = null;
    await answerer?.end();
  }

  /** Ends it all: the question at hand and those that wait reject as `closed`, and so do all later ones. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#giveUp?.(new Unanswered('closed'));
    await this.renew();
  }

  async #put(question: Question): Promise<Answer> {
    if (this.#closed) throw new Unanswered('closed');
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Unanswered('late')), this.#deadlineMs);
    this.#giveUp = reject;
    try {
      return await Promise.race([this.#present().ask(question), givenUp]);
    } catch (error) {
      // Whatever it was asked, it may still be at it.
      void this.renew();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#giveUp = null;
    }
  }

  #present(): Answerer<Question, Answer> {
    if (this.#answerer !== null) return this.#answerer;
    const answerer = this.#begin(() => {
      if (this.#answerer === answerer) this.#answerer = null;
    });
    this.#answerer = answerer;
    return answerer;
  }

  /** One that cannot even be started is as good as dead. */
  #begin(onDeath: () => void): Answerer<Question, Answer> {
    try {
      return this.#start(onDeath);
    } catch (error) {
      throw new Unanswered('died', error instanceof Error ? error.message : String(error));
    }
  }
}
