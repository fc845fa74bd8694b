//! A strict JSON parser (RFC 8259) without allocation: text in, a flat list of nodes out.
//!
//! Nodes stand in document order; each knows where its text is and which node comes after its whole subtree, so that
//! walking an object or an array is a matter of skipping. Nesting and the number of nodes are bounded.

/// Deepest nesting. Bounds recursion, and with it the stack.
const DEPTH_MAX: u32 = 32;

#[derive(Clone, Copy, PartialEq)]
pub enum Type {
    Null,
    False,
    True,
    Number,
    Text,
    Array,
    Object,
}

#[derive(Clone, Copy)]
pub struct Node {
    pub kind: Type,
    /// Where the value's text begins and ends; for a string, without the quotes.
    start: u32,
    end: u32,
    /// Index of the first node after this one and everything in it.
    after: u32,
}

impl Node {
    pub const EMPTY: Node = Node { kind: Type::Null, start: 0, end: 0, after: 0 };
}

/// What is wrong, and at which byte.
pub struct SyntaxError {
    pub reason: &'static str,
    pub at: usize,
}

/// A parsed text. The value at index 0 is the whole.
pub struct Document<'a> {
    text: &'a [u8],
    nodes: &'a [Node],
}

impl<'a> Document<'a> {
    pub fn node(&self, index: usize) -> Node {
        self.nodes.get(index).copied().unwrap_or(Node::EMPTY)
    }

    /// The bytes of a value: a number as written; a string between its quotes, escapes and all.
    pub fn raw(&self, index: usize) -> &'a [u8] {
        let node = self.node(index);
        self.text.get(node.start as usize..node.end as usize).unwrap_or(&[])
    }

    /// Calls `visit` with the index of each element of an array, in order.
    pub fn each_element(&self, array: usize, mut visit: impl FnMut(usize)) {
        let (mut child, after) = (array + 1, self.node(array).after as usize);
        while child < after {
            visit(child);
            child = self.node(child).after as usize;
        }
    }

    /// Calls `visit` with the indices of each member's name and value, in order.
    pub fn each_member(&self, object: usize, mut visit: impl FnMut(usize, usize)) {
        let (mut name, after) = (object + 1, self.node(object).after as usize);
        while name < after {
            let value = name + 1;
            visit(name, value);
            name = self.node(value).after as usize;
        }
    }
}

/// Parses a whole text into `nodes`. Refuses whatever the grammar does not allow, invalid UTF-8 included.
pub fn parse<'a>(text: &'a [u8], nodes: &'a mut [Node]) -> Result<Document<'a>, SyntaxError> {
    if let Err(error) = core::str::from_utf8(text) {
        return Err(SyntaxError { reason: "this is not UTF-8", at: error.valid_up_to() });
    }
    let mut parser = Parser { text, at: 0, nodes, count: 0 };
    parser.value(0)?;
    parser.space();
    if parser.at != text.len() {
        return parser.fail("something follows the value");
    }
    let Parser { nodes, count, .. } = parser;
    Ok(Document { text, nodes: nodes.get(..count).unwrap_or(&[]) })
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    nodes: &'a mut [Node],
    count: usize,
}

type Step = Result<(), SyntaxError>;

impl<'a> Parser<'a> {
    fn fail<T>(&self, reason: &'static str) -> Result<T, SyntaxError> {
        Err(SyntaxError { reason, at: self.at })
    }

    /// The byte here; 0 at the end, which no production allows.
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == byte;
        self.at += here as usize;
        here
    }

    /// Adds a node that begins here and answers its index.
    fn open(&mut self, kind: Type) -> Result<usize, SyntaxError> {
        let index = self.count;
        match self.nodes.get_mut(index) {
            Some(node) => *node = Node { kind, start: self.at as u32, end: 0, after: 0 },
            None => return self.fail("there are too many values"),
        }
        self.count += 1;
        Ok(index)
    }

    fn close(&mut self, index: usize, end: usize) -> Step {
        if let Some(node) = self.nodes.get_mut(index) {
            node.end = end as u32;
            node.after = self.count as u32;
        }
        Ok(())
    }

    fn value(&mut self, depth: u32) -> Step {
        if depth > DEPTH_MAX {
            return self.fail("this is nested too deeply");
        }
        self.space();
        match self.peek() {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(Type::True, b"true"),
            b'f' => self.word(Type::False, b"false"),
            b'n' => self.word(Type::Null, b"null"),
            _ => self.fail("a value is missing"),
        }
    }

    fn word(&mut self, kind: Type, word: &[u8]) -> Step {
        let node = self.open(kind)?;
        for &byte in word {
            if !self.eat(byte) {
                return self.fail("this is not true, false or null");
            }
        }
        self.close(node, self.at)
    }

    fn array(&mut self, depth: u32) -> Step {
        let node = self.open(Type::Array)?;
        self.at += 1;
        self.space();
        if !self.eat(b']') {
            loop {
                self.value(depth + 1)?;
                self.space();
                if self.eat(b']') {
                    break;
                }
                if !self.eat(b',') {
                    return self.fail("a comma or the end of the array is missing");
                }
            }
        }
        self.close(node, self.at)
    }

    fn object(&mut self, depth: u32) -> Step {
        let node = self.open(Type::Object)?;
        self.at += 1;
        self.space();
        if !self.eat(b'}') {
            loop {
                self.member(depth)?;
                self.space();
                if self.eat(b'}') {
                    break;
                }
                if !self.eat(b',') {
                    return self.fail("a comma or the end of the object is missing");
                }
            }
        }
        self.close(node, self.at)
    }

    fn member(&mut self, depth: u32) -> Step {
        self.space();
        if self.peek() != b'"' {
            return self.fail("a member's name is missing");
        }
        self.string()?;
        self.space();
        if !self.eat(b':') {
            return self.fail("a colon is missing");
        }
        self.value(depth + 1)
    }

    fn string(&mut self) -> Step {
        self.at += 1;
        let node = self.open(Type::Text)?;
        loop {
            match self.peek() {
                b'"' => break,
                b'\\' => self.escape()?,
                0..=31 => return self.fail("this string does not end, or has a control character in it"),
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.close(node, self.at - 1)
    }

    fn escape(&mut self) -> Step {
        self.at += 1;
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => return self.unicode_escape(),
            _ => return self.fail("there is no such escape"),
        }
        Ok(())
    }

    /// `\uXXXX`; a surrogate only as the first of a pair.
    fn unicode_escape(&mut self) -> Step {
        let unit = self.code_unit()?;
        match unit {
            0xd800..=0xdbff => {
                if !(self.eat(b'\\') && self.peek() == b'u' && matches!(self.code_unit()?, 0xdc00..=0xdfff)) {
                    return self.fail("half of a surrogate pair is missing");
                }
                Ok(())
            }
            0xdc00..=0xdfff => self.fail("half of a surrogate pair is missing"),
            _ => Ok(()),
        }
    }

    fn code_unit(&mut self) -> Result<u32, SyntaxError> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = match (self.peek() as char).to_digit(16) {
                Some(digit) => digit,
                None => return self.fail("four hexadecimal digits must follow"),
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    fn digits(&mut self) -> Step {
        if !self.peek().is_ascii_digit() {
            return self.fail("a digit is missing");
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Step {
        let node = self.open(Type::Number)?;
        self.eat(b'-');
        if self.eat(b'0') {
            if self.peek().is_ascii_digit() {
                return self.fail("a number must not begin with 0");
            }
        } else {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        self.close(node, self.at)
    }
}
