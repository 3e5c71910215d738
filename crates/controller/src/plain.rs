//! Text that somebody else wrote, made harmless: what a container, a pod's author or a server says is shown on terminals, in
//! messages and in records, and is data everywhere.

/// The first character of a terminal's control sequences.
const ESCAPE: char = '\u{1b}';
/// The same as `ESCAPE [` in one character.
const SEQUENCE: char = '\u{9b}';

/// One line of at most `limit` characters, the last one an ellipsis if some were left out: without control characters, without
/// terminals' control sequences, and without the marks that turn the direction of writing around. Line breaks become blanks.
#[must_use]
pub fn plain(text: &str, limit: usize) -> String {
    let mut rest = text.chars().peekable();
    let (mut line, mut length) = (String::new(), 0);
    while let Some(c) = rest.next() {
        let c = match c {
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' if line.ends_with(' ') || line.is_empty() => {
                continue;
            }
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => continue,
            ESCAPE | SEQUENCE => {
                skip(c, &mut rest);
                continue;
            }
            c if c.is_control() => continue,
            c => c,
        };
        if length == limit {
            line.pop();
            line.extend((limit > 0).then_some('…'));
            break;
        }
        line.push(c);
        length += 1;
    }
    line
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Leaves out the rest of a control sequence (ECMA-48): parameters and a final letter after `ESCAPE [`, all up to its end after one
/// that opens a string, such as a window's title or a link.
fn skip(first: char, rest: &mut Rest<'_>) {
    let opener = if first == SEQUENCE { Some('[') } else { rest.next_if(|c| matches!(c, ' '..='~')) };
    match opener {
        Some('[') => {
            while rest.next_if(|c| matches!(c, ' '..='?')).is_some() {}
            rest.next_if(|c| matches!(c, '@'..='~'));
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            // It ends with a bell or `ESCAPE \`; one that never does ends with its line, so that it cannot swallow a whole message.
            while let Some(c) = rest.next_if(|c| !matches!(c, '\n' | '\r')) {
                if c == '\u{7}' || (c == ESCAPE && rest.next_if_eq(&'\\').is_some()) {
                    return;
                }
            }
        }
        Some(' '..='/') => {
            while rest.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            rest.next_if(|c| matches!(c, '0'..='~'));
        }
        Some(_) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_sequences_of_terminals_leave_nothing() {
        let cases = [
            ("\u{1b}[1;31mpanic\u{1b}[0m: out of memory", "panic: out of memory"),
            ("\u{1b}]0;you are root\u{7}done", "done"),
            ("\u{1b}]8;;http://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\ me", "click me"),
            ("\u{9b}2Jgone\u{1b}(B", "gone"),
            ("\u{1b}]0;never ends\nnext line", " next line"),
            ("a\u{1b}", "a"),
            ("a\u{1b}[", "a"),
            ("a\u{1b}[31", "a"),
            ("first\r\n\tsecond\u{0}\u{8}", "first second"),
            ("\u{202e}drowssap", "drowssap"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text, 100).trim_start(), expected.trim_start(), "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis() {
        assert_eq!(plain("abcdef", 6), "abcdef");
        assert_eq!(plain("abcdefg", 6), "abcde…");
        assert_eq!(plain("éèêëē", 4), "éèê…");
        assert_eq!(plain("abc", 0), "");
        assert_eq!(plain(&"x".repeat(1 << 20), 256).chars().count(), 256);
    }

    proptest! {
        #[test]
        fn it_is_always_one_bounded_line_without_control_characters(
            text in r"[\x00-\x1f\x7f-\x9f\x1b\[\];0-9a-zA-Zé\u{202e}\u{2028} ]{0,400}|.{0,400}",
            limit in 0_usize..300,
        ) {
            let line = plain(&text, limit);
            prop_assert!(line.chars().count() <= limit);
            let bad = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202a}'..='\u{202e}');
            prop_assert!(!line.contains(bad), "{line:?}");
            prop_assert_eq!(plain(&line, limit), line);
        }
    }
}
