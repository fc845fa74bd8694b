//! A small JSON API: `POST /quote` adds up a shopping list, `GET /` says how.
//!
//! Shows a body read in chunks, strict parsing, and problem answers (RFC 9457) that name what is wrong and where.
#![no_std]

#[path = "../bindings/http_handler.rs"]
mod http;
mod json;
mod quote;

use http::Kind::{Request, Response};
use json::{Node, SyntaxError};
use quote::{Quote, Violation};

/// Largest body that this API looks at.
const BODY_MAX: usize = 16 * 1024;
/// Most JSON values in one body: 50 items need about 350.
const NODES_MAX: usize = 1024;

const USAGE: &str = concat!(
    "{\"usage\":\"POST /quote\",\"example\":{\"currency\":\"EUR\",\"discount_percent\":10,\"tax_percent\":20,",
    "\"items\":[{\"name\":\"Tea\",\"price\":4.25,\"quantity\":3}]}}\n"
);

fn out(text: &str) {
    http::write(Response, text.as_bytes());
}

fn start(status: u32, content_type: &str) {
    http::set_status(status);
    http::set_header(Response, "content-type", content_type);
    http::set_header(Response, "cache-control", "no-store");
}

/// Writes a number in decimal, at least `width` digits.
fn out_number(mut value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    for slot in digits.iter_mut().rev() {
        if value == 0 && first <= 20 - width {
            break;
        }
        *slot = b'0' + (value % 10) as u8;
        value /= 10;
        first -= 1;
    }
    http::write(Response, digits.get(first..).unwrap_or(&[]));
}

/// Writes cents as a decimal string, `"12.50"`: a JSON number would be rounded by most readers.
fn out_money(name: &str, cents: u64) {
    out(",\"");
    out(name);
    out("\":\"");
    out_number(cents / 100, 1);
    out(".");
    out_number(cents % 100, 2);
    out("\"");
}

fn problem(status: u32, title: &str, detail: &str) {
    start(status, "application/problem+json");
    out("{\"title\":\"");
    out(title);
    out("\",\"detail\":\"");
    out(detail);
    out("\"");
}

fn refuse(status: u32, title: &str, detail: &str) {
    problem(status, title, detail);
    out("}\n");
}

fn refuse_syntax(error: SyntaxError) {
    problem(400, "Malformed JSON", error.reason);
    out(",\"offset\":");
    out_number(error.at as u64, 1);
    out("}\n");
}

/// `pointer` is a JSON Pointer (RFC 6901).
fn refuse_violation(violation: Violation) {
    problem(400, "Invalid quote", violation.rule);
    out(",\"pointer\":\"");
    if let Some(item) = violation.item {
        out("/items/");
        out_number(item as u64, 1);
    }
    if !violation.field.is_empty() {
        out("/");
        out(violation.field);
    }
    out("\"}\n");
}

fn answer(quote: &Quote<'_>) {
    start(200, "application/json");
    out("{\"currency\":\"");
    http::write(Response, quote.currency);
    out("\",\"lines\":[");
    for (index, item) in quote.items().iter().enumerate() {
        out(if index == 0 { "{\"name\":\"" } else { ",{\"name\":\"" });
        http::write(Response, item.name);
        out("\",\"quantity\":");
        out_number(item.quantity, 1);
        out_money("total", item.total_cents());
        out("}");
    }
    out("]");
    let sums = quote.sums();
    out_money("subtotal", sums.subtotal);
    out_money("discount", sums.discount);
    out_money("tax", sums.tax);
    out_money("total", sums.total);
    out("}\n");
}

/// Reads the whole body, chunk by chunk; `None` when it is longer than `buffer`.
fn read_whole(buffer: &mut [u8]) -> Option<&[u8]> {
    let mut length = 0;
    loop {
        let mut spare = [0; 1];
        let rest = buffer.get_mut(length..).filter(|rest| !rest.is_empty());
        let full = rest.is_none();
        let (chunk, last) = http::read(Request, rest.unwrap_or(&mut spare));
        if full && !chunk.is_empty() {
            return None;
        }
        length += chunk.len();
        if last {
            return buffer.get(..length);
        }
    }
}

/// Whether the media type is application/json, parameters aside (RFC 9110 section 8.3.1).
fn is_json() -> bool {
    let mut buffer = [0; 128];
    let value = http::header_values(Request, b"content-type", &mut buffer).and_then(|mut values| values.next());
    let media_type = value.and_then(|value| value.split(|&byte| byte == b';').next()).unwrap_or(&[]);
    let end = media_type.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    media_type.get(..end).map_or(false, |name| name.eq_ignore_ascii_case(b"application/json"))
}

fn post_quote() {
    if !is_json() {
        return refuse(415, "Unsupported media type", "send the quote as application/json");
    }
    let mut buffer = [0; BODY_MAX];
    let body = match read_whole(&mut buffer) {
        Some(body) => body,
        None => return refuse(413, "Content too large", "a quote has at most 16384 bytes"),
    };
    let mut nodes = [Node::EMPTY; NODES_MAX];
    match json::parse(body, &mut nodes) {
        Err(error) => refuse_syntax(error),
        Ok(document) => match quote::read(&document) {
            Err(violation) => refuse_violation(violation),
            Ok(quote) => answer(&quote),
        },
    }
}

fn refuse_method(allow: &str) {
    http::set_header(Response, "allow", allow);
    refuse(405, "Method not allowed", "see the Allow header");
}

fn get_usage() {
    start(200, "application/json");
    out(USAGE);
}

#[no_mangle]
pub extern "C" fn handle_request() -> u64 {
    let (mut uri_buffer, mut method_buffer) = ([0; 1024], [0; 16]);
    let uri = http::uri(&mut uri_buffer).unwrap_or(b"");
    let path = uri.split(|&byte| byte == b'?').next().unwrap_or(b"");
    let method = http::method(&mut method_buffer).unwrap_or(b"");
    match (path, method) {
        (b"/", b"GET" | b"HEAD") => get_usage(),
        (b"/", _) => refuse_method("GET, HEAD"),
        (b"/quote", b"POST") => post_quote(),
        (b"/quote", _) => refuse_method("POST"),
        _ => refuse(404, "Not found", "there are / and /quote"),
    }
    http::DONE
}

#[no_mangle]
pub extern "C" fn handle_response(_context: u32, _is_error: u32) {}
