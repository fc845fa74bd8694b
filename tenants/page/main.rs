//! A page that shows what its own request looked like from inside the sandbox.
//!
//! Everything shown comes from the client, so everything is escaped. Credentials are counted, not repeated: a page that
//! echoes them would hand HttpOnly cookies to any script that can fetch it.
#![no_std]

#[path = "../bindings/http_handler.rs"]
mod http;
mod output;

use http::Kind::{Request, Response};
use output::Output;

const TEMPLATE: &str = include_str!("page.html");
/// Headers whose value is a secret of the client.
const SECRETS: [&[u8]; 3] = [b"authorization", b"cookie", b"proxy-authorization"];
/// What CSS and SVG inside the page need, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TOO_LONG: &[u8] = b"(too long to show)";

fn write_headers(out: &mut Output) {
    let (mut names_buffer, mut value_buffer) = ([0; 8192], [0; 8192]);
    let names = match http::header_names(Request, &mut names_buffer) {
        Some(names) => names,
        None => return out.escaped(TOO_LONG),
    };
    for name in names {
        match http::header_values(Request, name, &mut value_buffer) {
            Some(values) => values.for_each(|value| write_header(out, name, value)),
            None => write_header(out, name, TOO_LONG),
        }
    }
}

fn write_header(out: &mut Output, name: &[u8], value: &[u8]) {
    out.text("<div><dt>");
    out.escaped(name);
    out.text("</dt><dd>");
    if SECRETS.contains(&name) {
        out.text("<em>");
        out.number(value.len());
        out.text(" bytes, kept out of this page</em>");
    } else {
        out.escaped(value);
    }
    out.text("</dd></div>");
}

fn write_slot(out: &mut Output, slot: &str) {
    let mut buffer = [0; 4096];
    match slot {
        "method" => out.escaped(http::method(&mut buffer).unwrap_or(TOO_LONG)),
        "target" => out.escaped(http::uri(&mut buffer).unwrap_or(TOO_LONG)),
        "protocol" => out.escaped(http::protocol_version(&mut buffer).unwrap_or(TOO_LONG)),
        "source" => out.escaped(http::source_addr(&mut buffer).unwrap_or(TOO_LONG)),
        "memory" => out.number(core::arch::wasm32::memory_size(0) * 64),
        "headers" => write_headers(out),
        _ => core::arch::wasm32::unreachable(),
    }
}

/// Copies the template, with each `{{slot}}` filled.
fn render(out: &mut Output) {
    let mut pieces = TEMPLATE.split("{{");
    out.text(pieces.next().unwrap_or(""));
    for piece in pieces {
        let mut halves = piece.splitn(2, "}}");
        write_slot(out, halves.next().unwrap_or(""));
        out.text(halves.next().unwrap_or(""));
    }
}

#[no_mangle]
pub extern "C" fn handle_request() -> u64 {
    http::set_header(Response, "content-type", "text/html; charset=utf-8");
    http::set_header(Response, "content-security-policy", POLICY);
    http::set_header(Response, "x-content-type-options", "nosniff");
    http::set_header(Response, "referrer-policy", "no-referrer");
    http::set_header(Response, "cache-control", "no-store");
    let mut out = Output::new();
    render(&mut out);
    out.flush();
    http::DONE
}

#[no_mangle]
pub extern "C" fn handle_response(_context: u32, _is_error: u32) {}
