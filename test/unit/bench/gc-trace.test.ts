import { describe, expect, it } from 'vitest';
import { parsePauses } from '../../../bench/gc-trace.ts';

const YOUNG =
  '[123:0x7f00]      531 ms: Scavenge 19.3 (22.1) -> 18.1 (26.6) MB, pooled: 0.0 MB, 3.21 / 0.00 ms (average mu = 1.000, current mu = 1.000) allocation failure; ';
const FULL =
  '[123:0x7f00]      913 ms: Mark-Compact 40.1 (50.0) -> 30.2 (51.1) MB, pooled: 1.5 MB, 21.50 / 0.02 ms (+ 10.1 ms in 12 steps since start of marking, biggest step 3.0 ms) (average mu = 0.9, current mu = 0.9) finalize incremental marking via stack guard; GC in old space requested';

describe('parsePauses', () => {
  it('reads kind and length', () => {
    expect(parsePauses(`${YOUNG}\n${FULL}\n`)).toEqual([
      { kind: 'young', ms: 3.21 },
      { kind: 'full', ms: 21.5 },
    ]);
  });

  it('reads traces without the pooled memory', () => {
    expect(parsePauses(YOUNG.replace('pooled: 0.0 MB, ', ''))).toEqual([{ kind: 'young', ms: 3.21 }]);
  });

  it('passes over anything else', () => {
    expect(parsePauses('ready: 3 apps\n[123:0x7f00] Memory reducer: started GC\n')).toEqual([]);
  });
});
