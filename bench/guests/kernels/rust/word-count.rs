//! Counts n words in the standard library's hash map and sorts the counts: allocation, SipHash, trait objects.
mod random;
use random::next_random;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

type Counts = HashMap<String, u32, BuildHasherDefault<std::hash::DefaultHasher>>;

#[no_mangle]
pub extern "C" fn run(n: u32) -> u32 {
    let mut seed = 8;
    let mut counts = Counts::default();
    for _ in 0..n {
        let word = next_random(&mut seed) % 3_000;
        *counts.entry(format!("word-{word}")).or_insert(0) += 1;
    }
    let mut sorted: Vec<(String, u32)> = counts.into_iter().collect();
    sorted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted.iter().take(100).fold(0, |sum: u32, (word, count)| sum.wrapping_mul(31).wrapping_add(count + word.len() as u32))
}
