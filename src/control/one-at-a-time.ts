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

/** Why a question has no answer: the answerer could not be started, died over it, took too long, or is asked nothing more. */
export type WhyUnanswered = 'unstarted' | 'died' | 'late' | 'closed';

/** A question without an answer. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  readonly why: WhyUnanswered;

  constructor(why: WhyUnanswered, message: string = why) {
    super(message);
    this.why = why;
  }
}

/** Asks in the order of calls. A question that is not answered costs its asker the answer and nobody else anything. */
export class OneAtATime<Question, Answer> {
  readonly #start: Start<Question, Answer>;
  readonly #deadlineMs: number;
  readonly #mostQuestions: number;
  /** Questions that the present answerer was asked. */
  #asked = 0;
  #answerer: Answerer<Question, Answer> | null = null;
  /** Answerers that were let go and have not ended yet. */
  #leaving: Promise<unknown> = Promise.resolve();
  #last: Promise<unknown> = Promise.resolve();
  #giveUp: ((reason: Unanswered) => void) | null = null;
  #waiting = 0;
  #closed = false;

  /**
   * @param deadlineMs - How long one answer may take, from when the question is put.
   * @param mostQuestions - How many one answerer is asked; the next question finds another.
   */
  constructor(start: Start<Question, Answer>, deadlineMs: number, mostQuestions = Infinity) {
    this.#start = start;
    this.#deadlineMs = deadlineMs;
    this.#mostQuestions = mostQuestions;
  }

  /** Questions that have no answer yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Puts a question when those before it are answered. Rejects with {@link Unanswered}. */
  ask(question: Question): Promise<Answer> {
    return this.#inTurn(() => this.#put(question));
  }

  /** The same, to an answerer that nobody has asked before. */
  askAnew(question: Question): Promise<Answer> {
    return this.#inTurn(async () => {
      await this.renew();
      return this.#put(question);
    });
  }

  /** Lets the present answerer go, and waits for all that were let go; the next question starts another. Not while one is being answered. */
  async renew(): Promise<void> {
    const answerer = this.#answerer;
    this.#answerer = null;
    if (answerer !== null) this.#leaving = Promise.all([this.#leaving, answerer.end()]);
    await this.#leaving;
  }

  /** Ends it all: the question at hand and those that wait reject as `closed`, and so do all later ones. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#giveUp?.(new Unanswered('closed'));
    await this.renew();
  }

  #inTurn(put: () => Promise<Answer>): Promise<Answer> {
    this.#waiting += 1;
    const answer = this.#last.then(put).finally(() => (this.#waiting -= 1));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #put(question: Question): Promise<Answer> {
    if (this.#asked >= this.#mostQuestions) await this.renew();
    if (this.#closed) throw new Unanswered('closed');
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Unanswered('late')), this.#deadlineMs);
    this.#giveUp = reject;
    try {
      const answerer = this.#present();
      this.#asked += 1;
      return await Promise.race([answerer.ask(question), givenUp]);
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
    this.#asked = 0;
    return answerer;
  }

  #begin(onDeath: () => void): Answerer<Question, Answer> {
    try {
      return this.#start(onDeath);
    } catch (error) {
      throw new Unanswered('unstarted', error instanceof Error ? error.message : String(error));
    }
  }
}
