//! The origin's page out of the object cache: one of many visitors fetches it, the others wait for that one, and for half a minute
//! nobody asks the origin. Then one visitor makes it anew while the others see the old one.
#![no_std]

#[path = "../bindings/kerb_cache.rs"]
mod cache;
#[path = "../bindings/kerb_fetch.rs"]
mod fetch;
#[path = "../bindings/http_handler.rs"]
mod http;

use cache::Fill;
use fetch::{Errno, Fetch, NO_TIMEOUT};
use http::Kind::Response;

const KEY: &str = "about";
const FRESH_SECONDS: u32 = 30;
const STALE_SECONDS: u32 = 300;
/// How long a visitor waits for the one who fetches the page.
const PATIENCE_MS: u32 = 2_000;

/// The page of the origin: how long it is. A page of another status than 200, or one that does not fit, is none.
fn page(buf: &mut [u8]) -> Result<usize, Errno> {
    let request = Fetch::request("site", "GET", "/about")?;
    if fetch::wait(request.send()?, NO_TIMEOUT)? != 200 {
        return Err(Errno(fetch::PROTOCOL));
    }
    let mut length = 0;
    loop {
        let read = request.read(&mut buf[length..])?.len();
        length += read;
        if read == 0 {
            return Ok(length);
        }
        if length == buf.len() {
            return Err(Errno(fetch::TOO_LARGE));
        }
    }
}

/// Fetches the page, keeps it and shows it; a page that cannot be had leaves the duty to the next visitor.
fn fill(fill: Fill, buf: &mut [u8]) -> u64 {
    match page(buf) {
        Ok(length) => {
            let _ = fill.put(&buf[..length], FRESH_SECONDS, STALE_SECONDS, "pages");
            show("miss", &buf[..length])
        }
        Err(_) => refuse(502, "The origin gives no page.\n"),
    }
}

fn show(state: &str, page: &[u8]) -> u64 {
    http::set_header(Response, "content-type", "text/plain; charset=utf-8");
    http::set_header(Response, "x-cache", state);
    http::write(Response, page);
    http::DONE
}

fn refuse(status: u32, why: &str) -> u64 {
    http::set_status(status);
    http::write(Response, why.as_bytes());
    http::DONE
}

#[no_mangle]
pub extern "C" fn handle_request() -> u64 {
    let (mut found, mut made) = ([0; 8192], [0; 8192]);
    match cache::lookup(KEY, PATIENCE_MS, &mut found) {
        Ok((_, Some(duty))) => fill(duty, &mut made),
        Ok((Some(object), None)) => show(
            if object.fresh_seconds > 0 { "hit" } else { "stale" },
            object.value.unwrap_or_default(),
        ),
        _ => refuse(503, "The page is not there yet.\n"),
    }
}

#[no_mangle]
pub extern "C" fn handle_response(_context: u32, _is_error: u32) {}
