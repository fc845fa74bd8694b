//! Runs once per request, as a CGI program does: the request is in variables and on standard input, the response is what it prints.
use std::env;
use std::io::{self, Write};

/// A variable of the request; empty when there is none.
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn main() -> io::Result<()> {
    let (method, target) = (variable("REQUEST_METHOD"), variable("REQUEST_URI"));
    // Standard error is the log.
    eprintln!("{target}");

    let mut out = io::stdout().lock();
    // Fields, an empty line, and then the body.
    write!(out, "Status: 200 OK\nContent-Type: text/plain; charset=utf-8\n\n")?;
    writeln!(out, "Hello from CGI: {method} {target}")
}
