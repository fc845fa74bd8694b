//! Numbers that look random and are not.

/// A step of a xorshift generator; the state must not be 0.
pub fn next_random(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}
