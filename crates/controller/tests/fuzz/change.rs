//! Changes of an input: bytes turned, taken away, repeated, put in from a list of what often does harm, or taken from another input.

/// What parsers stumble over: ends, nests, numbers at their limits, letters of many widths.
const TOKENS: &[&str] = &[
    "\0",
    "\n",
    "\r\n",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "[[[[[[[[",
    "{{",
    "}}",
    "{%",
    "%}",
    "(",
    ")",
    ":",
    ",",
    "-",
    "- ",
    "&a",
    "*a",
    "<<: *a",
    "!!",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "0.1",
    "18446744073709551616",
    "-9223372036854775809",
    "4294967296",
    "NaN",
    "%00",
    "%",
    "../",
    "?",
    "#",
    " ",
    "\t",
    "\u{202e}",
    "\u{feff}",
    "漢",
    "😀",
    "\u{301}",
    "<script>",
    "Ki",
    "m",
    "s",
    "h",
    "d",
];
/// Bytes of an input at most: what an API server takes is far more, but no other input finds more.
const LONGEST: usize = 64 << 10;

/// Changes inputs, always the same ones for a seed.
pub(crate) struct Changer<'a> {
    state: u64,
    others: Vec<&'a [u8]>,
}

impl<'a> Changer<'a> {
    pub(crate) fn new(seed: u64, others: impl Iterator<Item = &'a [u8]>) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, others: others.collect() }
    }

    /// A number below `limit`: the generator of George Marsaglia (xorshift), because a crate of random numbers promises no order.
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % (limit.max(1) as u64)).unwrap_or_default()
    }

    fn span(&mut self, length: usize) -> (usize, usize) {
        let from = self.below(length + 1);
        (from, (from + 1 + self.below(16)).min(length))
    }

    /// The input with one to four changes.
    pub(crate) fn change(&mut self, input: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(4) {
            self.change_once(&mut bytes);
        }
        bytes.truncate(LONGEST);
        bytes
    }

    fn change_once(&mut self, bytes: &mut Vec<u8>) {
        let (from, to) = self.span(bytes.len());
        match self.below(6) {
            0 => drop(bytes.drain(from..to.max(from))),
            1 => {
                let part = bytes[from..to.max(from)].to_vec();
                let times = self.below(200);
                bytes.splice(from..from, part.repeat(times));
            }
            2 => {
                let token = TOKENS[self.below(TOKENS.len())];
                bytes.splice(from..to.max(from), token.bytes());
            }
            3 => {
                let token = TOKENS[self.below(TOKENS.len())];
                let times = 1 + self.below(500);
                bytes.splice(from..from, token.repeat(times).into_bytes());
            }
            4 => {
                let which = self.below(self.others.len());
                let other = self.others[which];
                let (begin, end) = self.span(other.len());
                bytes.splice(from..to.max(from), other[begin..end.max(begin)].iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << self.below(8);
                }
            }
        }
    }
}
