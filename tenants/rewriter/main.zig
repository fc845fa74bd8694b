//! Rewrites what an origin answers: replaces words in HTML bodies, adds security headers, removes what names the software.
const http = @import("../bindings/http_handler.zig");

/// Longest body that is rewritten; a longer one passes as it is.
const body_max = 1024 * 1024;
const page_bytes = 65536;

const Pair = struct { from: []const u8, to: []const u8 };

var config_buffer: [4096]u8 = undefined;
var pairs_buffer: [32]Pair = undefined;

var output: [8192]u8 = undefined;
var output_length: usize = 0;

/// The body lies in memory that is grown for it, after everything else, and is kept for the next answer.
var area: []u8 = &.{};

fn equal(a: []const u8, b: []const u8) bool {
    if (a.len != b.len) return false;
    for (a, b) |x, y| if (x != y) return false;
    return true;
}

fn startsWith(text: []const u8, start: []const u8) bool {
    return text.len >= start.len and equal(text[0..start.len], start);
}

fn lower(byte: u8) u8 {
    return if (byte >= 'A' and byte <= 'Z') byte + 32 else byte;
}

fn indexOf(text: []const u8, wanted: []const u8) ?usize {
    var i: usize = 0;
    while (i + wanted.len <= text.len) : (i += 1) {
        if (equal(text[i .. i + wanted.len], wanted)) return i;
    }
    return null;
}

fn trim(text: []const u8) []const u8 {
    var rest = text;
    while (rest.len > 0 and rest[0] <= ' ') rest = rest[1..];
    while (rest.len > 0 and rest[rest.len - 1] <= ' ') rest = rest[0 .. rest.len - 1];
    return rest;
}

/// The replacements of the config, at most 32. Lines without "=>" and empty searches say nothing.
fn readPairs() []const Pair {
    var rest = http.config(&config_buffer) orelse {
        http.log(.err, "rewriter: config is larger than 4096 bytes");
        return &.{};
    };
    var count: usize = 0;
    while (rest.len > 0 and count < pairs_buffer.len) {
        const end = indexOf(rest, "\n") orelse rest.len;
        const line = rest[0..end];
        rest = rest[@min(end + 1, rest.len)..];
        const arrow = indexOf(line, "=>") orelse continue;
        const pair = Pair{ .from = trim(line[0..arrow]), .to = trim(line[arrow + 2 ..]) };
        if (pair.from.len == 0) continue;
        pairs_buffer[count] = pair;
        count += 1;
    }
    return pairs_buffer[0..count];
}

/// Makes room for `size` bytes. False when the host gives no more memory.
fn reserve(size: usize) bool {
    if (area.len >= size) return true;
    const pages = (size - area.len + page_bytes - 1) / page_bytes;
    const before = @wasmMemoryGrow(0, pages);
    if (before < 0) return false;
    const end = (@as(usize, @intCast(before)) + pages) * page_bytes;
    const start = if (area.len > 0) @intFromPtr(area.ptr) else @as(usize, @intCast(before)) * page_bytes;
    area = @as([*]u8, @ptrFromInt(start))[0 .. end - start];
    return true;
}

/// The whole body of the response, or null when it is too long to be rewritten.
fn readBody() ?[]const u8 {
    var length: usize = 0;
    while (true) {
        if (length == body_max + 1 or !reserve(length + 1)) return null;
        const chunk = http.read(.response, area[length..@min(area.len, body_max + 1)]);
        length += chunk.length;
        if (chunk.last) return if (length <= body_max) area[0..length] else null;
    }
}

fn pairAt(pairs: []const Pair, text: []const u8) ?Pair {
    for (pairs) |pair| if (startsWith(text, pair.from)) return pair;
    return null;
}

/// Sends what is gathered. The first call replaces the origin's body, an empty one included.
fn flush() void {
    http.write(.response, output[0..output_length]);
    output_length = 0;
}

/// Adds to the new body: gathered, because a page full of matches is thousands of pieces.
fn emit(bytes: []const u8) void {
    for (bytes) |byte| {
        if (output_length == output.len) flush();
        output[output_length] = byte;
        output_length += 1;
    }
}

/// Writes the body with each search text replaced, first pair first; what a replacement brings in is not searched again.
fn writeReplaced(body: []const u8, pairs: []const Pair) void {
    var written: usize = 0;
    var i: usize = 0;
    while (i < body.len) {
        const pair = pairAt(pairs, body[i..]) orelse {
            i += 1;
            continue;
        };
        emit(body[written..i]);
        emit(pair.to);
        i += pair.from.len;
        written = i;
    }
    emit(body[written..]);
    flush();
}

fn isHtml() bool {
    var buffer: [128]u8 = undefined;
    const value = http.header(.response, "content-type", &buffer) orelse return false;
    const wanted = "text/html";
    if (value.len < wanted.len) return false;
    for (wanted, value[0..wanted.len]) |a, b| if (a != lower(b)) return false;
    return value.len == wanted.len or value[wanted.len] == ';' or value[wanted.len] == ' ';
}

/// Bytes under a content coding are not text.
fn isEncoded() bool {
    var buffer: [64]u8 = undefined;
    const value = http.header(.response, "content-encoding", &buffer) orelse return false;
    return !equal(value, "identity");
}

fn rewriteBody() void {
    const pairs = readPairs();
    if (pairs.len == 0) return;
    const body = readBody() orelse return;
    // An ETag would vouch for other bytes than these.
    http.removeHeader(.response, "etag");
    http.removeHeader(.response, "content-length");
    writeReplaced(body, pairs);
}

export fn handle_request() u64 {
    _ = http.enableFeatures(http.buffer_response);
    http.removeHeader(.request, "accept-encoding");
    // A part of a body cannot be searched.
    http.removeHeader(.request, "range");
    return http.next;
}

export fn handle_response(_: u32, is_error: u32) void {
    if (is_error != 0) return;
    http.removeHeader(.response, "server");
    http.removeHeader(.response, "x-powered-by");
    http.setHeader(.response, "x-content-type-options", "nosniff");
    http.setHeader(.response, "x-frame-options", "DENY");
    http.setHeader(.response, "referrer-policy", "strict-origin-when-cross-origin");
    http.setHeader(.response, "strict-transport-security", "max-age=31536000");
    if (isHtml() and !isEncoded()) rewriteBody();
}
