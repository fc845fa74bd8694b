//! Kerb's own import modules for Rust guests without `std`: use it as `#[path = "../bindings/kerb.rs"] mod kerb;`.
//!
//! Key-value stores, config, secrets, rate counters and log endpoints. Only what is called is imported: call only what the
//! manifest grants.
#![allow(dead_code)]

/// Why something was not done: the closed list of the host, and `Other` for one that is newer than this file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Error {
    Absent,
    NotGranted,
    BadHandle,
    Invalid,
    TooLarge,
    Conflict,
    Quota,
    Busy,
    Unavailable,
    TooSmall,
    Other(i32),
}

impl Error {
    fn of(code: i32) -> Error {
        match code {
            -20 => Error::Absent,
            -5 => Error::NotGranted,
            -1 => Error::BadHandle,
            -3 => Error::Invalid,
            -7 => Error::TooLarge,
            -21 => Error::Conflict,
            -22 => Error::Quota,
            -23 => Error::Busy,
            -24 => Error::Unavailable,
            -25 => Error::TooSmall,
            other => Error::Other(other),
        }
    }
}

/// When a write is made.
#[derive(Clone, Copy)]
pub enum Mode {
    Any,
    Add,
    Replace,
    IfGeneration(u64),
}

mod raw {
    #[link(wasm_import_module = "kerb_kv")]
    extern "C" {
        pub fn open(name: *const u8, len: usize) -> i32;
        pub fn get(handle: i32, key: *const u8, len: usize, buf: *mut u8, limit: usize) -> i32;
        pub fn generation(handle: i32, key: *const u8, len: usize) -> i64;
        pub fn put(
            handle: i32, key: *const u8, len: usize, value: *const u8, value_len: usize, metadata: *const u8,
            metadata_len: usize, ttl_seconds: u32, mode: i32, generation: u64,
        ) -> i64;
        pub fn delete(handle: i32, key: *const u8, len: usize) -> i32;
    }
    pub mod config {
        #[link(wasm_import_module = "kerb_config")]
        extern "C" {
            pub fn get(key: *const u8, len: usize, buf: *mut u8, limit: usize) -> i32;
        }
    }
    pub mod secret {
        #[link(wasm_import_module = "kerb_secret")]
        extern "C" {
            pub fn get(name: *const u8, len: usize, buf: *mut u8, limit: usize) -> i32;
        }
    }
    #[link(wasm_import_module = "kerb_rate")]
    extern "C" {
        pub fn count(key: *const u8, len: usize, window_seconds: u32, amount: u32) -> i32;
        pub fn penalize(key: *const u8, len: usize, seconds: u32) -> i32;
        pub fn is_penalized(key: *const u8, len: usize) -> i32;
    }
    #[link(wasm_import_module = "kerb_log")]
    extern "C" {
        pub fn write(endpoint: *const u8, len: usize, text: *const u8, text_len: usize) -> i32;
    }
}

fn checked(code: i32) -> Result<usize, Error> {
    if code < 0 { Err(Error::of(code)) } else { Ok(code as usize) }
}

/// The part of `buf` that the host filled; `TooSmall` when it needed more and so wrote nothing.
fn filled(buf: &[u8], code: i32) -> Result<&[u8], Error> {
    buf.get(..checked(code)?).ok_or(Error::TooSmall)
}

/// A key-value store of this request.
pub struct Store(i32);

impl Store {
    pub fn open(name: &str) -> Result<Store, Error> {
        let handle = unsafe { raw::open(name.as_ptr(), name.len()) };
        checked(handle).map(|_| Store(handle))
    }

    pub fn get<'a>(&self, key: &[u8], buf: &'a mut [u8]) -> Result<&'a [u8], Error> {
        let code = unsafe { raw::get(self.0, key.as_ptr(), key.len(), buf.as_mut_ptr(), buf.len()) };
        filled(buf, code)
    }

    /// The generation of the entry that `get` read last under this key, or else of the entry as it is; 0: there is none.
    pub fn generation(&self, key: &[u8]) -> Result<u64, Error> {
        let code = unsafe { raw::generation(self.0, key.as_ptr(), key.len()) };
        if code < 0 { Err(Error::of(code as i32)) } else { Ok(code as u64) }
    }

    /// Writes an entry and answers its generation; it is on the disk then. A ttl of 0 seconds: it stays.
    pub fn put(&self, key: &[u8], value: &[u8], ttl_seconds: u32, mode: Mode) -> Result<u64, Error> {
        let (mode, generation) = match mode {
            Mode::Any => (0, 0),
            Mode::Add => (1, 0),
            Mode::Replace => (2, 0),
            Mode::IfGeneration(generation) => (3, generation),
        };
        let (value_at, value_len) = (value.as_ptr(), value.len());
        let code = unsafe {
            raw::put(self.0, key.as_ptr(), key.len(), value_at, value_len, value_at, 0, ttl_seconds, mode, generation)
        };
        if code < 0 { Err(Error::of(code as i32)) } else { Ok(code as u64) }
    }

    /// Answers whether there was one.
    pub fn delete(&self, key: &[u8]) -> Result<bool, Error> {
        checked(unsafe { raw::delete(self.0, key.as_ptr(), key.len()) }).map(|gone| gone == 1)
    }
}

pub fn config<'a>(key: &str, buf: &'a mut [u8]) -> Result<&'a [u8], Error> {
    let code = unsafe { raw::config::get(key.as_ptr(), key.len(), buf.as_mut_ptr(), buf.len()) };
    filled(buf, code)
}

pub fn secret<'a>(name: &str, buf: &'a mut [u8]) -> Result<&'a [u8], Error> {
    let code = unsafe { raw::secret::get(name.as_ptr(), name.len(), buf.as_mut_ptr(), buf.len()) };
    filled(buf, code)
}

/// The count of a window that begins with the first call and lasts so many seconds.
pub fn count(key: &[u8], window_seconds: u32, amount: u32) -> Result<u32, Error> {
    checked(unsafe { raw::count(key.as_ptr(), key.len(), window_seconds, amount) }).map(|count| count as u32)
}

pub fn penalize(key: &[u8], seconds: u32) -> Result<(), Error> {
    checked(unsafe { raw::penalize(key.as_ptr(), key.len(), seconds) }).map(|_| ())
}

pub fn is_penalized(key: &[u8]) -> Result<bool, Error> {
    checked(unsafe { raw::is_penalized(key.as_ptr(), key.len()) }).map(|penalized| penalized == 1)
}

/// Writes a line of the tenant's log under the name of an endpoint.
pub fn log(endpoint: &str, text: &[u8]) -> Result<(), Error> {
    checked(unsafe { raw::write(endpoint.as_ptr(), endpoint.len(), text.as_ptr(), text.len()) }).map(|_| ())
}
