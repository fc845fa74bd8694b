import { describe, expect, it } from 'vitest';
import { kerb } from '../cli/kerb.ts';

/** Nothing answers there: the lab has a server of its own, or none. */
const NOWHERE = 'http://127.0.0.1:1';

describe('kerb lab', () => {
  it.each([
    [['--tenants', '0'], '--tenants: "0" is not a whole number from 1 to 100000'],
    [['--hostile', '101%'], '--hostile: "101%" is not a percentage from 0 to 100'],
    [['--hostile', 'some'], '--hostile: "some" is not a percentage'],
    [['--minutes', '1e3'], '--minutes: "1e3" is not a number from 0.05 to 1440'],
    [['--minutes', '0.01'], '--minutes: "0.01" is not a number'],
    [['--shape', 'flat'], '--shape: "flat" is not one of azure, zipf'],
    [['--memory-target', '10'], '--memory-target: "10" is not a whole number from 320'],
    [['folder'], '"folder" is one argument too many'],
  ])('%j is a wrong command line', async (argv, message) => {
    const { code, stderr } = await kerb(NOWHERE, ['lab', ...argv]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('explains every option', async () => {
    const { code, stdout } = await kerb(NOWHERE, ['lab', '--help']);
    expect(code).toBe(0);
    for (const option of ['tenants', 'minutes', 'rate', 'shape', 'exponent', 'seed', 'hostile', 'hostile-rate', 'out'])
      expect(stdout).toContain(`--${option} `);
    expect(stdout).toContain('open loop');
  });
});
