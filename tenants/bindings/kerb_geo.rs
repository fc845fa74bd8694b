//! Kerb's kerb_geo for Rust guests without `std`, where an address is, by the databases that the operator gave: use it as
//! `#[path = "../bindings/kerb_geo.rs"] mod geo;`. The manifest says `geo = true`.

#![allow(dead_code)]

/// There is no database.
pub const ABSENT: i32 = -20;
/// It is no address.
pub const INVALID: i32 = -3;

mod raw {
    #[link(wasm_import_module = "kerb_geo")]
    extern "C" {
        pub fn lookup(address: *const u8, len: usize, buf: *mut u8, limit: usize) -> i32;
    }
}

/// What is known of an address, a JSON object: `address`, `continent`, `country_code`, `country`, `region_code`, `region`, `city`,
/// `postal_code`, `latitude`, `longitude`, `time_zone`, `as_number`, `as_name`, each `null` where no database says. An empty address is
/// the client's. `Ok(None)`: it is longer than `buf`.
pub fn lookup<'a>(address: &str, buf: &'a mut [u8]) -> Result<Option<&'a [u8]>, i32> {
    let length = unsafe { raw::lookup(address.as_ptr(), address.len(), buf.as_mut_ptr(), buf.len()) };
    if length < 0 {
        return Err(length);
    }
    Ok(buf.get(..length as usize))
}
