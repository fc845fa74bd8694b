//! Looks for words in 128 KiB of text with the standard library's `find`, and counts words by splitting: n times.
mod random;
use random::next_random;

#[no_mangle]
pub extern "C" fn run(n: u32) -> u32 {
    let mut seed = 4;
    let mut text = String::new();
    while text.len() < 131_072 {
        for _ in 0..next_random(&mut seed) % 9 + 1 {
            text.push((b'a' + (next_random(&mut seed) % 12) as u8) as char);
        }
        text.push(' ');
    }
    let mut total = 0;
    for round in 0..n {
        let needle = format!("{}ab{}", (b'c' + (round % 5) as u8) as char, (b'e' + (round % 7) as u8) as char);
        let mut from = 0;
        while let Some(found) = text[from..].find(&needle) {
            from += found + 1;
            total += found as u32;
        }
        total += text.split(' ').filter(|word| word.len() > 4 && word.ends_with('a')).count() as u32;
    }
    total
}
