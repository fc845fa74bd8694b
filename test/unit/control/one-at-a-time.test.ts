import { describe, expect, it } from 'vitest';
import { OneAtATime, Unanswered, type Answerer } from '../../../src/control/one-at-a-time.ts';

/** An answerer that does what its questions say. */
class Oracle implements Answerer<string, string> {
  readonly onDeath: () => void;
  readonly asked: string[] = [];
  ended = false;
  #open: PromiseWithResolvers<string> | null = null;

  constructor(onDeath: () => void) {
    this.onDeath = onDeath;
  }

  ask(question: string): Promise<string> {
    this.asked.push(question);
    if (question === 'hang') return new Promise(() => undefined);
    if (question === 'die') return Promise.reject(this.#die());
    this.#open = Promise.withResolvers();
    if (question !== 'hold') this.#open.resolve(`${question}!`);
    return this.#open.promise;
  }

  /** Answers what it holds back. */
  release(): void {
    this.#open?.resolve('held!');
  }

  end(): Promise<void> {
    this.ended = true;
    return Promise.resolve();
  }

  #die(): Unanswered {
    this.onDeath();
    return new Unanswered('died', 'of that');
  }
}

/** A desk and the oracles it has started. */
function desk(deadlineMs = 10_000, mostQuestions?: number): { desk: OneAtATime<string, string>; oracles: Oracle[] } {
  const oracles: Oracle[] = [];
  const start = (onDeath: () => void): Oracle => {
    const oracle = new Oracle(onDeath);
    oracles.push(oracle);
    return oracle;
  };
  return { desk: new OneAtATime(start, deadlineMs, mostQuestions), oracles };
}

describe('questions to somebody who answers', () => {
  it('start nobody before the first', () => {
    expect(desk().oracles).toEqual([]);
  });

  it('are answered, each to its asker, by one answerer', async () => {
    const { desk: own, oracles } = desk();
    expect(await Promise.all([own.ask('a'), own.ask('b'), own.ask('c')])).toEqual(['a!', 'b!', 'c!']);
    expect(oracles.map(({ asked }) => asked)).toEqual([['a', 'b', 'c']]);
  });

  it('are put one at a time', async () => {
    const { desk: own, oracles } = desk();
    const [first, second] = [own.ask('hold'), own.ask('b')];
    await new Promise(setImmediate);
    expect([oracles[0]?.asked, own.waiting]).toEqual([['hold'], 2]);
    oracles[0]?.release();
    expect(await Promise.all([first, second])).toEqual(['held!', 'b!']);
    expect(own.waiting).toBe(0);
  });

  it('go to one that nobody has asked before when that is what is wanted, in their turn', async () => {
    const { desk: own, oracles } = desk();
    await Promise.all([own.ask('a'), own.askAnew('b'), own.ask('c')]);
    expect(oracles.map(({ asked, ended }) => [asked, ended])).toEqual([
      [['a'], true],
      [['b', 'c'], false],
    ]);
  });

  it('go to another answerer after as many as one is asked', async () => {
    const { desk: own, oracles } = desk(10_000, 2);
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((question) => own.ask(question)));
    expect(oracles.map(({ asked, ended }) => [asked, ended])).toEqual([
      [['a', 'b'], true],
      [['c', 'd'], true],
      [['e'], false],
    ]);
  });

  it('go to another answerer after it was renewed', async () => {
    const { desk: own, oracles } = desk();
    await own.ask('a');
    await own.renew();
    await own.ask('b');
    expect(oracles.map(({ asked, ended }) => [asked, ended])).toEqual([
      [['a'], true],
      [['b'], false],
    ]);
  });
});

describe('questions to somebody who does not', () => {
  it('fail alone when the answerer dies over one', async () => {
    const { desk: own, oracles } = desk();
    const [before, fatal, after] = [own.ask('a'), own.ask('die'), own.ask('b')];
    await expect(fatal).rejects.toMatchObject({ why: 'died', message: 'of that' });
    expect(await Promise.all([before, after])).toEqual(['a!', 'b!']);
    expect(oracles.map(({ asked }) => asked)).toEqual([['a', 'die'], ['b']]);
  });

  it('fail alone when the answerer takes too long over one, and it is ended', async () => {
    const { desk: own, oracles } = desk(20);
    const [late, after] = [own.ask('hang'), own.ask('b')];
    await expect(late).rejects.toMatchObject({ why: 'late' });
    expect(await after).toBe('b!');
    expect(oracles.map(({ ended }) => ended)).toEqual([true, false]);
  });

  it('find another after a death between two of them', async () => {
    const { desk: own, oracles } = desk();
    await own.ask('a');
    oracles[0]?.onDeath();
    expect(await own.ask('b')).toBe('b!');
    expect(oracles).toHaveLength(2);
  });

  it('fail as unstarted when there is none to be had, and ask again the next time', async () => {
    let attempts = 0;
    const own = new OneAtATime<string, string>((onDeath) => {
      attempts += 1;
      if (attempts === 1) throw new RangeError('no room for a process');
      return new Oracle(onDeath);
    }, 10_000);
    await expect(own.ask('a')).rejects.toMatchObject({ why: 'unstarted', message: 'no room for a process' });
    expect(await own.ask('a')).toBe('a!');
  });

  it('are not harmed by the late news of a death', async () => {
    const { desk: own, oracles } = desk();
    await own.ask('a');
    await own.renew();
    await own.ask('b');
    oracles[0]?.onDeath();
    await own.ask('c');
    expect(oracles).toHaveLength(2);
  });
});

describe('a close', () => {
  it('gives up the question at hand, those that wait, and all later ones', async () => {
    const { desk: own, oracles } = desk();
    const closed = [own.ask('hang'), own.ask('b')].map((question) =>
      expect(question).rejects.toMatchObject({ why: 'closed' }),
    );
    await new Promise(setImmediate);
    await own.close();
    await Promise.all(closed);
    await expect(own.ask('c')).rejects.toBeInstanceOf(Unanswered);
    expect(oracles.map(({ asked, ended }) => [asked, ended])).toEqual([[['hang'], true]]);
    await own.close();
  });

  it('of one that was never asked starts nobody', async () => {
    const { desk: own, oracles } = desk();
    await own.close();
    expect(oracles).toEqual([]);
  });

  it('is over when everybody who was let go before has ended too', async () => {
    const slow = Promise.withResolvers<undefined>();
    const order: string[] = [];
    const own = new OneAtATime<string, string>(
      () => ({ ask: () => Promise.reject(new Unanswered('late')), end: () => slow.promise }),
      10_000,
    );
    await expect(own.ask('a')).rejects.toMatchObject({ why: 'late' });
    const closing = own.close().then(() => order.push('closed'));
    await new Promise(setImmediate);
    order.push('ended');
    slow.resolve(undefined);
    await closing;
    expect(order).toEqual(['ended', 'closed']);
  });
});
