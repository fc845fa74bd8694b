//! Counts the requests that this instance has answered, in its own memory: a warm instance counts on, a fresh one says 1.
const http = @import("../bindings/http_handler.zig");

var answered: u32 = 0;

/// Decimal digits of `value`, at the end of `buffer`.
fn decimal(value: u32, buffer: *[10]u8) []const u8 {
    var rest = value;
    var start: usize = buffer.len;
    while (start == buffer.len or rest > 0) : (rest /= 10) {
        start -= 1;
        buffer[start] = '0' + @as(u8, @intCast(rest % 10));
    }
    return buffer[start..];
}

export fn handle_request() u64 {
    answered +%= 1;
    var buffer: [10]u8 = undefined;
    http.setHeader(.response, "content-type", "text/plain; charset=utf-8");
    http.setHeader(.response, "cache-control", "no-store");
    http.write(.response, "Requests answered by this instance: ");
    http.write(.response, decimal(answered, &buffer));
    http.write(.response, "\n");
    return http.done;
}

export fn handle_response(_: u32, _: u32) void {}
