import { describe, expect, it } from 'vitest';
import { parseCidr } from '../../src/config-values.ts';

describe('parseCidr', () => {
  it('takes a bare address for itself alone', () => {
    expect(parseCidr('192.0.2.1')).toEqual({ address: '192.0.2.1', prefix: 32, family: 'ipv4' });
    expect(parseCidr('2001:DB8:0:0::1')).toEqual({ address: '2001:db8::1', prefix: 128, family: 'ipv6' });
  });

  it('takes the widest and the narrowest range', () => {
    expect(parseCidr('0.0.0.0/0')?.prefix).toBe(0);
    expect(parseCidr('::/128')?.prefix).toBe(128);
  });
});
