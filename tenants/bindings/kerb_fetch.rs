//! Kerb's kerb_fetch for Rust guests without `std`, requests to the backends of the manifest: use it as
//! `#[path = "../bindings/kerb_fetch.rs"] mod fetch;`. Nothing waits but `wait`, `wait_any` and `Fetch::read`. Up to 16 requests are
//! open at once; a `Fetch` that is dropped is closed.

#![allow(dead_code)]

/// What a call failed with: one of the constants below.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub i32);

/// No handle or ticket of this request.
pub const BAD_HANDLE: i32 = -1;
/// Too early or too late for this call.
pub const WRONG_STATE: i32 = -2;
/// A malformed argument.
pub const INVALID: i32 = -3;
/// A field that the host writes.
pub const FORBIDDEN: i32 = -4;
/// No backend of that name in the manifest.
pub const NOT_GRANTED: i32 = -5;
/// Close one first.
pub const TOO_MANY: i32 = -6;
/// A field, target or body over its cap.
pub const TOO_LARGE: i32 = -7;
/// `limits.subrequests` are used up.
pub const BUDGET: i32 = -8;
/// The wait is over, the request goes on.
pub const TIMEOUT: i32 = -9;
/// No name, no address that may be reached, no connection.
pub const UNREACHABLE: i32 = -10;
/// The backend took too long.
pub const BACKEND_TIMEOUT: i32 = -11;
/// The answer is not HTTP.
pub const PROTOCOL: i32 = -12;
/// Too many requests wait, or it failed too often just now.
pub const OVERLOADED: i32 = -13;
/// The body broke off.
pub const BROKEN: i32 = -14;
/// The guest's own request has ended.
pub const CANCELLED: i32 = -15;
/// There is no request: a start function.
pub const NO_REQUEST: i32 = -16;

/// `timeout_ms` that stands for as long as the guest's own request may take.
pub const NO_TIMEOUT: u32 = u32::MAX;

mod raw {
    #[link(wasm_import_module = "kerb_fetch")]
    extern "C" {
        pub fn request(
            backend: *const u8,
            backend_len: usize,
            method: *const u8,
            method_len: usize,
            target: *const u8,
            target_len: usize,
        ) -> i32;
        pub fn header(handle: i32, name: *const u8, name_len: usize, value: *const u8, value_len: usize) -> i32;
        pub fn body(handle: i32, body: *const u8, len: usize) -> i32;
        pub fn send(handle: i32) -> i32;
        pub fn wait(ticket: i32, timeout_ms: u32) -> i32;
        pub fn wait_any(tickets: *const i32, count: usize, timeout_ms: u32) -> i32;
        pub fn response_header(handle: i32, name: *const u8, name_len: usize, buf: *mut u8, limit: usize) -> i32;
        pub fn response_header_names(handle: i32, buf: *mut u8, limit: usize) -> i32;
        pub fn read(handle: i32, buf: *mut u8, limit: usize) -> i32;
        pub fn respond(handle: i32) -> i32;
        pub fn close(handle: i32) -> i32;
    }
}

fn checked(answer: i32) -> Result<u32, Errno> {
    u32::try_from(answer).map_err(|_| Errno(answer))
}

/// What `send` gives to wait for.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Ticket(i32);

/// A request to a backend and its answer.
pub struct Fetch(i32);

impl Fetch {
    /// Begins a request. The target is a path and query, put after the backend's base path.
    pub fn request(backend: &str, method: &str, target: &str) -> Result<Fetch, Errno> {
        let (b, m, t) = (backend.as_bytes(), method.as_bytes(), target.as_bytes());
        let handle = unsafe { raw::request(b.as_ptr(), b.len(), m.as_ptr(), m.len(), t.as_ptr(), t.len()) };
        checked(handle).map(|_| Fetch(handle))
    }

    /// Adds a field.
    pub fn header(&self, name: &str, value: &[u8]) -> Result<(), Errno> {
        checked(unsafe { raw::header(self.0, name.as_ptr(), name.len(), value.as_ptr(), value.len()) }).map(|_| ())
    }

    /// Adds to the body, which is copied.
    pub fn body(&self, bytes: &[u8]) -> Result<(), Errno> {
        checked(unsafe { raw::body(self.0, bytes.as_ptr(), bytes.len()) }).map(|_| ())
    }

    /// Sends it without waiting.
    pub fn send(&self) -> Result<Ticket, Errno> {
        let ticket = unsafe { raw::send(self.0) };
        checked(ticket).map(|_| Ticket(ticket))
    }

    /// Every value of a field of the answer with a NUL after each. `Ok(None)`: they are longer than `buf`.
    pub fn response_header<'a>(&self, name: &str, buf: &'a mut [u8]) -> Result<Option<&'a [u8]>, Errno> {
        let length = unsafe { raw::response_header(self.0, name.as_ptr(), name.len(), buf.as_mut_ptr(), buf.len()) };
        checked(length).map(|length| buf.get(..length as usize))
    }

    /// Every name in lower case with a NUL after each. `Ok(None)`: they are longer than `buf`.
    pub fn response_header_names<'a>(&self, buf: &'a mut [u8]) -> Result<Option<&'a [u8]>, Errno> {
        let length = unsafe { raw::response_header_names(self.0, buf.as_mut_ptr(), buf.len()) };
        checked(length).map(|length| buf.get(..length as usize))
    }

    /// The next bytes of the answer's body; none at its end.
    pub fn read<'a>(&self, buf: &'a mut [u8]) -> Result<&'a [u8], Errno> {
        let length = checked(unsafe { raw::read(self.0, buf.as_mut_ptr(), buf.len()) })? as usize;
        buf.get(..length).ok_or(Errno(INVALID))
    }

    /// Makes the answer the guest's own response; its body goes to the client by itself.
    pub fn respond(self) -> Result<(), Errno> {
        checked(unsafe { raw::respond(self.0) }).map(|_| ())
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        unsafe { raw::close(self.0) };
    }
}

/// Waits for the head of an answer: its status.
pub fn wait(ticket: Ticket, timeout_ms: u32) -> Result<u32, Errno> {
    checked(unsafe { raw::wait(ticket.0, timeout_ms) })
}

/// Waits until one of several is ready: its index.
pub fn wait_any(tickets: &[Ticket], timeout_ms: u32) -> Result<usize, Errno> {
    checked(unsafe { raw::wait_any(tickets.as_ptr().cast(), tickets.len(), timeout_ms) }).map(|index| index as usize)
}
