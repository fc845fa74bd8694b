//! The response body, gathered into chunks so that one host call carries many pieces.
use crate::http;

pub struct Output {
    buffer: [u8; 4096],
    length: usize,
}

impl Output {
    pub fn new() -> Output {
        Output { buffer: [0; 4096], length: 0 }
    }

    /// Sends what is gathered.
    pub fn flush(&mut self) {
        http::write(http::Kind::Response, self.buffer.get(..self.length).unwrap_or(&[]));
        self.length = 0;
    }

    fn byte(&mut self, byte: u8) {
        if self.length == self.buffer.len() {
            self.flush();
        }
        if let Some(slot) = self.buffer.get_mut(self.length) {
            *slot = byte;
            self.length += 1;
        }
    }

    /// Adds HTML as it is.
    pub fn text(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.byte(byte));
    }

    /// Adds bytes of unknown origin as text: HTML's special characters as references, what is not printable ASCII as `\xNN`.
    pub fn escaped(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'&' => self.text("&amp;"),
                b'<' => self.text("&lt;"),
                b'>' => self.text("&gt;"),
                b'"' => self.text("&quot;"),
                b'\'' => self.text("&#39;"),
                b' '..=b'~' => self.byte(byte),
                _ => self.hex(byte),
            }
        }
    }

    fn hex(&mut self, byte: u8) {
        self.text("\\x");
        for digit in [byte >> 4, byte & 15] {
            self.byte(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
        }
    }

    pub fn number(&mut self, value: usize) {
        if value > 9 {
            self.number(value / 10);
        }
        self.byte(b'0' + (value % 10) as u8);
    }
}
