//! Answers every request itself: says what was asked for, and writes a line to the log.
#![no_std]

mod http_handler;

use http_handler::{self as http, Kind, Level};

fn answer(status: u32, body: &[u8]) -> u64 {
    http::set_status(status);
    http::set_header(Kind::Response, "content-type", "text/plain; charset=utf-8");
    http::write(Kind::Response, body);
    http::DONE
}

#[no_mangle]
pub extern "C" fn handle_request() -> u64 {
    let (mut method, mut uri) = ([0; 32], [0; 2048]);
    let Some(method) = http::method(&mut method) else {
        return answer(501, b"501 Not Implemented\n");
    };
    let Some(uri) = http::uri(&mut uri) else {
        return answer(414, b"414 URI Too Long\n");
    };

    http::log(Level::Info, uri);
    answer(200, b"Hello from Rust: ");
    for part in [method, b" ", uri, b"\n"] {
        http::write(Kind::Response, part);
    }
    http::DONE
}

/// Called with the origin's response, which there is only after `NEXT`.
#[no_mangle]
pub extern "C" fn handle_response(_context: u32, _is_error: u32) {}
