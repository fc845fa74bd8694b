//! Kerb's kerb_jwt for Rust guests without `std`, tokens of the issuers that the manifest trusts, and signs as: use it as
//! `#[path = "../bindings/kerb_jwt.rs"] mod jwt;`.

#![allow(dead_code)]

/// No token, not signed by the issuer, or not for this audience.
pub const BAD_TOKEN: i32 = -17;
/// Over, or not valid yet.
pub const EXPIRED: i32 = -18;
/// The issuer's keys cannot be had now, or the key to sign with.
pub const NO_KEYS: i32 = -19;

mod raw {
    #[link(wasm_import_module = "kerb_jwt")]
    extern "C" {
        pub fn verify(
            issuer: *const u8,
            issuer_len: usize,
            token: *const u8,
            token_len: usize,
            buf: *mut u8,
            limit: usize,
        ) -> i32;
        pub fn sign(
            issuer: *const u8,
            issuer_len: usize,
            claims: *const u8,
            claims_len: usize,
            ttl_seconds: u32,
            buf: *mut u8,
            limit: usize,
        ) -> i32;
    }
}

/// The claims of a token without `Bearer`, JSON. `Ok(None)`: they are longer than `buf`. `Err`: one of the constants above, or of
/// those of `kerb_fetch.rs`.
pub fn verify<'a>(issuer: &str, token: &[u8], buf: &'a mut [u8]) -> Result<Option<&'a [u8]>, i32> {
    let (limit, at) = (buf.len(), buf.as_mut_ptr());
    let length = unsafe { raw::verify(issuer.as_ptr(), issuer.len(), token.as_ptr(), token.len(), at, limit) };
    if length < 0 {
        return Err(length);
    }
    Ok(buf.get(..length as usize))
}

/// A token with these claims, a JSON object without `iss`, `aud`, `iat` and `exp`, which the host adds. A life of 0 seconds: that of
/// the manifest. `Ok(None)`: it is longer than `buf`; 8192 bytes always suffice. `Err`: as [`verify`].
pub fn sign<'a>(issuer: &str, claims: &[u8], ttl_seconds: u32, buf: &'a mut [u8]) -> Result<Option<&'a [u8]>, i32> {
    let (limit, at) = (buf.len(), buf.as_mut_ptr());
    let length =
        unsafe { raw::sign(issuer.as_ptr(), issuer.len(), claims.as_ptr(), claims.len(), ttl_seconds, at, limit) };
    if length < 0 {
        return Err(length);
    }
    Ok(buf.get(..length as usize))
}
