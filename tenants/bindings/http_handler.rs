//! http-wasm http_handler ABI for Rust guests without `std`; the sample apps use it as `#[path = "../bindings/http_handler.rs"] mod http;`.
//!
//! Getters fill a buffer that the guest owns and answer `None` when the value is longer than the buffer.
#![allow(dead_code)]

use core::slice;

/// Whose headers or body.
#[derive(Clone, Copy)]
pub enum Kind {
    Request = 0,
    Response = 1,
}

/// How much a line of the log matters.
#[derive(Clone, Copy)]
pub enum Level {
    Debug = -1,
    Info = 0,
    Warn = 1,
    Error = 2,
}

/// What `handle_request` answers when the response is complete.
pub const DONE: u64 = 0;
/// What `handle_request` answers to hand the request on to the origin.
pub const NEXT: u64 = 1;

mod raw {
    #[link(wasm_import_module = "http_handler")]
    extern "C" {
        pub fn get_config(buf: *mut u8, limit: usize) -> usize;
        pub fn log(level: i32, message: *const u8, len: usize);
        pub fn get_header_names(kind: u32, buf: *mut u8, limit: usize) -> u64;
        pub fn get_header_values(kind: u32, name: *const u8, name_len: usize, buf: *mut u8, limit: usize) -> u64;
        pub fn set_header_value(kind: u32, name: *const u8, name_len: usize, value: *const u8, value_len: usize);
        pub fn read_body(kind: u32, buf: *mut u8, limit: usize) -> u64;
        pub fn write_body(kind: u32, body: *const u8, len: usize);
        pub fn get_method(buf: *mut u8, limit: usize) -> usize;
        pub fn get_uri(buf: *mut u8, limit: usize) -> usize;
        pub fn get_protocol_version(buf: *mut u8, limit: usize) -> usize;
        pub fn get_source_addr(buf: *mut u8, limit: usize) -> usize;
        pub fn set_status_code(status: u32);
    }
}

/// The part of `buf` that the host filled, or `None` when it needed more and so wrote nothing.
fn filled(buf: &[u8], len: usize) -> Option<&[u8]> {
    buf.get(..len)
}

/// Writes a line to the tenant's log.
pub fn log(level: Level, message: &[u8]) {
    unsafe { raw::log(level as i32, message.as_ptr(), message.len()) }
}

pub fn config(buf: &mut [u8]) -> Option<&[u8]> {
    let len = unsafe { raw::get_config(buf.as_mut_ptr(), buf.len()) };
    filled(buf, len)
}

pub fn method(buf: &mut [u8]) -> Option<&[u8]> {
    let len = unsafe { raw::get_method(buf.as_mut_ptr(), buf.len()) };
    filled(buf, len)
}

pub fn uri(buf: &mut [u8]) -> Option<&[u8]> {
    let len = unsafe { raw::get_uri(buf.as_mut_ptr(), buf.len()) };
    filled(buf, len)
}

pub fn protocol_version(buf: &mut [u8]) -> Option<&[u8]> {
    let len = unsafe { raw::get_protocol_version(buf.as_mut_ptr(), buf.len()) };
    filled(buf, len)
}

pub fn source_addr(buf: &mut [u8]) -> Option<&[u8]> {
    let len = unsafe { raw::get_source_addr(buf.as_mut_ptr(), buf.len()) };
    filled(buf, len)
}

/// Strings that each end in a NUL.
pub struct Strings<'a>(&'a [u8]);

impl<'a> Iterator for Strings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|&byte| byte == 0)?;
        let (item, rest) = (self.0.get(..end)?, self.0.get(end + 1..)?);
        self.0 = rest;
        Some(item)
    }
}

/// Every header name, in lower case, or `None` when they do not fit.
pub fn header_names(kind: Kind, buf: &mut [u8]) -> Option<Strings<'_>> {
    let count_len = unsafe { raw::get_header_names(kind as u32, buf.as_mut_ptr(), buf.len()) };
    filled(buf, count_len as u32 as usize).map(Strings)
}

/// Every value of a header, or `None` when they do not fit.
pub fn header_values<'a>(kind: Kind, name: &[u8], buf: &'a mut [u8]) -> Option<Strings<'a>> {
    let count_len =
        unsafe { raw::get_header_values(kind as u32, name.as_ptr(), name.len(), buf.as_mut_ptr(), buf.len()) };
    filled(buf, count_len as u32 as usize).map(Strings)
}

pub fn set_header(kind: Kind, name: &str, value: &str) {
    unsafe { raw::set_header_value(kind as u32, name.as_ptr(), name.len(), value.as_ptr(), value.len()) }
}

pub fn set_status(status: u32) {
    unsafe { raw::set_status_code(status) }
}

/// Appends to a body.
pub fn write(kind: Kind, bytes: &[u8]) {
    unsafe { raw::write_body(kind as u32, bytes.as_ptr(), bytes.len()) }
}

/// Reads a chunk into `buf`, which must not be empty: the bytes read, and whether the body is over.
pub fn read(kind: Kind, buf: &mut [u8]) -> (&[u8], bool) {
    let eof_len = unsafe { raw::read_body(kind as u32, buf.as_mut_ptr(), buf.len()) };
    let len = (eof_len as u32 as usize).min(buf.len());
    (unsafe { slice::from_raw_parts(buf.as_ptr(), len) }, eof_len >> 32 != 0)
}

/// A guest that panics ends: the host answers for it and throws the instance away.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
