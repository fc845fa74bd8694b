//! Kerb's kerb_cache for Rust guests without `std`, bytes by key that may be forgotten at any time: use it as
//! `#[path = "../bindings/kerb_cache.rs"] mod cache;`. The manifest says `[stores] cache = true`. Errors are those of `kerb_fetch.rs`
//! and of `kerb.rs`, as numbers.

#![allow(dead_code)]

/// There is nothing of that key.
pub const ABSENT: i32 = -20;
/// Whoever makes the object has not done so in time.
pub const TIMEOUT: i32 = -9;

mod raw {
    #[link(wasm_import_module = "kerb_cache")]
    extern "C" {
        pub fn get(key: *const u8, len: usize, buf: *mut u8, limit: usize) -> i64;
        pub fn lookup(key: *const u8, len: usize, wait_ms: u32, buf: *mut u8, limit: usize) -> i64;
        pub fn put(
            key: *const u8,
            len: usize,
            value: *const u8,
            value_len: usize,
            ttl_seconds: u32,
            stale_seconds: u32,
            tags: *const u8,
            tags_len: usize,
        ) -> i32;
        pub fn release(key: *const u8, len: usize) -> i32;
        pub fn delete(key: *const u8, len: usize) -> i32;
        pub fn purge(tag: *const u8, len: usize) -> i32;
    }
}

/// The answer says: this guest has to make the object.
const FILL: i64 = 1 << 62;
/// There is no object, not even a stale one.
const NONE: i64 = 1 << 61;

/// An object that was found.
pub struct Object<'a> {
    /// The value; `None`: it is longer than the buffer.
    pub value: Option<&'a [u8]>,
    /// Bytes of the value.
    pub length: usize,
    /// Seconds for which it stays fresh; 0: it is stale.
    pub fresh_seconds: u32,
}

fn object(answer: i64, buf: &[u8]) -> Object<'_> {
    let length = answer as u32 as usize;
    Object { value: buf.get(..length), length, fresh_seconds: (answer >> 32) as u32 & 0x1fff_ffff }
}

/// The object of a key. Waits for nobody who makes it.
pub fn get<'a>(key: &str, buf: &'a mut [u8]) -> Result<Object<'a>, i32> {
    let answer = unsafe { raw::get(key.as_ptr(), key.len(), buf.as_mut_ptr(), buf.len()) };
    if answer < 0 {
        return Err(answer as i32);
    }
    Ok(object(answer, buf))
}

/// The duty to make an object. Without [`Fill::put`] its end is that of the value: the next who waits has to make it.
pub struct Fill<'k>(&'k str);

impl Fill<'_> {
    /// Keeps the object, fresh for a while, then stale for a while, with tags separated by blanks. `false`: it was purged meanwhile.
    pub fn put(self, value: &[u8], ttl_seconds: u32, stale_seconds: u32, tags: &str) -> Result<bool, i32> {
        put(self.0, value, ttl_seconds, stale_seconds, tags)
    }
}

impl Drop for Fill<'_> {
    fn drop(&mut self) {
        // After a put there is nothing to give up.
        unsafe { raw::release(self.0.as_ptr(), self.0.len()) };
    }
}

/// The object of a key, if there is one, and the duty to make it, if it is this guest who has to: where there is no fresh object, one of
/// all who look it up. The others get the stale one, or wait for up to `wait_ms`, at most 10,000.
pub fn lookup<'k, 'a>(
    key: &'k str,
    wait_ms: u32,
    buf: &'a mut [u8],
) -> Result<(Option<Object<'a>>, Option<Fill<'k>>), i32> {
    let answer = unsafe { raw::lookup(key.as_ptr(), key.len(), wait_ms, buf.as_mut_ptr(), buf.len()) };
    if answer < 0 {
        return Err(answer as i32);
    }
    let fill = if answer & FILL != 0 { Some(Fill(key)) } else { None };
    let found = if answer & NONE != 0 { None } else { Some(object(answer, buf)) };
    Ok((found, fill))
}

/// Keeps an object, fresh for a while, then stale for a while, with tags separated by blanks. `false`: it was purged while it was made.
pub fn put(key: &str, value: &[u8], ttl_seconds: u32, stale_seconds: u32, tags: &str) -> Result<bool, i32> {
    let (k, t) = (key.as_bytes(), tags.as_bytes());
    let answer = unsafe {
        raw::put(
            k.as_ptr(),
            k.len(),
            value.as_ptr(),
            value.len(),
            ttl_seconds,
            stale_seconds,
            t.as_ptr(),
            t.len(),
        )
    };
    if answer < 0 {
        return Err(answer);
    }
    Ok(answer == 1)
}

/// Removes an object; answers whether there was one.
pub fn delete(key: &str) -> Result<bool, i32> {
    let answer = unsafe { raw::delete(key.as_ptr(), key.len()) };
    if answer < 0 {
        return Err(answer);
    }
    Ok(answer == 1)
}

/// Removes every object with a tag; answers how many there were.
pub fn purge(tag: &str) -> Result<u32, i32> {
    let answer = unsafe { raw::purge(tag.as_ptr(), tag.len()) };
    u32::try_from(answer).map_err(|_| answer)
}
