//! Greets a client by how often it came, with a greeting from the config, and sends it away when it comes too often.
//!
//! What is kept of a client is a count under its address, for a day after its last visit.
#![no_std]

#[path = "../bindings/http_handler.rs"]
mod http;
#[path = "../bindings/kerb.rs"]
mod kerb;

use http::Kind::Response;
use kerb::{Error, Mode, Store};

/// Requests of one address in a window of so many seconds.
const MOST_REQUESTS: u32 = 30;
const WINDOW_SECONDS: u32 = 10;
/// How long a client is remembered. One day.
const KEPT_SECONDS: u32 = 86_400;
/// How often it is tried to be the one who counts.
const ATTEMPTS: usize = 16;

/// The address without its port.
fn address(buf: &mut [u8]) -> &[u8] {
    let source = http::source_addr(buf).unwrap_or(b"unknown:0");
    let end = source.iter().rposition(|&byte| byte == b':').unwrap_or(source.len());
    &source[..end]
}

/// Counts a visit; nobody else may have counted between reading and writing.
fn count_visit(store: &Store, client: &[u8]) -> Result<u32, Error> {
    let mut buf = [0; 4];
    for _ in 0..ATTEMPTS {
        let count = match store.get(client, &mut buf) {
            Ok(bytes) => bytes.iter().rev().fold(0, |sum: u32, &byte| sum << 8 | byte as u32),
            Err(Error::Absent) => 0,
            Err(error) => return Err(error),
        };
        let next = count.wrapping_add(1);
        let generation = store.generation(client)?;
        match store.put(client, &next.to_le_bytes(), KEPT_SECONDS, Mode::IfGeneration(generation)) {
            Ok(_) => return Ok(next),
            Err(Error::Conflict) => continue,
            Err(error) => return Err(error),
        }
    }
    Err(Error::Conflict)
}

/// A number in decimal, in the end of `buf`.
fn decimal(mut number: u32, buf: &mut [u8; 10]) -> &[u8] {
    let mut at = buf.len();
    loop {
        at -= 1;
        buf[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &buf[at..];
        }
    }
}

fn refuse(status: u32, why: &str) -> u64 {
    http::set_status(status);
    http::write(Response, why.as_bytes());
    http::DONE
}

#[no_mangle]
pub extern "C" fn handle_request() -> u64 {
    http::set_header(Response, "content-type", "text/plain; charset=utf-8");
    let mut source = [0; 64];
    let client = address(&mut source);
    if kerb::count(client, WINDOW_SECONDS, 1).unwrap_or(u32::MAX) > MOST_REQUESTS {
        http::set_header(Response, "retry-after", "10");
        return refuse(429, "Too many requests.\n");
    }
    let visits = Store::open("visitors").and_then(|store| count_visit(&store, client));
    let visits = match visits {
        Ok(visits) => visits,
        Err(_) => return refuse(503, "Visitors cannot be counted now.\n"),
    };
    let mut text = [0; 256];
    http::write(Response, kerb::config("greeting", &mut text).unwrap_or(b"Hello"));
    http::write(Response, b", visitor of ");
    http::write(Response, decimal(visits, &mut [0; 10]));
    http::write(Response, if visits == 1 { b" visit.\n" } else { b" visits.\n" });
    http::DONE
}

#[no_mangle]
pub extern "C" fn handle_response(_context: u32, _is_error: u32) {}
