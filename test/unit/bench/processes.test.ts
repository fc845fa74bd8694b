import { describe, expect, it } from 'vitest';
import { killAll, Started } from '../../../bench/processes.ts';

const node = (code: string): Started => new Started({ program: process.execPath, args: ['-e', code] });
const FOREVER = 'setInterval(() => 0, 1e6);';

describe('Started', () => {
  it('hears all of its streams, the third too', async () => {
    const started = node(`console.log('a'); console.error('b'); require('fs').writeSync(3, 'c\\n'); ${FOREVER}`);
    await started.until((said) => (['a\n', 'b\n', 'c\n'].every((part) => said.includes(part)) ? true : null));
    expect(started.running).toBe(true);
    await started.stop();
    expect(started.running).toBe(false);
  });

  it('says what a program said that ended instead of getting ready', async () => {
    await expect(node("console.error('no room'); process.exit(3)").until(() => null)).rejects.toThrow('no room');
  });

  it('says how long it waited for a program that never answers', async () => {
    const started = node(FOREVER);
    await expect(started.until(() => null, 20)).rejects.toThrow('not ready after 20 ms');
    await started.stop();
  });

  it('says that a program is not there', async () => {
    const missing = new Started({ program: '/no/such/program', args: [] });
    await expect(missing.until(() => null)).rejects.toThrow('ENOENT');
    expect(() => missing.pid).toThrow('could not be started');
  });

  it('puts the prefix before the program, in the same process', async () => {
    const started = new Started({
      program: process.execPath,
      args: ['-e', `console.log(process.pid); ${FOREVER}`],
      prefix: ['env'],
    });
    const pid = await started.until((said) => /^(\d+)\n/.exec(said)?.[1] ?? null);
    expect(Number(pid)).toBe(started.pid);
    await started.stop();
  });

  it('stops once, however often it is asked', async () => {
    const started = node(FOREVER);
    await Promise.all([started.stop(), started.stop()]);
    await started.stop();
    expect(started.running).toBe(false);
  });
});

describe('killAll', () => {
  it('ends everything that is left', async () => {
    const both = [node(FOREVER), node(FOREVER)];
    killAll();
    await Promise.all(both.map((one) => expect(one.until(() => null)).rejects.toThrow('has ended')));
  });
});
