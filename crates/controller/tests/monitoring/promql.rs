//! Which metrics and labels a PromQL expression names. Whether it can be read at all, promtool says.

use std::collections::BTreeSet;

/// Words that stand where a metric could, and are none.
const WORDS: [&str; 9] = ["sum", "min", "max", "count", "and", "or", "unless", "offset", "bool"];
/// Words before a list of labels.
const GROUPINGS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// One metric, and what its labels are compared with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) metric: String,
    /// Labels with the text, which may be a regular expression.
    pub(crate) matchers: Vec<(String, String)>,
}

/// What an expression names.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) selectors: Vec<Selector>,
    /// Labels that results are grouped or joined by.
    pub(crate) groupings: BTreeSet<String>,
}

impl Named {
    pub(crate) fn read(expression: &str) -> Self {
        let mut named = Self::default();
        let tokens = tokens(expression);
        let mut rest = tokens.as_slice();
        while let Some((token, after)) = rest.split_first() {
            rest = after;
            let Token::Word(word) = token else { continue };
            match rest.first() {
                Some(Token::Sign('(')) if GROUPINGS.contains(&word.as_str()) => {
                    let list = until(&mut rest, ')');
                    named.groupings.extend(list.iter().filter_map(Token::word).map(str::to_owned));
                }
                Some(Token::Sign('(')) => {}
                Some(Token::Sign('{')) => {
                    let matchers = matchers(until(&mut rest, '}'));
                    named.selectors.push(Selector { metric: word.clone(), matchers });
                }
                _ if WORDS.contains(&word.as_str()) => {}
                _ => named.selectors.push(Selector { metric: word.clone(), matchers: Vec::new() }),
            }
        }
        named
    }
}

#[derive(Debug)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

impl Token {
    fn word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }
}

/// Takes everything before the closing sign.
fn until<'a>(rest: &mut &'a [Token], close: char) -> &'a [Token] {
    let end = rest.iter().position(|token| matches!(token, Token::Sign(sign) if *sign == close));
    let (inside, after) = rest.split_at(end.unwrap_or_else(|| panic!("no {close} after {rest:?}")));
    *rest = after;
    inside
}

fn matchers(inside: &[Token]) -> Vec<(String, String)> {
    let parts = inside.split(|token| matches!(token, Token::Sign(','))).filter(|part| !part.is_empty());
    let read = |part: &[Token]| match part {
        [Token::Sign('{'), Token::Word(label), .., Token::Text(text)] | [Token::Word(label), .., Token::Text(text)] => {
            (label.clone(), text.clone())
        }
        _ => panic!("no matcher: {part:?}"),
    };
    parts.map(read).collect()
}

/// Numbers, durations and ranges name nothing and are left out.
fn tokens(expression: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => rest[1..].find('"').unwrap_or_else(|| panic!("a text has no end: {rest}")) + 2,
            '[' => rest.find(']').unwrap_or_else(|| panic!("a range has no end: {rest}")) + 1,
            _ if is_part(first) => rest.find(|character| !is_part(character)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        match first {
            '"' => found.push(Token::Text(token.trim_matches('"').to_owned())),
            '[' => {}
            _ if first.is_ascii_digit() || first.is_whitespace() => {}
            _ if is_part(first) => found.push(Token::Word(token.to_owned())),
            _ => found.push(Token::Sign(first)),
        }
    }
    found
}

fn is_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | ':')
}

#[test]
fn metrics_matchers_and_groupings_are_found() {
    let named = Named::read(
        "sum by (type, le) (rate(a_total{b=~\"c|d\", e!=\"f(g)\"}[5m])) / on (pod) group_left () max(h:i) > 0.85 or vector(0)",
    );
    let pair = |label: &str, text: &str| (label.to_owned(), text.to_owned());
    assert_eq!(
        named.selectors,
        [
            Selector { metric: "a_total".to_owned(), matchers: vec![pair("b", "c|d"), pair("e", "f(g)")] },
            Selector { metric: "h:i".to_owned(), matchers: Vec::new() },
        ]
    );
    assert_eq!(named.groupings.iter().map(String::as_str).collect::<Vec<_>>(), ["le", "pod", "type"]);
}
