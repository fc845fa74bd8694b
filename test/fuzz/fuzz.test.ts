import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MODES } from './corpus.ts';
import type { Mode } from './corpus.ts';
import { NEAR_LIMITS } from './near-limits.ts';
import { keepWordSet } from './oracle/kept-word.ts';
import type { KeptWord } from './oracle/kept-word.ts';
import { KERB } from './oracle/subject.ts';
import { Statistics } from './statistics.ts';
import { trial } from './trial.ts';

/** A short run of what `npm run fuzz` does for longer: the first seed, and how many. */
const RUNS: Readonly<Record<Mode, { readonly first: number; readonly count: number }>> = {
  generate: { first: 20_000, count: 70 },
  endless: { first: 20_000, count: 60 },
  mutate: { first: 20_000, count: 120 },
  limits: { first: 0, count: NEAR_LIMITS.length * 2 },
};

/** What must have happened in a run, at least, or it shows nothing. */
const SEEN: Readonly<Record<Mode, Readonly<Record<string, number>>>> = {
  generate: { calls: 1_000, traps: 100, exceptions: 50, checks: 500 },
  endless: { kills: 80, ends: 80 },
  mutate: { malformed: 50, accepted: 10, kills: 5 },
  limits: { accepted: NEAR_LIMITS.length, refused: NEAR_LIMITS.length },
};

let kept: KeptWord;
beforeAll(async () => {
  kept = await keepWordSet();
});
afterAll(() => kept.stop());

describe('a short seeded run finds nothing', () => {
  it.each(MODES)('%s', (mode) => {
    const { first, count } = RUNS[mode];
    const statistics = new Statistics();
    const found: string[] = [];
    for (let seed = first; seed < first + count; seed++) {
      const verdict = trial(mode, seed, KERB, kept.epoch);
      statistics.add(mode, verdict);
      if (verdict.kind === 'finding')
        found.push(`npm run fuzz -- --only ${mode} --seed ${seed} --count 1: ${verdict.message}`);
    }
    expect(found).toEqual([]);
    expect(statistics.inconclusive).toBeLessThan(count / 10);
    for (const [fact, least] of Object.entries(SEEN[mode]))
      expect(statistics.of(mode, fact), `how often: ${fact}`).toBeGreaterThanOrEqual(least);
  });
});
