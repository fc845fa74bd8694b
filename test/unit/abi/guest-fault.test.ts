import { expect, it } from 'vitest';
import { GuestExit, GuestFault } from '../../../src/abi/guest-fault.ts';

it('a fault is a trap unless it says another outcome', () => {
  expect(new GuestFault('why').outcome).toBe('guest_trap');
  expect(new GuestFault('why', 'memory_limit')).toMatchObject({ message: 'why', outcome: 'memory_limit' });
});

it('an exit carries its status, and is no fault', () => {
  const exit = new GuestExit(3);
  expect(exit).toMatchObject({ status: 3, message: 'the guest exited with status 3' });
  expect(exit).not.toBeInstanceOf(GuestFault);
});
