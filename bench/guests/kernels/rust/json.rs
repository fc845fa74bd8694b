//! Writes a JSON document of n records, then parses it by recursive descent and sums what it holds.
mod random;
use random::next_random;
use std::fmt::Write;

enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Record(Vec<(String, Value)>),
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\t' | b'\r') {
            self.at += 1;
        }
    }

    fn expect(&mut self, text: &[u8]) -> Option<()> {
        let end = self.at + text.len();
        if self.bytes.get(self.at..end)? != text {
            return None;
        }
        self.at = end;
        Some(())
    }

    fn value(&mut self) -> Option<Value> {
        self.space();
        match self.peek() {
            b'n' => self.expect(b"null").map(|()| Value::Null),
            b't' => self.expect(b"true").map(|()| Value::Bool(true)),
            b'f' => self.expect(b"false").map(|()| Value::Bool(false)),
            b'"' => self.text().map(Value::Text),
            b'[' => self.list(),
            b'{' => self.record(),
            _ => self.number(),
        }
    }

    fn text(&mut self) -> Option<String> {
        self.expect(b"\"")?;
        let mut text = Vec::new();
        loop {
            match self.peek() {
                0 => return None,
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    text.push(match self.peek() {
                        b'n' => b'\n',
                        b't' => b'\t',
                        other => other,
                    });
                }
                byte => text.push(byte),
            }
            self.at += 1;
        }
        self.at += 1;
        String::from_utf8(text).ok()
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        while matches!(self.peek(), b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') {
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).ok()?;
        text.parse().ok().map(Value::Number)
    }

    fn list(&mut self) -> Option<Value> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        while self.peek() != b']' {
            items.push(self.value()?);
            self.space();
            if self.peek() == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        Some(Value::List(items))
    }

    fn record(&mut self) -> Option<Value> {
        self.at += 1;
        let mut fields = Vec::new();
        self.space();
        while self.peek() != b'}' {
            let name = self.text()?;
            self.space();
            self.expect(b":")?;
            fields.push((name, self.value()?));
            self.space();
            if self.peek() == b',' {
                self.at += 1;
                self.space();
            }
        }
        self.at += 1;
        Some(Value::Record(fields))
    }
}

fn sum(value: &Value) -> f64 {
    match value {
        Value::Null => 1.0,
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::Number(number) => *number,
        Value::Text(text) => text.len() as f64,
        Value::List(items) => items.iter().map(sum).sum(),
        Value::Record(fields) => fields.iter().map(|(name, field)| name.len() as f64 + sum(field)).sum(),
    }
}

fn document(records: u32) -> String {
    let mut seed = 21;
    let mut text = String::from("[");
    for id in 0..records {
        let random = next_random(&mut seed);
        let (price, stock) = (random % 10_000, random >> 20);
        let separator = if id == 0 { "" } else { ",\n" };
        let _ = write!(
            text,
            "{separator}{{\"id\": {id}, \"name\": \"item \\\"{random:x}\\\"\", \"price\": {}.{:02}, \
             \"stock\": [{stock}, {}, -{}], \"parent\": null, \"sold\": {}}}",
            price / 100,
            price % 100,
            stock / 3,
            stock / 5,
            random & 1 == 0,
        );
    }
    text.push(']');
    text
}

#[no_mangle]
pub extern "C" fn run(n: u32) -> u32 {
    let text = document(n);
    let mut parser = Parser { bytes: text.as_bytes(), at: 0 };
    parser.value().map_or(0, |value| sum(&value) as u32)
}
