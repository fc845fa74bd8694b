//! A CGI program that streams: server-sent events, one every so often, with the standard library alone.
//!
//! `?count=5&every=200` sends five events 200 ms apart. Each reaches the client while the program sleeps.
use std::env;
use std::io::{self, Write};
use std::thread::sleep;
use std::time::Duration;

const MAX_COUNT: u64 = 100;
const MAX_PAUSE_MS: u64 = 5_000;

/// A number of the query, or what stands for it; at most `most`.
fn number(query: &str, name: &str, standard: u64, most: u64) -> u64 {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(standard)
        .min(most)
}

fn main() -> io::Result<()> {
    let query = env::var("QUERY_STRING").unwrap_or_default();
    let count = number(&query, "count", 5, MAX_COUNT);
    let pause = Duration::from_millis(number(&query, "every", 200, MAX_PAUSE_MS));
    let mut out = io::stdout().lock();
    out.write_all(b"Content-Type: text/event-stream\nCache-Control: no-store\n\n")?;
    for tick in 1..=count {
        if tick > 1 {
            sleep(pause);
        }
        writeln!(out, "data: {tick} of {count}\n")?;
        out.flush()?;
    }
    Ok(())
}
