//! http-wasm http_handler ABI for Zig guests, without an operating system.

pub const Kind = enum(u32) { request = 0, response = 1, request_trailers = 2, response_trailers = 3 };
pub const Level = enum(i32) { debug = -1, info = 0, warn = 1, err = 2 };

/// Lets handle_response change what the origin answered.
pub const buffer_response: u32 = 2;

/// What handle_request answers when the response is complete, and to hand on to the origin.
pub const done: u64 = 0;
pub const next: u64 = 1;

const raw = struct {
    extern "http_handler" fn get_config(buf: [*]u8, limit: u32) u32;
    extern "http_handler" fn enable_features(features: u32) u32;
    extern "http_handler" fn log(level: i32, message: [*]const u8, length: u32) void;
    extern "http_handler" fn get_header_values(kind: u32, name: [*]const u8, name_length: u32, buf: [*]u8, limit: u32) u64;
    extern "http_handler" fn set_header_value(kind: u32, name: [*]const u8, name_length: u32, value: [*]const u8, value_length: u32) void;
    extern "http_handler" fn remove_header(kind: u32, name: [*]const u8, name_length: u32) void;
    extern "http_handler" fn read_body(kind: u32, buf: [*]u8, limit: u32) u64;
    extern "http_handler" fn write_body(kind: u32, body: [*]const u8, length: u32) void;
    extern "http_handler" fn get_status_code() u32;
    extern "http_handler" fn set_status_code(status: u32) void;
};

/// The configuration text, or null when `buf` is too small for it.
pub fn config(buf: []u8) ?[]const u8 {
    const length = raw.get_config(buf.ptr, buf.len);
    return if (length <= buf.len) buf[0..length] else null;
}

/// Asks for features and answers those that the host has.
pub fn enableFeatures(features: u32) u32 {
    return raw.enable_features(features);
}

pub fn log(level: Level, message: []const u8) void {
    raw.log(@intFromEnum(level), message.ptr, message.len);
}

/// The first value of a header, or null when there is none or it does not fit.
pub fn header(kind: Kind, name: []const u8, buf: []u8) ?[]const u8 {
    const count_length = raw.get_header_values(@intFromEnum(kind), name.ptr, name.len, buf.ptr, buf.len);
    const length: u32 = @truncate(count_length);
    if (length == 0 or length > buf.len) return null;
    var end: usize = 0;
    while (buf[end] != 0) end += 1;
    return buf[0..end];
}

pub fn setHeader(kind: Kind, name: []const u8, value: []const u8) void {
    raw.set_header_value(@intFromEnum(kind), name.ptr, name.len, value.ptr, value.len);
}

pub fn removeHeader(kind: Kind, name: []const u8) void {
    raw.remove_header(@intFromEnum(kind), name.ptr, name.len);
}

pub const Chunk = struct { length: usize, last: bool };

/// Reads a chunk of a body into `buf`, which must not be empty.
pub fn read(kind: Kind, buf: []u8) Chunk {
    const eof_length = raw.read_body(@intFromEnum(kind), buf.ptr, buf.len);
    return .{ .length = @as(u32, @truncate(eof_length)), .last = eof_length >> 32 != 0 };
}

/// Appends to a body.
pub fn write(kind: Kind, bytes: []const u8) void {
    raw.write_body(@intFromEnum(kind), bytes.ptr, bytes.len);
}

pub fn status() u32 {
    return raw.get_status_code();
}

pub fn setStatus(code: u32) void {
    raw.set_status_code(code);
}
