import { describe, expect, it } from 'vitest';
import { canaryFault, FAULT_MARGIN, LEAST_COMPARED, LEAST_COST_US } from '../../../src/control/canary-verdict.ts';

const sound = { requests: 1_000, guestFaults: 0, cpuUs: 1_000_000 };
const failing = (guestFaults: number, requests = 1_000) => ({ requests, guestFaults, cpuUs: 0 });
const costing = (us: number, requests = 1_000) => ({ requests, guestFaults: 0, cpuUs: us * requests });

describe('a canary that fails', () => {
  it('has to go with its first request, when the active version fails none', () => {
    expect(canaryFault(failing(1, 1), sound, 2)).toBe("1 of its 1 requests failed, of the active version's 0 of 1000");
  });

  it('may stay up to the margin above the active version, and has to go one request beyond', () => {
    const margin = FAULT_MARGIN * 1_000;
    expect(canaryFault(failing(margin), failing(0), 2)).toBeNull();
    expect(canaryFault(failing(margin + 1), failing(0), 2)).toContain(`${margin + 1} of its 1000`);
    expect(canaryFault(failing(50 + margin), failing(50), 2)).toBeNull();
    expect(canaryFault(failing(51 + margin), failing(50), 2)).not.toBeNull();
  });

  it('no more than the active version may stay, however much that is', () => {
    expect(canaryFault(failing(900), failing(900), 2)).toBeNull();
    expect(canaryFault(failing(10), failing(990), 2)).toBeNull();
  });

  it('while the active version has had no request is compared with none failing', () => {
    expect(canaryFault(failing(1), failing(0, 0), 2)).toBeNull();
    expect(canaryFault(failing(20), failing(0, 0), 2)).not.toBeNull();
  });
});

describe('a canary that costs', () => {
  it('exactly what is allowed may stay; a little more has to go', () => {
    expect(canaryFault(costing(2_000), costing(1_000), 2)).toBeNull();
    expect(canaryFault(costing(2_001), costing(1_000), 2)).toMatch(/costs 2001 us .* 1000, and 2 times/);
    expect(canaryFault(costing(1_501), costing(1_000), 1.5)).not.toBeNull();
  });

  it('is not compared before both have had enough requests', () => {
    expect(canaryFault(costing(9_000, LEAST_COMPARED - 1), costing(1_000), 2)).toBeNull();
    expect(canaryFault(costing(9_000), costing(1_000, LEAST_COMPARED - 1), 2)).toBeNull();
    expect(canaryFault(costing(9_000, LEAST_COMPARED), costing(1_000, LEAST_COMPARED), 2)).not.toBeNull();
  });

  it('too little to matter may stay, however many times the other it is', () => {
    expect(canaryFault(costing(LEAST_COST_US - 1), costing(1), 2)).toBeNull();
    expect(canaryFault(costing(LEAST_COST_US), costing(1), 2)).not.toBeNull();
  });

  it('less may stay, and so may one of which nothing is known', () => {
    expect(canaryFault(costing(500), costing(1_000), 2)).toBeNull();
    expect(canaryFault(failing(0, 0), sound, 2)).toBeNull();
    expect(canaryFault(failing(0, 0), failing(0, 0), 2)).toBeNull();
  });
});
