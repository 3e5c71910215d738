//! Two lists of lines side by side.

/// A readable difference: every line, with `-` where only `expected` has it and `+` where only `actual` does; `None` when they are equal.
pub(crate) fn lines(expected: &[String], actual: &[String]) -> Option<String> {
    if expected == actual {
        return None;
    }
    let common = common(expected, actual);
    let (mut i, mut j) = (0, 0);
    let mut text = String::new();
    let mut line = |mark: char, line: &str| text.extend([mark.to_string().as_str(), " ", line, "\n"]);
    while i < expected.len() || j < actual.len() {
        if i < expected.len() && j < actual.len() && expected[i] == actual[j] {
            line(' ', &expected[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == actual.len() || (i < expected.len() && common[i + 1][j] >= common[i][j + 1]) {
            line('-', &expected[i]);
            i += 1;
        } else {
            line('+', &actual[j]);
            j += 1;
        }
    }
    Some(text)
}

/// How many lines the rests from `i` and `j` on have in common, in order.
fn common(a: &[String], b: &[String]) -> Vec<Vec<usize>> {
    let mut length = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            length[i][j] = if a[i] == b[j] { length[i + 1][j + 1] + 1 } else { length[i + 1][j].max(length[i][j + 1]) };
        }
    }
    length
}
