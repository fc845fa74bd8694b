//! A CGI program for a form: GET shows it, POST (application/x-www-form-urlencoded) shows what was sent, escaped.
const std = @import("std");

const max_body = 16 * 1024;
const form =
    \\<form method="post">
    \\<p><label>Name <input name="name"></label></p>
    \\<p><label>Words <textarea name="words"></textarea></label></p>
    \\<p><button>Send</button></p>
    \\</form>
    \\
;

var body_buffer: [max_body]u8 = undefined;
var value_buffer: [max_body]u8 = undefined;
var heap: [32 * 1024]u8 = undefined;

const Output = std.io.BufferedWriter(4096, std.fs.File.Writer);

/// The value of a hexadecimal digit.
fn digit(char: u8) ?u8 {
    return std.fmt.charToDigit(char, 16) catch null;
}

/// A value of the form, decoded into `value_buffer`.
fn decode(text: []const u8) []const u8 {
    var length: usize = 0;
    var at: usize = 0;
    while (at < text.len) : (length += 1) {
        if (text[at] == '%' and at + 2 < text.len) {
            const high = digit(text[at + 1]);
            const low = digit(text[at + 2]);
            if (high != null and low != null) {
                value_buffer[length] = high.? * 16 + low.?;
                at += 3;
                continue;
            }
        }
        value_buffer[length] = if (text[at] == '+') ' ' else text[at];
        at += 1;
    }
    return value_buffer[0..length];
}

/// Writes text so that no browser takes it for markup.
fn escape(out: anytype, text: []const u8) !void {
    for (text) |char| switch (char) {
        '<' => try out.writeAll("&lt;"),
        '>' => try out.writeAll("&gt;"),
        '&' => try out.writeAll("&amp;"),
        '"' => try out.writeAll("&quot;"),
        else => try out.writeByte(char),
    };
}

fn show(out: anytype, body: []const u8) !void {
    try out.writeAll("<h1>Thank you</h1>\n<dl>\n");
    var pairs = std.mem.splitScalar(u8, body, '&');
    while (pairs.next()) |pair| {
        const cut = std.mem.indexOfScalar(u8, pair, '=') orelse continue;
        try out.writeAll("<dt>");
        try escape(out, decode(pair[0..cut]));
        try out.writeAll("</dt><dd>");
        try escape(out, decode(pair[cut + 1 ..]));
        try out.writeAll("</dd>\n");
    }
    try out.writeAll("</dl>\n");
}

pub fn main() !void {
    var allocator = std.heap.FixedBufferAllocator.init(&heap);
    var variables = try std.process.getEnvMap(allocator.allocator());
    var buffered = Output{ .unbuffered_writer = std.io.getStdOut().writer() };
    const out = buffered.writer();
    const method = variables.get("REQUEST_METHOD") orelse "GET";
    const head = "content-type: text/html; charset=utf-8\r\n\r\n<!doctype html><title>Feedback</title>\n";
    if (!std.mem.eql(u8, method, "POST")) {
        try out.writeAll(head ++ "<h1>Feedback</h1>\n" ++ form);
        return buffered.flush();
    }
    const length = try std.io.getStdIn().readAll(&body_buffer);
    if (length == max_body) {
        try out.writeAll("status: 413 Content Too Large\r\ncontent-type: text/plain\r\n\r\nToo many words\n");
        return buffered.flush();
    }
    try out.writeAll(head);
    try show(out, body_buffer[0..length]);
    return buffered.flush();
}
