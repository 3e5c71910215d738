//! Reads the final stage of the Dockerfile, as far as ours goes.

use anyhow::{Context, Result, bail, ensure};
use std::str::Lines;

/// What the final stage makes of nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// In order.
    pub(super) copies: Vec<Copy>,
    /// `uid:gid`.
    pub(super) user: String,
    /// The program that runs.
    pub(super) entrypoint: String,
}

/// One COPY line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) from: Source,
    /// Absolute path in the image.
    pub(super) to: String,
}

/// Where a file of the image comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A path in the stage before.
    Stage(String),
    /// The text that follows in the Dockerfile.
    Text(String),
}

/// The final stage; an instruction that this reader does not know is an error, so that the check cannot pass over it.
pub(super) fn parse(text: &str) -> Result<Image> {
    let (_, last) = text.rsplit_once("\nFROM ").context("Dockerfile: expected more than one FROM")?;
    let mut lines = last.lines();
    let base = lines.next().unwrap_or_default();
    ensure!(
        base == "scratch",
        "Dockerfile: FROM {base}: only an image from scratch can be assembled without an engine"
    );
    let (mut copies, mut user, mut entrypoint) = (Vec::new(), None, None);
    while let Some(line) = lines.next() {
        let (instruction, rest) = line.split_once(' ').unwrap_or((line, ""));
        match instruction {
            "" | "#" | "EXPOSE" => {}
            "COPY" => copies.push(copy(rest, &mut lines)?),
            "USER" => user = Some(rest.to_owned()),
            "ENTRYPOINT" => {
                entrypoint = rest.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]")).map(str::to_owned)
            }
            other => bail!("Dockerfile: {other} in the final stage is not known here: `{line}`"),
        }
    }
    Ok(Image {
        copies,
        user: user.context("Dockerfile: the final stage has no USER")?,
        entrypoint: entrypoint.context("Dockerfile: the final stage has no ENTRYPOINT [\"…\"]")?,
    })
}

fn copy(rest: &str, lines: &mut Lines<'_>) -> Result<Copy> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    match words.as_slice() {
        [stage, from, to] if stage.starts_with("--from=") => {
            Ok(Copy { from: Source::Stage((*from).to_owned()), to: (*to).to_owned() })
        }
        [mark, to] if mark.starts_with("<<") => {
            let mark = mark.trim_start_matches('<');
            let text: String =
                lines.by_ref().take_while(|line| *line != mark).map(|line| format!("{line}\n")).collect();
            Ok(Copy { from: Source::Text(text), to: (*to).to_owned() })
        }
        _ => bail!("Dockerfile: COPY {rest}: expected `--from=STAGE SOURCE TARGET` or `<<MARK TARGET`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_user_and_program_are_read() {
        let text = "FROM a AS build\nRUN x\n\nFROM scratch\nCOPY --from=build /out/p /p\nCOPY <<end /etc/passwd\nu:x:1:1::/:/n\nend\nUSER 1:1\nENTRYPOINT [\"/p\"]\n";
        let image = parse(text).unwrap();
        let from_stage = Copy { from: Source::Stage("/out/p".into()), to: "/p".into() };
        let from_text = Copy { from: Source::Text("u:x:1:1::/:/n\n".into()), to: "/etc/passwd".into() };
        assert_eq!(image, Image { copies: vec![from_stage, from_text], user: "1:1".into(), entrypoint: "/p".into() });
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (text, word) in [
            ("FROM a\n\nFROM debian\n", "FROM debian"),
            ("FROM a\n\nFROM scratch\nADD x /x\n", "ADD"),
            ("FROM a\n\nFROM scratch\nCOPY x /x\n", "COPY x /x"),
            ("FROM a\n\nFROM scratch\nENTRYPOINT [\"/p\"]\n", "USER"),
        ] {
            assert!(parse(text).unwrap_err().to_string().contains(word), "{text}");
        }
    }
}
