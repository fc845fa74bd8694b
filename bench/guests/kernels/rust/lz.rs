//! Compresses 64 KiB of words by back references found through hash chains, and takes it apart again: n times.
mod random;
use random::next_random;

const SIZE: usize = 65_536;
const WINDOW: usize = 32_768;
const BUCKETS: usize = 4_096;
const LEAST: usize = 4;
const MOST: usize = 130;
const CHAIN: usize = 16;
const NOWHERE: u32 = u32::MAX;

fn words() -> Vec<u8> {
    let mut seed = 77;
    let dictionary: Vec<Vec<u8>> = (0..300)
        .map(|_| (0..next_random(&mut seed) % 8 + 2).map(|_| b'a' + (next_random(&mut seed) % 26) as u8).collect())
        .collect();
    let mut text = Vec::with_capacity(SIZE + 16);
    while text.len() < SIZE {
        let pick = next_random(&mut seed) as usize;
        text.extend_from_slice(&dictionary[pick % dictionary.len()]);
        text.push(if pick & 0xf0000 == 0 { b'\n' } else { b' ' });
    }
    text.truncate(SIZE);
    text
}

fn hash(bytes: &[u8]) -> usize {
    let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    (word.wrapping_mul(2_654_435_761) >> 20) as usize % BUCKETS
}

fn compress(input: &[u8]) -> Vec<u8> {
    let mut heads = vec![NOWHERE; BUCKETS];
    let mut chain = vec![NOWHERE; input.len()];
    let mut output = Vec::with_capacity(input.len());
    let (mut at, mut literals) = (0, 0);
    while at < input.len() {
        let (mut best, mut distance) = (0, 0);
        if at + LEAST <= input.len() {
            let bucket = hash(&input[at..]);
            let mut candidate = heads[bucket];
            for _ in 0..CHAIN {
                if candidate == NOWHERE || at - candidate as usize > WINDOW {
                    break;
                }
                let length = matching(&input[candidate as usize..], &input[at..]);
                if length > best {
                    (best, distance) = (length, at - candidate as usize);
                }
                candidate = chain[candidate as usize];
            }
            chain[at] = heads[bucket];
            heads[bucket] = at as u32;
        }
        if best >= LEAST {
            flush(&mut output, &input[literals..at]);
            output.push(0x80 | (best - LEAST) as u8);
            output.extend_from_slice(&(distance as u16).to_le_bytes());
            at += best;
            literals = at;
        } else {
            at += 1;
        }
    }
    flush(&mut output, &input[literals..]);
    output
}

fn matching(earlier: &[u8], later: &[u8]) -> usize {
    earlier.iter().zip(later).take(MOST).take_while(|(a, b)| a == b).count()
}

fn flush(output: &mut Vec<u8>, literals: &[u8]) {
    for part in literals.chunks(128) {
        output.push((part.len() - 1) as u8);
        output.extend_from_slice(part);
    }
}

fn expand(input: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(SIZE);
    let mut at = 0;
    while at < input.len() {
        let control = input[at] as usize;
        at += 1;
        if control < 0x80 {
            output.extend_from_slice(&input[at..=at + control]);
            at += control + 1;
        } else {
            let start = output.len() - u16::from_le_bytes([input[at], input[at + 1]]) as usize;
            for from in start..start + (control & 0x7f) + LEAST {
                output.push(output[from]);
            }
            at += 2;
        }
    }
    output
}

#[no_mangle]
pub extern "C" fn run(n: u32) -> u32 {
    let mut text = words();
    let mut size = 0;
    for round in 0..n as usize {
        text[round % SIZE] ^= 1;
        let packed = compress(&text);
        let unpacked = expand(&packed);
        size += if unpacked == text { packed.len() as u32 } else { 1_000_000 };
    }
    size
}
